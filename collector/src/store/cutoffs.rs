//! What is old.

use std::collections::HashMap;

use crate::search::Position;

/// The times before which events are over, in microseconds since 1970, UTC. `None` is never.
pub(crate) struct Cutoffs<'a> {
    pub(crate) default: Option<i64>,
    pub(crate) by_organization: HashMap<&'a str, Option<i64>>,
}

impl Cutoffs<'_> {
    /// The latest of them all.
    pub(crate) fn latest(&self) -> Option<i64> {
        let all = self.by_organization.values().chain([&self.default]);
        all.filter_map(|cutoff| *cutoff).max()
    }

    /// Whether an event of this organization is over, whose later time is this.
    pub(crate) fn is_over(&self, organization: &str, last_time: i64) -> bool {
        let own = self.by_organization.get(organization);
        own.unwrap_or(&self.default)
            .is_some_and(|cutoff| last_time < cutoff)
    }
}

/// What one step of a sweep did.
#[derive(Debug)]
pub(crate) struct Step {
    /// Events that were removed.
    pub(crate) removed: usize,
    /// Where the next step begins; `None` if this was the last.
    pub(crate) next: Option<Position>,
}
