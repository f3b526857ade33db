//! What was received of a writer, as answers and reports tell it.

use serde::Serialize;

use crate::store::{Run, WriterHoles};
use crate::time;

/// What was received of one writer.
#[derive(Debug, Serialize)]
pub(crate) struct Received {
    pub(crate) organization_id: String,
    pub(crate) writer_id: String,
    pub(crate) events: i64,
    pub(crate) first_timestamp: String,
    pub(crate) last_timestamp: String,
    pub(crate) last_seq: i64,
    pub(crate) missing: i64,
    pub(crate) holes: Vec<Run>,
    pub(crate) has_more_holes: bool,
}

impl Received {
    /// With as many of its holes as `holes_max`.
    pub(crate) fn new(read: WriterHoles, holes_max: usize) -> Self {
        let WriterHoles {
            writer,
            mut holes,
            has_more_holes,
        } = read;
        let is_cut = holes.len() > holes_max;
        holes.truncate(holes_max);
        Self {
            missing: writer.missing(),
            organization_id: writer.organization_id,
            writer_id: writer.writer_id,
            events: writer.events,
            first_timestamp: time::text(writer.first_timestamp),
            last_timestamp: time::text(writer.last_timestamp),
            last_seq: writer.last_seq,
            holes,
            has_more_holes: has_more_holes || is_cut,
        }
    }

    /// Whether it has more events than numbers. Without, a number may still have come twice: the
    /// record of a prompt has a number of its own, and is no event of its own any more.
    pub(crate) fn has_number_twice(&self) -> bool {
        self.events > self.last_seq.saturating_sub(self.missing)
    }
}
