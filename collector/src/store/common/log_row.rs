//! What is read of an event.

use sqlx::{FromRow, Row as _};

use crate::store::{Log, Position};

use super::terms::Row;

impl<'r> FromRow<'r, Row> for Log {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: Position(row.try_get("position")?),
            id: row.try_get("id")?,
            received_at: row.try_get("received_at")?,
            erased_at: row.try_get("erased_at")?,
            event: row.try_get("event")?,
        })
    }
}
