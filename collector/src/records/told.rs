//! What a stream has given out, as it tells while it is read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::store::{CUT, OK};

/// How many things a stream has given out so far, and how it ended. Cloning gives another handle to the
/// same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told(Arc<Stream>);

#[derive(Debug, Default)]
struct Stream {
    items: AtomicU64,
    end: OnceLock<&'static str>,
}

impl Told {
    pub(crate) fn add(&self, items: usize) {
        let items = u64::try_from(items).unwrap_or(u64::MAX);
        self.0.items.fetch_add(items, Ordering::Relaxed);
    }

    /// All of it was given out.
    pub(crate) fn ended(&self) {
        self.broke_off(OK);
    }

    /// It broke off, with this code.
    pub(crate) fn broke_off(&self, code: &'static str) {
        // Nothing comes after an end.
        let _ = self.0.end.set(code);
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.items.load(Ordering::Relaxed)
    }

    /// A stream that is dropped before its end is one that nobody takes any more.
    pub(crate) fn result(&self) -> &'static str {
        self.0.end.get().copied().unwrap_or(CUT)
    }
}
