//! Events with what the collector gives them.

use crate::event::{Event, EventError};
use crate::limits;
use crate::store::log_id::log_ids;
use crate::store::{Position, StoreError};

use super::position;
use super::terms::Connection;

/// An event with what the collector gives it.
pub(super) struct NewRow<'a> {
    pub(super) position: Position,
    pub(super) id: String,
    pub(super) received_at: i64,
    /// When its content was erased, while the call was under way.
    pub(super) erased_at: Option<i64>,
    pub(super) event: &'a Event,
}

/// The first of `events`, as many as one statement may insert.
pub(super) async fn rows<'a>(
    connection: &mut Connection,
    events: &'a [Event],
    received_at: i64,
) -> Result<Vec<NewRow<'a>>, StoreError> {
    let events = events.iter().take(limits::INSERTED_ROWS_MAX);
    let timestamps: Vec<i64> = events.clone().map(|event| event.timestamp).collect();
    let positions = position::free(connection, &timestamps).await?;
    let ids = log_ids(positions.len())?;
    let rows = positions.into_iter().zip(ids).zip(events);
    let rows = rows.map(|((position, id), event)| NewRow {
        position,
        id,
        received_at,
        erased_at: None,
        event,
    });
    Ok(rows.collect())
}

/// The end of a call whose beginning was erased at a time: what was erased for good does not come
/// back with it.
pub(super) fn without_content(event: &Event, erased_at: i64) -> Result<Event, StoreError> {
    let damaged = |error: EventError| StoreError::Damaged(error.to_string());
    event.erased(erased_at).map_err(damaged)
}
