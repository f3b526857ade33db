//! What became of events that are not there any more as they were.

use std::collections::BTreeMap;

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
    /// Of those, how many in which organization, as far as it was noted.
    pub(crate) by_organization: BTreeMap<String, i64>,
}

impl StoredErasure {
    /// How many events of this organization it has changed. `None` if nobody knows: earlier versions
    /// did not note whose events an erasure in all organizations has changed.
    pub(crate) fn events_of(&self, organization: &str) -> Option<i64> {
        match self.scope.id() {
            Some(id) if id == organization => Some(self.events),
            Some(_) => Some(0),
            None => {
                let noted = self.by_organization.values();
                let noted = noted.fold(0, |sum: i64, events| sum.saturating_add(*events));
                let events = self.by_organization.get(organization).copied();
                (noted == self.events).then_some(events.unwrap_or_default())
            }
        }
    }
}

/// How many events there are of each organization, when these are theirs.
pub(super) fn by_organization<'a>(
    organizations: impl IntoIterator<Item = &'a str>,
) -> BTreeMap<&'a str, i64> {
    let mut counts = BTreeMap::new();
    for organization in organizations {
        let count: &mut i64 = counts.entry(organization).or_default();
        *count = count.saturating_add(1);
    }
    counts
}
