//! Numbers of a sequence.

use serde::Serialize;

/// Some numbers in a row, the first and the last of them included.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Run {
    pub(crate) first_seq: i64,
    pub(crate) last_seq: i64,
}

impl Run {
    /// How many numbers it has.
    pub(crate) fn len(self) -> i64 {
        self.last_seq
            .saturating_sub(self.first_seq)
            .saturating_add(1)
    }
}
