//! How much was removed and erased.

use serde::Serialize;

use crate::store::{StoredErasure, StoredRemoval};

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
        // An erasure in every organisation is one in this.
        let erasures = erasures
            .iter()
            .filter(|one| one.created_at >= from && one.scope.id().is_none_or(is_of));
        let mut removed = Self {
            expired_events: sum(expired.map(|one| one.events)),
            ..Self::default()
        };
        for erasure in erasures {
            removed.erasures = removed.erasures.saturating_add(1);
            removed.erased_events = sum([erasure.events]).saturating_add(removed.erased_events);
        }
        removed
    }
}

fn sum(events: impl IntoIterator<Item = i64>) -> u64 {
    let events = events.into_iter();
    let events = events.map(|events| u64::try_from(events).unwrap_or_default());
    events.fold(0, u64::saturating_add)
}

const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

#[cfg(test)]
mod tests {
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
            erasure(from, Scope::All, 4),
            erasure(from, Scope::Organization("two".to_owned()), 8),
        ];
        let expected = |expired_events, erasures, erased_events| Removed {
            expired_events,
            erasures,
            erased_events,
        };
        let since = |organization| Removed::since(from, organization, &removals, &erasures);
        assert_eq!(since(Some("one")), expected(2, 2, 6));
        assert_eq!(since(None), expected(6, 3, 14));
    }
}
