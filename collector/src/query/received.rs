//! What was received of a writer, as answers and reports tell it.

use serde::Serialize;

use crate::store::{Run, Writer};
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
    pub(crate) fn new(writer: &Writer, holes: Vec<Run>, has_more_holes: bool) -> Self {
        Self {
            organization_id: writer.organization_id.clone(),
            writer_id: writer.writer_id.clone(),
            events: writer.events,
            first_timestamp: time::text(writer.first_timestamp),
            last_timestamp: time::text(writer.last_timestamp),
            last_seq: writer.last_seq,
            missing: writer.missing(),
            holes,
            has_more_holes,
        }
    }
}
