//! What became of events that are not there any more as they were.

use crate::access::Scope;

/// Events that were removed on one day.
#[derive(Debug)]
pub(crate) struct StoredRemoval {
    /// Days since 1970, UTC.
    pub(crate) day: i64,
    pub(crate) cause: String,
    pub(crate) organization_id: String,
    pub(crate) events: i64,
}

/// Events whose content was erased. The time is in microseconds since 1970, UTC.
#[derive(Debug)]
pub(crate) struct StoredErasure {
    pub(crate) scope: Scope,
    pub(crate) user_id: String,
    pub(crate) reason: String,
    pub(crate) created_at: i64,
    pub(crate) events: i64,
}
