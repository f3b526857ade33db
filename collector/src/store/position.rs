//! Where an event stands in the order of time.
//!
//! The order is total and an event never moves in it, so that a page can begin where the one before
//! ended, whatever has come in since.

use sqlx::SqliteConnection;

use crate::limits;
use crate::store::StoreError;

/// A place in the order of events, later ones above earlier ones.
///
/// It is the event's time in nanoseconds since 1970, UTC. Times have microseconds: what is below
/// tells apart the events of one of them, in the order in which they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position(pub(crate) i64);

impl Position {
    /// No event of this time, in microseconds, or of a later one is before this.
    pub(crate) fn first_at(timestamp: i64) -> Self {
        Self(timestamp.saturating_mul(PLACES))
    }

    /// No event of a time before this one, in microseconds, is at this place or after it.
    pub(crate) fn end_of_all_before(timestamp: i64) -> Self {
        let moved = Self::first_at(limits::POSITION_MOVED_MICROS_MAX);
        Self(Self::first_at(timestamp).0.saturating_add(moved.0))
    }
}

/// A position that is free, for an event of this time in microseconds: after all events of the same
/// time that came before it.
///
/// If its microsecond is full, it stands a little later: among the next one, two, four, … of them,
/// whichever still has places at its end. So any number of events at one time are as quick to place
/// as a few.
pub(super) async fn free(
    connection: &mut SqliteConnection,
    timestamp: i64,
) -> Result<Position, StoreError> {
    let Position(end) = Position::end_of_all_before(timestamp);
    let Position(mut start) = Position::first_at(timestamp);
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

/// Places in one microsecond.
const PLACES: i64 = 1000;

const LAST_TAKEN: &str = "SELECT max(position) FROM events WHERE position BETWEEN ? AND ?";
