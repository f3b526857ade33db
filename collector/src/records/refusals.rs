//! Keys that are refused can be sent by anyone in any number: some are recorded, the others counted.

use std::collections::HashMap;
use std::time::Instant;

use crate::limits;
use crate::store::{AccessRecord, Who};

/// Refusals of keys that nobody knows, and of each key that was good once. Strangers can cause the first
/// in any number, and must not hide the others.
#[derive(Default)]
pub(super) struct Refusals {
    period: Option<Instant>,
    unknown: Lately,
    /// By the ids of the keys, of which there are no more than the database has.
    known: HashMap<String, Lately>,
}

/// How many were recorded lately, and how many were not.
#[derive(Default)]
struct Lately {
    recorded: u32,
    /// The number of those that were not recorded, and what all of them have in common.
    counted: Option<AccessRecord>,
}

impl Refusals {
    /// The refusal, if it is to be recorded now; otherwise it is counted.
    pub(super) fn add(&mut self, refusal: AccessRecord, now: Instant) -> Option<AccessRecord> {
        let is_over = |began| now.saturating_duration_since(began) >= limits::RECORDS_INTERVAL;
        if self.period.is_none_or(is_over) {
            self.period = Some(now);
            self.unknown.recorded = 0;
            self.known.retain(|_, lately| lately.counted.is_some());
            self.known
                .values_mut()
                .for_each(|lately| lately.recorded = 0);
        }
        let lately = match &refusal.who.key_id {
            Some(id) => self.known.entry(id.clone()).or_default(),
            None => &mut self.unknown,
        };
        lately.add(refusal)
    }

    /// Those that were counted and not recorded.
    pub(super) fn take(&mut self) -> impl Iterator<Item = AccessRecord> {
        let known = self.known.values_mut();
        let all = known.chain([&mut self.unknown]);
        all.filter_map(|lately| lately.counted.take())
    }
}

impl Lately {
    fn add(&mut self, refusal: AccessRecord) -> Option<AccessRecord> {
        if self.recorded < limits::REFUSALS_RECORDED_MAX {
            self.recorded = self.recorded.saturating_add(1);
            return Some(refusal);
        }
        self.counted = Some(match self.counted.take() {
            Some(before) => AccessRecord {
                until: Some(refusal.at),
                times: before.times.saturating_add(1),
                ..before
            },
            // They come from anywhere, and unknown keys have nothing in common.
            None => AccessRecord {
                query: refusal
                    .who
                    .key_id
                    .is_some()
                    .then_some(refusal.query)
                    .flatten(),
                who: Who {
                    key_id: refusal.who.key_id,
                    key_name: refusal.who.key_name,
                    ..Who::default()
                },
                ..refusal
            },
        });
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Action;

    fn refusal(key_id: Option<&str>) -> AccessRecord {
        let who = Who {
            key_id: key_id.map(str::to_owned),
            address: Some("address".to_owned()),
            ..Who::default()
        };
        AccessRecord::new(Action::KeyRefused, who)
    }

    #[test]
    fn some_are_recorded_and_none_is_uncounted() {
        let mut refusals = Refusals::default();
        let now = Instant::now();
        for _ in 0..limits::REFUSALS_RECORDED_MAX {
            assert_eq!(refusals.add(refusal(None), now).unwrap().times, 1);
        }
        let first = refusal(None);
        assert_eq!(refusals.add(first.clone(), now), None);
        assert_eq!(refusals.add(refusal(None), now), None);
        let counted: Vec<_> = refusals.take().collect();
        assert_eq!(counted.len(), 1);
        assert_eq!((counted[0].times, counted[0].at), (2, first.at));
        assert_eq!(counted[0].who, Who::default());
        assert_eq!(refusals.take().count(), 0);
        let later = now + limits::RECORDS_INTERVAL;
        assert_eq!(refusals.add(refusal(None), later).unwrap().times, 1);
    }

    #[test]
    fn keys_that_nobody_knows_hide_none_that_was_good_once() {
        let mut refusals = Refusals::default();
        let now = Instant::now();
        for _ in 0..=limits::REFUSALS_RECORDED_MAX {
            refusals.add(refusal(None), now);
        }
        let ann = refusals.add(refusal(Some("ann")), now).unwrap();
        assert_eq!((ann.times, ann.who.key_id.as_deref()), (1, Some("ann")));
        for _ in 0..limits::REFUSALS_RECORDED_MAX {
            refusals.add(refusal(Some("ann")), now);
        }
        let counted: Vec<_> = refusals.take().collect();
        let of = |id| counted.iter().find(|one| one.who.key_id.as_deref() == id);
        assert_eq!(of(Some("ann")).unwrap().times, 1);
        assert_eq!(of(None).unwrap().times, 1);
    }
}
