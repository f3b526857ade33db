//! Finding places for events.

use sqlx::SqliteConnection;

use crate::search::Position;
use crate::store::StoreError;
use crate::store::position::{assigned, stretches_after};

/// Positions that are free, for events of these times in microseconds: each after all events of the
/// same time that came before it.
///
/// They are for the first of the events, and for as many more as can be told before those are
/// stored.
pub(super) async fn free(
    connection: &mut SqliteConnection,
    timestamps: &[i64],
) -> Result<Vec<Position>, StoreError> {
    let starts = timestamps.iter().copied().map(Position::first_at);
    let starts: Vec<i64> = starts.map(|Position(start)| start).collect();
    let query = sqlx::query_scalar(NEXT).bind(format!("{starts:?}"));
    let next: String = query.fetch_one(&mut *connection).await?;
    let next = serde_json::from_str(&next);
    let free = assigned(
        timestamps,
        next.map_err(|error| StoreError::Damaged(error.to_string()))?,
    );
    match timestamps.first() {
        Some(first) if free.is_empty() => Ok(vec![later(connection, *first).await?]),
        _ => Ok(free),
    }
}

/// A free position for an event whose microsecond is full.
async fn later(connection: &mut SqliteConnection, timestamp: i64) -> Result<Position, StoreError> {
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

/// Of an array of starts of microseconds, which JSON carries in one value, as are the answers.
const NEXT: &str = "
    SELECT json_group_array(coalesce(
        (SELECT max(position) + 1 FROM events WHERE position BETWEEN value AND value + 999),
        value
    ) ORDER BY key)
    FROM json_each(?)";

const LAST_TAKEN: &str = "SELECT max(position) FROM events WHERE position BETWEEN ? AND ?";
