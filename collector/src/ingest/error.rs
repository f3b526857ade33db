//! Why events were not taken in.

use thiserror::Error;

use crate::limits;

/// Why nothing of a request was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum IngestError {
    #[error("too many events are waiting to be stored: send the same request again later")]
    Overloaded,
    #[error(
        "the database did not answer and nothing was stored: send the same request again later"
    )]
    StorageUnavailable,
    #[error(
        "the batch has more than {} lines: send it in parts",
        limits::BATCH_LINES_MAX
    )]
    TooManyLines,
}

impl IngestError {
    /// For programs: stable, in snake case.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Overloaded => "overloaded",
            Self::StorageUnavailable => "storage_unavailable",
            Self::TooManyLines => "too_many_lines",
        }
    }
}
