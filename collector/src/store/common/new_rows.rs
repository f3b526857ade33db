//! Events with what the collector gives them.

use std::sync::Arc;

use crate::access::Recorder;
use crate::event::{Event, EventError};
use crate::limits;
use crate::search::Position;
use crate::store::arrival::{with_recorder, writer};
use crate::store::log_id::log_ids;
use crate::store::segments::Indexed;
use crate::store::{Arrival, StoreError};

use super::places;
use super::terms::Connection;

/// An event with what the collector gives it.
pub(super) struct NewRow<'a> {
    pub(super) position: Position,
    pub(super) id: String,
    pub(super) received_at: i64,
    /// When its content was erased, while the call was under way.
    pub(super) erased_at: Option<i64>,
    /// 0 for the first record of its call, and for what contradicts it the number of its place.
    pub(super) copy: u8,
    /// The log id of the first record of its call, if records contradict each other.
    pub(super) conflict_of: Option<String>,
    pub(super) event: &'a Event,
    pub(super) by: &'a Recorder,
}

impl NewRow<'_> {
    /// The writer and the number for which it counts.
    pub(super) fn writer(&self) -> Option<(&str, i64)> {
        writer(&self.event.gateway, self.by)
    }

    /// Whether it names a writer for which it does not count: it comes from an application, which has none,
    /// or the writer is none that there can be.
    pub(super) fn has_writer_of_others(&self) -> bool {
        self.event.gateway.names_writer && self.writer().is_none()
    }

    /// What it is found by.
    pub(super) fn indexed(&self) -> Indexed {
        (self.position, Arc::clone(&self.event.terms))
    }

    /// What it is found by, if it is not the event that came.
    pub(super) fn indexed_anew(&self) -> Indexed {
        let by = self.by;
        let terms = with_recorder(&self.event.terms, &by.key_id, by.kind);
        (self.position, terms)
    }
}

/// The first of `arrivals`, as many as one statement may insert.
pub(super) async fn rows<'a>(
    connection: &mut Connection,
    arrivals: &'a [Arrival],
    received_at: i64,
) -> Result<Vec<NewRow<'a>>, StoreError> {
    let arrivals = arrivals.iter().take(limits::INSERTED_ROWS_MAX);
    let timestamps = arrivals.clone().map(|arrival| arrival.event.timestamp);
    let timestamps: Vec<i64> = timestamps.collect();
    let positions = places::free(connection, &timestamps).await?;
    let ids = log_ids(positions.len())?;
    let rows = positions.into_iter().zip(ids).zip(arrivals);
    let rows = rows.map(|((position, id), arrival)| NewRow {
        position,
        id,
        received_at,
        erased_at: None,
        copy: 0,
        conflict_of: None,
        event: &arrival.event,
        by: &arrival.by,
    });
    Ok(rows.collect())
}

/// The end of a call whose beginning was erased at a time: what was erased for good does not come
/// back with it.
pub(super) fn without_content(event: &Event, erased_at: i64) -> Result<Event, StoreError> {
    let damaged = |error: EventError| StoreError::Damaged(error.to_string());
    event.erased(erased_at).map_err(damaged)
}
