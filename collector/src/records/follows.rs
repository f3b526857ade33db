//! A list that is followed asks again and again for what is new. Its record is on disk before the first
//! answer, and says at its end what all of them gave out together.

use std::collections::HashMap;
use std::mem;

use crate::limits;
use crate::store::{AccessRecord, Completion, Who};

/// Lists that are followed, each with the record of it that has no end yet.
#[derive(Default)]
pub(super) struct Follows(HashMap<Follow, Open>);

/// Who asks for what. What is asked between does not matter.
#[derive(PartialEq, Eq, Hash)]
struct Follow {
    who: Who,
    action: String,
    query: Option<String>,
}

struct Open {
    began_at: i64,
    completion: Completion,
}

impl Follow {
    fn of(record: &AccessRecord) -> Self {
        Self {
            who: record.who.clone(),
            action: record.action.as_ref().to_owned(),
            query: record.query.clone(),
        }
    }
}

impl Follows {
    /// Adds what an answer gives out to the record that there is. `false` if there is none: then the
    /// answer begins one, which [`Follows::begin`] is told when it is on disk.
    pub(super) fn add(&mut self, record: &AccessRecord) -> bool {
        let Some(open) = self.0.get_mut(&Follow::of(record)) else {
            return false;
        };
        let completion = &mut open.completion;
        let items = completion.items.unwrap_or_default();
        completion.items = Some(items.saturating_add(record.items.unwrap_or_default()));
        let times = completion.times.unwrap_or_default();
        completion.times = Some(times.saturating_add(1));
        completion.until = record.at;
        let ids = completion.ids.get_or_insert_default();
        for id in &record.ids {
            if ids.len() < limits::RECORD_IDS_MAX && !ids.contains(id) {
                ids.push(id.clone());
            }
        }
        true
    }

    /// Notes a record that was begun with this answer. Returns an end for which there is no time later.
    pub(super) fn begin(&mut self, record: &AccessRecord) -> Option<Completion> {
        let completion = Completion {
            items: record.items,
            until: record.at,
            ids: Some(record.ids.clone()),
            times: Some(record.times),
            ..record.completion(0)
        };
        let follow = Follow::of(record);
        if self.0.len() >= limits::FOLLOWS_MAX && !self.0.contains_key(&follow) {
            return Some(completion);
        }
        let open = Open {
            began_at: record.at,
            completion,
        };
        // Two of the same may begin at once: each is a record of its own, and this one goes on.
        self.0.insert(follow, open).map(|other| other.completion)
    }

    /// The ends of those that showed something, that nobody has asked for since, or that began long ago.
    pub(super) fn take_due(&mut self, now: i64) -> Vec<Completion> {
        let since = |at: i64| u128::try_from(now.saturating_sub(at)).unwrap_or_default();
        let due = self.0.extract_if(|_, open| {
            open.completion.items != Some(0)
                || since(open.completion.until) >= limits::RECORDS_INTERVAL.as_micros()
                || since(open.began_at) >= limits::FOLLOW_TIME_MAX.as_micros()
        });
        due.map(|(_, open)| open.completion).collect()
    }

    /// The ends of all.
    pub(super) fn take_all(&mut self) -> Vec<Completion> {
        let all = mem::take(&mut self.0).into_values();
        all.map(|open| open.completion).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::Action;

    fn record(session: &str, ids: &[&str]) -> AccessRecord {
        let who = Who {
            session: Some(session.to_owned()),
            ..Who::default()
        };
        let record = AccessRecord::new(Action::EventsListed, who).of_items(ids.len());
        record.of_ids(ids.iter().copied().map(str::to_owned))
    }

    fn micros(time: Duration) -> i64 {
        i64::try_from(time.as_micros()).unwrap()
    }

    #[test]
    fn what_is_shown_to_the_same_is_added_and_nothing_else() {
        let mut follows = Follows::default();
        let first = record("a", &["1"]);
        assert!(!follows.add(&first));
        assert_eq!(follows.begin(&first), None);
        let last = record("a", &["1", "2"]);
        assert!(follows.add(&last));
        assert!(!follows.add(&record("b", &["3"])));
        let [end] = follows.take_all().try_into().unwrap();
        assert_eq!((&end.id, end.at, end.until), (&first.id, first.at, last.at));
        assert_eq!((end.items, end.times), (Some(3), Some(2)));
        assert_eq!(end.ids, Some(vec!["1".to_owned(), "2".to_owned()]));
        assert!(!follows.add(&first));
    }

    #[test]
    fn the_end_of_what_showed_nothing_is_told_late() {
        let mut follows = Follows::default();
        let idle = record("idle", &[]);
        follows.begin(&idle);
        follows.begin(&record("busy", &["1"]));
        assert_eq!(follows.take_due(idle.at).len(), 1);
        assert_eq!(follows.take_due(idle.at).len(), 0);
        let later = idle.at + micros(limits::RECORDS_INTERVAL);
        let again = AccessRecord {
            at: later,
            ..record("idle", &[])
        };
        assert!(follows.add(&again));
        assert_eq!(follows.take_due(later).len(), 0);
        assert_eq!(
            follows
                .take_due(later + micros(limits::RECORDS_INTERVAL))
                .len(),
            1
        );
        let long = AccessRecord {
            at: idle.at + micros(limits::FOLLOW_TIME_MAX),
            ..again
        };
        follows.begin(&idle);
        assert!(follows.add(&long));
        assert_eq!(follows.take_due(long.at).len(), 1);
    }

    #[test]
    fn none_stays_without_an_end() {
        let mut follows = Follows::default();
        for number in 0..limits::FOLLOWS_MAX {
            assert_eq!(follows.begin(&record(&number.to_string(), &[])), None);
        }
        let other = record("one more", &["1"]);
        assert_eq!(follows.begin(&other).unwrap().id, other.id);
        assert!(!follows.add(&other));
        let same = record("0", &["2"]);
        assert_ne!(follows.begin(&same).unwrap().id, same.id);
        assert!(follows.add(&same));
    }
}
