//! Why a query has no answer.

use thiserror::Error;

use crate::query::parameters::ParameterError;
use crate::store::{LogIds, StoreError};

/// Why a query has no answer.
#[derive(Debug, Error)]
pub(crate) enum QueryError {
    #[error(
        "several events have this request_id, because they belong to different organizations or are in conflict: use one of the log ids in log_ids, or set organization_id"
    )]
    AmbiguousRequestId(LogIds),
    #[error("no event has this id")]
    NoSuchLog,
    #[error("organization_id: this key can only access the events of another organization")]
    OtherOrganization,
    #[error("{0}")]
    Parameter(#[from] ParameterError),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("too many exports are in progress, by all keys or by this one: try again later")]
    TooManyExports,
}

impl QueryError {
    /// For programs: stable, in snake case.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::AmbiguousRequestId(_) => "ambiguous_request_id",
            Self::NoSuchLog => "not_found",
            Self::OtherOrganization => "wrong_organization",
            Self::Parameter(_) => "invalid_parameter",
            Self::Store(StoreError::TooSlow) => "query_too_slow",
            Self::Store(_) => "storage_unavailable",
            Self::TooManyExports => "too_many_exports",
        }
    }

    /// The parameter that is wrong, or that would help.
    pub(crate) fn parameter(&self) -> Option<&str> {
        match self {
            Self::AmbiguousRequestId(_) | Self::OtherOrganization => Some("organization_id"),
            Self::Parameter(error) => Some(error.parameter()),
            Self::NoSuchLog | Self::Store(_) | Self::TooManyExports => None,
        }
    }
}
