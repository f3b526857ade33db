//! Stored events, as they are read.

use crate::store::Position;

/// A stored event.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) position: Position,
    pub(crate) id: String,
    /// Microseconds since 1970, UTC.
    pub(crate) received_at: i64,
    /// The JSON object as it was sent.
    pub(crate) event: String,
}

/// Some events, and where to go on if there are more.
#[derive(Debug)]
pub(crate) struct LogPage {
    pub(crate) logs: Vec<Log>,
    pub(crate) next: Option<Position>,
}
