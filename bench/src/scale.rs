//! How long situations take.

use std::time::Duration;

/// How long situations take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Seconds: long enough that everything happens.
    Brief,
    /// As long as it takes for what only time brings about, such as backoff.
    Full,
}

impl Scale {
    /// How long there is load before and after something happens.
    pub fn calm(self) -> Duration {
        match self {
            Self::Brief => Duration::from_millis(700),
            Self::Full => Duration::from_secs(5),
        }
    }

    /// How long an outage lasts.
    pub fn outage(self) -> Duration {
        match self {
            Self::Brief => Duration::from_secs(2),
            Self::Full => Duration::from_secs(30),
        }
    }

    /// How many calls each client makes, where calls are counted and not timed.
    pub fn calls_each(self) -> usize {
        match self {
            Self::Brief => 5,
            Self::Full => 30,
        }
    }
}
