//! How much was removed and erased.

use serde::Serialize;

/// What was removed since some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Removed {
    /// Events that retention removed since the beginning of that day.
    pub(crate) expired_events: u64,
    /// Erasures of a user's content.
    pub(crate) erasures: u64,
    /// Events whose content they erased.
    pub(crate) erased_events: u64,
}
