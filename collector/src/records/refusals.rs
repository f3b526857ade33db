//! Keys that are refused can be sent by anyone in any number: some are recorded, the others counted.

use std::time::Instant;

use crate::limits;
use crate::store::AccessRecord;

/// How many were recorded lately, and how many were not.
#[derive(Default)]
pub(super) struct Refusals {
    period: Option<Instant>,
    recorded: u32,
    /// The last one that was not recorded, with the number of all those.
    counted: Option<AccessRecord>,
}

impl Refusals {
    /// What is to be recorded now, of this one and of those that were counted before.
    pub(super) fn add(&mut self, refusal: AccessRecord, now: Instant) -> Option<AccessRecord> {
        let is_over = |began| now.saturating_duration_since(began) >= limits::RECORDS_INTERVAL;
        if self.period.is_none_or(is_over) {
            self.period = Some(now);
            self.recorded = 0;
        }
        let before = self.counted.take();
        let all = before.map_or(refusal.clone(), |before| AccessRecord {
            at: before.at,
            until: Some(refusal.at),
            times: before.times.saturating_add(1),
            ..refusal
        });
        if self.recorded < limits::REFUSALS_RECORDED_MAX {
            self.recorded = self.recorded.saturating_add(1);
            return Some(all);
        }
        self.counted = Some(all);
        None
    }

    /// Those that were counted and not recorded.
    pub(super) fn take(&mut self) -> Option<AccessRecord> {
        self.counted.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Action, Who};

    #[test]
    fn some_are_recorded_and_none_is_uncounted() {
        let mut refusals = Refusals::default();
        let now = Instant::now();
        let refusal = || AccessRecord::new(Action::KeyRefused, Who::default());
        for _ in 0..limits::REFUSALS_RECORDED_MAX {
            assert_eq!(refusals.add(refusal(), now).unwrap().times, 1);
        }
        let first = refusal();
        assert_eq!(refusals.add(first.clone(), now), None);
        assert_eq!(refusals.add(refusal(), now), None);
        let later = now + limits::RECORDS_INTERVAL;
        let all = refusals.add(refusal(), later).unwrap();
        assert_eq!((all.times, all.at), (3, first.at));
        assert_eq!(refusals.take(), None);
        for _ in 1..limits::REFUSALS_RECORDED_MAX {
            assert_eq!(refusals.add(refusal(), later).unwrap().times, 1);
        }
        assert_eq!(refusals.add(refusal(), later), None);
        assert_eq!(refusals.take().unwrap().times, 1);
    }
}
