//! What was received of each writer.

use serde::Serialize;

use crate::store::Run;

/// Which writers to read. `None` means any.
#[derive(Debug, Clone, Default)]
pub(crate) struct WriterFilter {
    pub(crate) organization_id: Option<String>,
    pub(crate) writer_id: Option<String>,
    /// It was still writing at this time, in microseconds.
    pub(crate) from: Option<i64>,
    /// It had begun to write before this time, in microseconds.
    pub(crate) until: Option<i64>,
    /// Only those of whom something is missing.
    pub(crate) is_incomplete: bool,
    /// The organization and the writer with which the page before ended.
    pub(crate) after: Option<(String, String)>,
    /// How many writers, at most.
    pub(crate) limit: usize,
    /// How many holes of each, if fewer than there may be.
    pub(crate) holes: Option<usize>,
}

/// What was received of a writer. Times are in microseconds since 1970, UTC.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) organization_id: String,
    pub(crate) writer_id: String,
    /// Calls.
    pub(crate) events: i64,
    /// Different numbers of the sequence.
    pub(crate) received: i64,
    pub(crate) last_seq: i64,
    pub(crate) first_timestamp: i64,
    pub(crate) last_timestamp: i64,
}

impl Writer {
    /// How many numbers of the sequence were not received.
    pub(crate) fn missing(&self) -> i64 {
        self.last_seq.saturating_sub(self.received)
    }
}

/// A writer, and the first or the nearest holes of its sequence.
#[derive(Debug)]
pub(crate) struct WriterHoles {
    pub(crate) writer: Writer,
    pub(crate) holes: Vec<Run>,
    pub(crate) has_more_holes: bool,
}

/// Some writers, whether there are more, and what all come to: as they were at one moment.
#[derive(Debug)]
pub(crate) struct WriterPage {
    pub(crate) writers: Vec<WriterHoles>,
    pub(crate) has_more: bool,
    pub(crate) totals: WriterTotals,
}

/// All writers of a filter together.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct WriterTotals {
    pub(crate) writers: i64,
    pub(crate) incomplete_writers: i64,
    pub(crate) events: i64,
    pub(crate) missing: i64,
}
