//! Finding places for events on either database.

use crate::search::Position;
use crate::store::StoreError;
use crate::store::position::{assigned, stretches_after};

use super::position::next;
use super::terms::Connection;

/// Positions that are free as far as one can see, for events of these times in microseconds: each
/// after all events of the same time that came before it. Another collector may take them first.
///
/// They are for the first of the events, and for as many more as can be told before those are
/// stored.
pub(super) async fn free(
    connection: &mut Connection,
    timestamps: &[i64],
) -> Result<Vec<Position>, StoreError> {
    let starts = timestamps.iter().copied().map(Position::first_at);
    let starts: Vec<i64> = starts.map(|Position(start)| start).collect();
    let free = assigned(timestamps, next(connection, starts).await?);
    match timestamps.first() {
        Some(first) if free.is_empty() => Ok(vec![later(connection, *first).await?]),
        _ => Ok(free),
    }
}

/// A free position for an event whose microsecond is full.
async fn later(connection: &mut Connection, timestamp: i64) -> Result<Position, StoreError> {
    for (first, last) in stretches_after(timestamp) {
        let query = sqlx::query_scalar(LAST_TAKEN).bind(first).bind(last);
        let taken: Option<i64> = query.fetch_one(&mut *connection).await?;
        let free = taken.map_or(first, |taken| taken.saturating_add(1));
        if free <= last {
            return Ok(Position(free));
        }
    }
    Err(StoreError::Crowded)
}

const LAST_TAKEN: &str = "SELECT max(position) FROM events WHERE position BETWEEN $1 AND $2";
