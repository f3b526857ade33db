//! How long to wait after failures.

use crate::limits::RETRY_AFTER_MS_MAX;
use crate::policy::Retry;
use crate::time::Timestamp;

/// The failures of one way to send, and until when it waits for them.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    retry_at: Timestamp,
}

impl Backoff {
    /// Whether the last try failed.
    pub(super) fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// A try did not fail. What it waits for, it waits for nevertheless.
    pub(super) fn succeed(&mut self) {
        self.failures = 0;
    }

    /// A try failed: waits the longer the more did, and at least `asked_ms`.
    pub(super) fn fail(
        &mut self,
        asked_ms: u64,
        retry: &Retry,
        random: &mut SplitMix,
        now: Timestamp,
    ) {
        let wait_ms = jitter_ms(self.failures, retry, random).max(asked_ms);
        self.failures = self.failures.saturating_add(1);
        self.wait(wait_ms, retry, now);
    }

    /// Waits as after a first failure, without counting one.
    pub(super) fn pause(
        &mut self,
        asked_ms: u64,
        retry: &Retry,
        random: &mut SplitMix,
        now: Timestamp,
    ) {
        let wait_ms = jitter_ms(0, retry, random).max(asked_ms);
        self.wait(wait_ms, retry, now);
    }

    /// Until when it waits; now, if it does not.
    pub(super) fn until(&self, retry: &Retry, now: Timestamp) -> Timestamp {
        match self.retry_at.ms_since(now) {
            0 => now,
            // The longest wait there is. A longer one is a clock that was set back.
            wait_ms if wait_ms > RETRY_AFTER_MS_MAX.max(retry.max_ms) => now,
            _ => self.retry_at,
        }
    }

    fn wait(&mut self, wait_ms: u64, retry: &Retry, now: Timestamp) {
        self.retry_at = self.until(retry, now).max(now.plus_ms(wait_ms));
    }
}

/// Full jitter: anything up to `base · 2^failures`, which spreads the writers of a fleet.
fn jitter_ms(failures: u32, retry: &Retry, random: &mut SplitMix) -> u64 {
    let factor = 1_u64.checked_shl(failures.min(32)).unwrap_or(u64::MAX);
    let bound = retry.base_ms.saturating_mul(factor).min(retry.max_ms);
    random.up_to(bound)
}

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
#[derive(Debug)]
pub(super) struct SplitMix(pub(super) u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound`.
    fn up_to(&mut self, bound: u64) -> u64 {
        self.next()
            .checked_rem(bound.saturating_add(1))
            .unwrap_or(0)
    }
}
