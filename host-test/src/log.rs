//! The proxy's log.

use std::time::Duration;

use crate::thread::{Thread, VmNumber};

/// Severities, in the ABI's order.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Level {
    /// Every step.
    Trace,
    /// For developers.
    Debug,
    /// Normal life.
    Info,
    /// Will heal.
    Warn,
    /// Something failed.
    Error,
    /// Something is lost.
    Critical,
}

impl Level {
    /// All levels, each at its number in the ABI.
    pub const ALL: [Self; 6] = [
        Self::Trace,
        Self::Debug,
        Self::Info,
        Self::Warn,
        Self::Error,
        Self::Critical,
    ];

    /// The level with this number in the ABI.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }

    /// The number that the guest sees.
    #[must_use]
    #[expect(clippy::as_conversions, reason = "a fieldless enum is its number")]
    pub const fn number(self) -> u32 {
        self as u32
    }
}

/// Who wrote a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Writer {
    /// The guest, by `proxy_log`.
    Guest,
    /// The guest, on its standard output (Envoy logs it at info) or standard error (at error).
    Output,
    /// The host, about the guest: a trap, a denied capability.
    Host,
}

/// One line of the proxy's log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogLine {
    /// The virtual time since the host started.
    pub at: Duration,
    /// The VM that it comes from.
    pub vm: VmNumber,
    /// The thread of that VM.
    pub thread: Thread,
    /// Its severity.
    pub level: Level,
    /// Who wrote it.
    pub writer: Writer,
    /// The bytes as written; they need not be UTF-8.
    pub message: Vec<u8>,
}

impl LogLine {
    /// The message, with replacement characters where it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.message).into_owned()
    }
}
