//! What is read of tables whose queries differ from one database to the other.

use sqlx::{FromRow, Row as _};

use crate::store::{Log, Position, Writer};

use super::terms::Row;
use super::text;

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

impl<'r> FromRow<'r, Row> for Writer {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            organization_id: text::read(row.try_get("organization_id")?),
            writer_id: text::read(row.try_get("writer_id")?),
            events: row.try_get("events")?,
            received: row.try_get("received")?,
            last_seq: row.try_get("last_seq")?,
            first_timestamp: row.try_get("first_timestamp")?,
            last_timestamp: row.try_get("last_timestamp")?,
        })
    }
}
