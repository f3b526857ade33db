//! Lines of the log that strangers can cause: some a second, and how many there were beside them.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lets through some lines of one kind a second, and counts the others.
pub(super) struct Sparing(Mutex<State>);

struct State {
    second: Option<Instant>,
    said: u32,
    unsaid: u64,
}

impl Sparing {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(State {
            second: None,
            said: 0,
            unsaid: 0,
        }))
    }

    /// Whether there is to be a line at this time, and how many were left out since the last.
    pub(super) fn line(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = state
            .second
            .is_none_or(|began| now.saturating_duration_since(began) >= Duration::from_secs(1));
        if is_new {
            state.second = Some(now);
            state.said = 0;
        }
        if state.said >= LINES_MAX {
            state.unsaid = state.unsaid.saturating_add(1);
            return None;
        }
        state.said = state.said.saturating_add(1);
        let unsaid = state.unsaid;
        state.unsaid = 0;
        Some(unsaid)
    }
}

/// Lines of one kind in a second.
const LINES_MAX: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_lines_a_second_are_written_and_the_others_counted() {
        let lines = Sparing::new();
        let now = Instant::now();
        for _ in 0..LINES_MAX {
            assert_eq!(lines.line(now), Some(0));
        }
        for _ in 0..7 {
            assert_eq!(lines.line(now), None);
        }
        assert_eq!(lines.line(now + Duration::from_secs(1)), Some(7));
        assert_eq!(lines.line(now + Duration::from_secs(1)), Some(0));
    }
}
