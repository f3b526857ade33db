//! The rows of segments, without what is in them.

use sqlx::{FromRow, Row as _};

use crate::search::{Position, Segment};
use crate::store::StoreError;
use crate::store::segments::{Head, bytes_of};

use super::terms::{Connection, Row};

impl<'r> FromRow<'r, Row> for Head {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            events: row.try_get("events")?,
            last: Position(row.try_get("last_position")?),
        })
    }
}

/// Every segment, oldest first.
pub(super) async fn all(connection: &mut Connection) -> Result<Vec<Head>, StoreError> {
    Ok(sqlx::query_as(ALL).fetch_all(connection).await?)
}

/// Those in whose stretch of time something is stale, oldest first.
pub(super) async fn maybe_stale(connection: &mut Connection) -> Result<Vec<Head>, StoreError> {
    Ok(sqlx::query_as(MAYBE_STALE).fetch_all(connection).await?)
}

/// The segments that may have events from `first` up to `last`, in the order of their last ones.
pub(super) async fn between(
    connection: &mut Connection,
    Position(first): Position,
    Position(last): Position,
) -> Result<Vec<Head>, StoreError> {
    let query = sqlx::query_as(BETWEEN).bind(first).bind(last);
    Ok(query.fetch_all(connection).await?)
}

/// Adds the row of a segment, and returns its id; `None` if it is empty, and has none.
pub(super) async fn add(
    connection: &mut Connection,
    segment: &Segment,
) -> Result<Option<i64>, StoreError> {
    let (Some(first), Some(last)) = (segment.positions.first(), segment.positions.last()) else {
        return Ok(None);
    };
    let id = sqlx::query_scalar(ADD)
        .bind(i64::try_from(segment.positions.len()).unwrap_or(i64::MAX))
        .bind(first.0)
        .bind(last.0)
        .bind(bytes_of(&segment.positions));
    Ok(Some(id.fetch_one(connection).await?))
}

const ALL: &str = "SELECT id, events, last_position FROM segments ORDER BY id";

const MAYBE_STALE: &str = "
    SELECT id, events, last_position FROM segments
    WHERE EXISTS (
        SELECT 1 FROM stale WHERE position BETWEEN first_position AND last_position
    )
    ORDER BY id";

const BETWEEN: &str = "
    SELECT id, events, last_position FROM segments
    WHERE last_position >= $1 AND first_position <= $2 ORDER BY last_position, id";

const ADD: &str = "
    INSERT INTO segments (events, first_position, last_position, positions)
    VALUES ($1, $2, $3, $4) RETURNING id";
