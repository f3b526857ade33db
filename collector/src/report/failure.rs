//! Why a report has no document.

use thiserror::Error;

use crate::limits;
use crate::store::StoreError;
use crate::telemetry;

/// Why there is no document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Failure {
    #[error("a stored event cannot be read: restore the database from a backup")]
    Damaged,
    #[error(
        "events in the report were erased, removed or replaced while it was created: request it again"
    )]
    Erased,
    #[error("the collector stopped before the report was complete: request it again")]
    Interrupted,
    #[error("a query of the report took longer than {} seconds: narrow it, for example with start_date and end_date", limits::QUERY_TIME_MAX.as_secs())]
    QueryTooSlow,
    #[error("the database did not answer: request the report again later")]
    StorageUnavailable,
    #[error(
        "the report is larger than {} bytes: get the event itself with GET /v1/audit/logs/{{id}}",
        limits::REPORT_BYTES_MAX
    )]
    TooLarge,
    #[error(
        "the report could not be typeset: request it as html or json, which have the same content"
    )]
    Typesetting,
}

impl Failure {
    const ALL: [Self; 7] = [
        Self::Damaged,
        Self::Erased,
        Self::Interrupted,
        Self::QueryTooSlow,
        Self::StorageUnavailable,
        Self::TooLarge,
        Self::Typesetting,
    ];

    /// The code of the error, by which it is also kept.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Damaged => "event_damaged",
            Self::Erased => "report_erased",
            Self::Interrupted => "report_interrupted",
            Self::QueryTooSlow => "query_too_slow",
            Self::StorageUnavailable => "storage_unavailable",
            Self::TooLarge => "report_too_large",
            Self::Typesetting => "report_not_typeset",
        }
    }

    /// The failure that was kept. What nobody noted was interrupted.
    pub(crate) fn named(name: Option<&str>) -> Self {
        let found = Self::ALL.into_iter().find(|one| Some(one.name()) == name);
        found.unwrap_or(Self::Interrupted)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        telemetry::read_failed(&error);
        match error {
            StoreError::TooSlow => Self::QueryTooSlow,
            StoreError::Damaged(_) | StoreError::Index(_) => Self::Damaged,
            _ => Self::StorageUnavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_kept_by_its_name() {
        for failure in Failure::ALL {
            assert_eq!(Failure::named(Some(failure.name())), failure);
        }
        assert_eq!(Failure::named(None), Failure::Interrupted);
    }
}
