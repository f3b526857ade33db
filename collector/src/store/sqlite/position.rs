//! Finding places for events.

use std::collections::HashMap;

use sqlx::SqliteConnection;

use crate::store::position::PLACES;
use crate::store::{Position, StoreError};

/// Positions that are free, for events of these times in microseconds: each after all events of the
/// same time that came before it.
///
/// They are for the first of the events, and for as many more as can be told before those are
/// stored.
pub(super) async fn free(
    connection: &mut SqliteConnection,
    timestamps: &[i64],
) -> Result<Vec<Position>, StoreError> {
    let mut free = Vec::with_capacity(timestamps.len());
    let mut next_by_time = next_by_time(connection, timestamps).await?;
    for timestamp in timestamps {
        let end = Position::first_at(timestamp.saturating_add(1));
        match next_by_time.get_mut(timestamp) {
            Some(next) if *next < end => {
                free.push(*next);
                next.0 = next.0.saturating_add(1);
            }
            _ if free.is_empty() => return Ok(vec![later(connection, *timestamp).await?]),
            _ => break,
        }
    }
    Ok(free)
}

/// For each time, what is behind the last position that is taken in its microsecond.
async fn next_by_time(
    connection: &mut SqliteConnection,
    timestamps: &[i64],
) -> Result<HashMap<i64, Position>, StoreError> {
    let starts = timestamps.iter().copied().map(Position::first_at);
    let starts: Vec<i64> = starts.map(|Position(start)| start).collect();
    let query = sqlx::query_scalar(NEXT).bind(format!("{starts:?}"));
    let next: String = query.fetch_one(connection).await?;
    let next = serde_json::from_str(&next);
    let next: Vec<i64> = next.map_err(|error| StoreError::Damaged(error.to_string()))?;
    Ok(timestamps
        .iter()
        .copied()
        .zip(next.into_iter().map(Position))
        .collect())
}

/// A free position for an event whose microsecond is full: among the next one, two, four, …
/// microseconds, whichever still have places at their end. So any number of events at one time are
/// as quick to place as a few.
async fn later(connection: &mut SqliteConnection, timestamp: i64) -> Result<Position, StoreError> {
    let Position(end) = Position::end_of_all_before(timestamp);
    let Position(mut start) = Position::first_at(timestamp.saturating_add(1));
    let mut places = PLACES;
    while start < end {
        let last = start.saturating_add(places).min(end).saturating_sub(1);
        let query = sqlx::query_scalar(LAST_TAKEN).bind(start).bind(last);
        let taken: Option<i64> = query.fetch_one(&mut *connection).await?;
        let free = taken.map_or(start, |taken| taken.saturating_add(1));
        if free <= last {
            return Ok(Position(free));
        }
        start = free;
        places = places.saturating_mul(2);
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
