//! How many events each key may record in a second.
//!
//! A bucket of tokens for each key, kept as the time until which its events are paid for (the
//! generic cell rate algorithm). A request goes through while the bucket is not in debt, and is
//! counted when it is known how many events it had, so that a batch larger than the bucket is a
//! debt and not refused for ever.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::key::KeyHash;
use crate::limits;

/// What each key has recorded. Cloning gives another handle to the same counts.
#[derive(Clone)]
pub(crate) struct Rates {
    /// `None` counts nothing.
    events_per_second: Option<NonZeroU32>,
    /// Only keys that were let in are here, so that there are no more of them than were made.
    paid_until: Arc<Mutex<HashMap<KeyHash, Instant>>>,
}

impl Rates {
    pub(crate) fn new(events_per_second: Option<NonZeroU32>) -> Self {
        Self {
            events_per_second,
            paid_until: Arc::default(),
        }
    }

    /// How long it takes until a key may record again; `None` if it may now.
    pub(crate) fn wait(&self, key: &KeyHash, now: Instant) -> Option<Duration> {
        let paid_until = *self.paid_until().get(key)?;
        let ahead = paid_until.saturating_duration_since(now);
        let wait = ahead.saturating_sub(limits::RATE_BURST);
        (!wait.is_zero()).then_some(wait)
    }

    /// Counts events that a key recorded.
    pub(crate) fn count(&self, key: &KeyHash, events: usize, now: Instant) {
        let Some(rate) = self.events_per_second else {
            return;
        };
        // A batch has far fewer; this is a century at one event a second.
        let events = u32::try_from(events).unwrap_or(u32::MAX);
        let at_one_a_second = Duration::from_secs(events.into());
        let price = at_one_a_second.checked_div(rate.get()).unwrap_or_default();
        let mut paid_until = self.paid_until();
        let paid_until = paid_until.entry(key.clone()).or_insert(now);
        let after = (*paid_until).max(now);
        *paid_until = after.checked_add(price).unwrap_or(after);
    }

    fn paid_until(&self) -> MutexGuard<'_, HashMap<KeyHash, Instant>> {
        self.paid_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BURST: Duration = limits::RATE_BURST;

    fn rates(events_per_second: u32) -> Rates {
        Rates::new(NonZeroU32::new(events_per_second))
    }

    #[test]
    fn a_key_may_record_until_its_bucket_is_empty_and_again_when_it_is_not() {
        let (rates, key, now) = (rates(10), KeyHash::of("key"), Instant::now());
        let bucket = 10 * usize::try_from(BURST.as_secs()).unwrap();
        rates.count(&key, bucket, now);
        assert_eq!(rates.wait(&key, now), None);
        rates.count(&key, 1, now);
        let tenth = Duration::from_millis(100);
        assert_eq!(rates.wait(&key, now), Some(tenth));
        assert_eq!(rates.wait(&key, now + tenth), None);
    }

    #[test]
    fn a_batch_larger_than_the_bucket_is_a_debt() {
        let (rates, key, now) = (rates(2), KeyHash::of("key"), Instant::now());
        rates.count(&key, 10_000, now);
        let debt = Duration::from_secs(5_000) - BURST;
        assert_eq!(rates.wait(&key, now), Some(debt));
        assert_eq!(rates.wait(&key, now + debt), None);
    }

    #[test]
    fn what_was_not_used_is_not_saved_beyond_the_bucket() {
        let (rates, key, now) = (rates(1), KeyHash::of("key"), Instant::now());
        rates.count(&key, 1, now);
        let later = now + 100 * BURST;
        rates.count(&key, 1, later);
        let expected = later + Duration::from_secs(1);
        assert_eq!(rates.paid_until()[&key], expected);
    }

    #[test]
    fn each_key_has_a_bucket_of_its_own() {
        let (rates, now) = (rates(1), Instant::now());
        rates.count(&KeyHash::of("one"), 1_000, now);
        assert!(rates.wait(&KeyHash::of("one"), now).is_some());
        assert_eq!(rates.wait(&KeyHash::of("two"), now), None);
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let (rates, key, now) = (rates(0), KeyHash::of("key"), Instant::now());
        rates.count(&key, usize::MAX, now);
        assert_eq!(rates.wait(&key, now), None);
        assert!(rates.paid_until().is_empty());
    }

    #[test]
    fn no_number_of_events_overflows() {
        let (rates, key, now) = (rates(1), KeyHash::of("key"), Instant::now());
        for _ in 0..3 {
            rates.count(&key, usize::MAX, now);
        }
        assert!(rates.wait(&key, now).is_some());
    }
}
