//! What is read of an event.

use sqlx::{FromRow, Row as _};

use crate::access::Kind;
use crate::search::Position;
use crate::store::{Log, RecordedBy};

use super::terms::Row;

impl<'r> FromRow<'r, Row> for Log {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: Position(row.try_get("position")?),
            id: row.try_get("id")?,
            received_at: row.try_get("received_at")?,
            erased_at: row.try_get("erased_at")?,
            recorded_by: recorder(row)?,
            conflict_of: row.try_get("conflict_of")?,
            writer_not_counted: row
                .try_get::<Option<bool>, _>("writer_not_counted")?
                .unwrap_or_default(),
            event: row.try_get("event")?,
        })
    }
}

/// With which key it was recorded, if that was noted.
fn recorder(row: &Row) -> Result<Option<RecordedBy>, sqlx::Error> {
    let key_id: Option<String> = row.try_get("recorded_by")?;
    let recorder = key_id.zip(kind_of(row)?);
    Ok(recorder.map(|(key_id, kind)| RecordedBy { key_id, kind }))
}

/// The kind that a row says, if it says any.
pub(super) fn kind_of(row: &Row) -> Result<Option<Kind>, sqlx::Error> {
    let kind: Option<&str> = row.try_get("recorded_kind")?;
    Ok(kind.and_then(|kind| kind.parse().ok()))
}
