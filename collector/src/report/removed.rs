//! How much was removed and erased.

use serde::Serialize;

use crate::store::{StoredErasure, StoredRemoval};
use crate::time::DAY_MICROS;

/// What was removed since some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Removed {
    /// Events that retention removed since the beginning of that day.
    pub(crate) expired_events: u64,
    /// Erasures of a user's content.
    pub(crate) erasures: u64,
    /// Events whose content they erased.
    pub(crate) erased_events: u64,
    /// Erasures in all organizations of which nobody knows whether they changed events of this one.
    /// No other number has anything of them.
    pub(crate) unattributed_erasures: u64,
}

impl Removed {
    /// What was removed of `organization`, or of all, since `from`, in microseconds since 1970, UTC.
    pub(crate) fn since(
        from: i64,
        organization: Option<&str>,
        removals: &[StoredRemoval],
        erasures: &[StoredErasure],
    ) -> Self {
        let day = from.div_euclid(DAY_MICROS);
        let is_of = |id: &str| organization.is_none_or(|asked| asked == id);
        let removals = removals.iter();
        let expired = removals.filter(|one| one.day >= day && is_of(&one.organization_id));
        let mut removed = Self {
            expired_events: sum(expired.map(|one| one.events)),
            ..Self::default()
        };
        for erasure in erasures.iter().filter(|one| one.created_at >= from) {
            removed.add(erasure, organization);
        }
        removed
    }

    /// Counts an erasure, if it is one of `organization`.
    fn add(&mut self, erasure: &StoredErasure, organization: Option<&str>) {
        let events = organization.map_or(Some(erasure.events), |asked| erasure.events_of(asked));
        let is_named = erasure
            .scope
            .id()
            .is_some_and(|id| organization == Some(id));
        match events {
            None => self.unattributed_erasures = self.unattributed_erasures.saturating_add(1),
            // An erasure in all organizations that changed nothing of this one was none of its own.
            Some(0) if organization.is_some() && !is_named => {}
            Some(events) => {
                self.erasures = self.erasures.saturating_add(1);
                self.erased_events = sum([events]).saturating_add(self.erased_events);
            }
        }
    }
}

fn sum(events: impl IntoIterator<Item = i64>) -> u64 {
    let events = events.into_iter();
    let events = events.map(|events| u64::try_from(events).unwrap_or_default());
    events.fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::access::Scope;

    #[test]
    fn what_was_removed_before_or_of_others_does_not_count() {
        let removal = |day, organization_id: &str, events| StoredRemoval {
            day,
            cause: "retention".to_owned(),
            organization_id: organization_id.to_owned(),
            events,
        };
        let erasure = |created_at, scope, events| StoredErasure {
            scope,
            user_id: String::new(),
            reason: String::new(),
            created_at,
            events,
            by_organization: BTreeMap::new(),
        };
        let noted = |created_at, by_organization: &[(&str, i64)]| {
            let by_organization = by_organization.iter();
            let by_organization = by_organization.map(|(id, events)| ((*id).to_owned(), *events));
            let by_organization: BTreeMap<_, _> = by_organization.collect();
            let events = by_organization.values().sum();
            StoredErasure {
                by_organization,
                ..erasure(created_at, Scope::All, events)
            }
        };
        let one = || Scope::Organization("one".to_owned());
        let removals = [
            removal(9, "one", 1),
            removal(10, "one", 2),
            removal(11, "two", 4),
        ];
        let from = 10 * DAY_MICROS + 5;
        let erasures = [
            erasure(from - 1, one(), 1),
            erasure(from, one(), 2),
            erasure(from, one(), 0),
            noted(from, &[("one", 4), ("two", 64)]),
            noted(from, &[("two", 128)]),
            noted(from, &[]),
            erasure(from, Scope::Organization("two".to_owned()), 8),
        ];
        let expected = |expired_events, erasures, erased_events| Removed {
            expired_events,
            erasures,
            erased_events,
            unattributed_erasures: 0,
        };
        let since = |organization| Removed::since(from, organization, &removals, &erasures);
        assert_eq!(since(Some("one")), expected(2, 3, 6));
        assert_eq!(since(Some("two")), expected(4, 3, 200));
        assert_eq!(since(Some("three")), expected(0, 0, 0));
        assert_eq!(since(None), expected(6, 6, 206));
    }

    #[test]
    fn an_erasure_of_which_nobody_knows_whose_events_it_changed_is_counted_apart() {
        let erasures = [StoredErasure {
            scope: Scope::All,
            user_id: String::new(),
            reason: String::new(),
            created_at: 0,
            events: 7,
            by_organization: BTreeMap::new(),
        }];
        let since = |organization| Removed::since(0, organization, &[], &erasures);
        let unattributed = Removed {
            unattributed_erasures: 1,
            ..Removed::default()
        };
        assert_eq!(since(Some("one")), unattributed);
        let all = Removed {
            erasures: 1,
            erased_events: 7,
            ..Removed::default()
        };
        assert_eq!(since(None), all);
    }
}
