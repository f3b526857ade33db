//! Why a query has no answer.

use thiserror::Error;

use crate::query::parameters::ParameterError;
use crate::store::{LogIds, StoreError};

/// Why a query has no answer.
#[derive(Debug, Error)]
pub(crate) enum QueryError {
    #[error(
        "several events have this request_id, of several organizations or in conflict with each other: ask by one of the log ids in log_ids, or name an organization by organization_id"
    )]
    AmbiguousRequestId(LogIds),
    #[error("nothing is stored under this id")]
    NoSuchLog,
    #[error("organization_id: this key reaches another organization's events only")]
    OtherOrganization,
    #[error("{0}")]
    Parameter(#[from] ParameterError),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error(
        "as many exports as the collector allows, of all keys or of this one, are under way: ask again later"
    )]
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
