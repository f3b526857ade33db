//! How long calls took, in memory that does not grow with how many there were.

use std::collections::BTreeMap;

use crate::report::tally::increase;

/// How long calls took, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    /// Calls by how long they took, to three digits.
    calls: BTreeMap<u64, u64>,
    longest: Option<u64>,
    /// Events of calls whose end is not known here: how long those took is not either.
    pub(crate) pending_events: u64,
}

impl Durations {
    pub(super) fn add(&mut self, millis: u64) {
        increase(self.calls.entry(rounded_up(millis)).or_default(), 1);
        self.longest = self.longest.max(Some(millis));
    }

    /// What `percent` of the calls took at most, rounded up to three digits, and no more than the
    /// longest took.
    pub(crate) fn percentile(&self, percent: u64) -> Option<u64> {
        let calls = self
            .calls
            .values()
            .fold(0, |sum: u64, count| sum.saturating_add(*count));
        let needed = u128::from(calls)
            .saturating_mul(percent.into())
            .div_ceil(100)
            .max(1);
        let mut seen: u128 = 0;
        let found = self.calls.iter().find_map(|(millis, count)| {
            seen = seen.saturating_add((*count).into());
            (seen >= needed).then_some(*millis)
        });
        found.min(self.longest)
    }

    pub(crate) fn longest(&self) -> Option<u64> {
        self.longest
    }
}

/// Up to three digits, so that there are few different ones.
fn rounded_up(millis: u64) -> u64 {
    let digits_off = millis
        .checked_ilog10()
        .unwrap_or_default()
        .saturating_sub(2);
    let unit = 10_u64.saturating_pow(digits_off);
    millis.checked_next_multiple_of(unit).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::tally::tests::tally;

    #[test]
    fn a_percentile_is_a_duration_that_was_there() {
        let events: Vec<_> = (1..=100)
            .map(|millis| json!({"duration_ms": millis}))
            .collect();
        let durations = tally(&events).durations;
        assert_eq!(durations.percentile(50), Some(50));
        assert_eq!(durations.percentile(99), Some(99));
        assert_eq!(durations.longest(), Some(100));
        assert_eq!(Durations::default().percentile(50), None);
    }

    #[test]
    fn a_percentile_is_never_less_than_it_says_and_the_longest_is_exact() {
        for (millis, expected) in [
            (0, 0),
            (999, 999),
            (1000, 1000),
            (1234, 1240),
            (9991, 10_000),
            (u64::MAX, u64::MAX),
        ] {
            assert_eq!(rounded_up(millis), expected);
        }
        let events = [1231, 1231, 5678].map(|millis| json!({"duration_ms": millis}));
        let durations = tally(&events).durations;
        assert_eq!(durations.percentile(50), Some(1240));
        assert_eq!(durations.percentile(99), Some(5678));
        assert_eq!(durations.longest(), Some(5678));
    }

    #[test]
    fn a_call_that_has_not_ended_has_no_duration() {
        let pending = json!({
            "duration_ms": 3, "metadata": {"audit_layer": {"completion": {"state": "pending"}}},
        });
        let durations = tally(&[pending, json!({"duration_ms": 70})]).durations;
        assert_eq!(durations.percentile(50), Some(70));
        assert_eq!(durations.pending_events, 1);
    }
}
