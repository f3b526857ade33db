//! Reading what was removed and erased.

use sqlx::{FromRow, Row as _};

use crate::access::Scope;
use crate::store::{StoreError, StoredErasure, StoredRemoval};

use super::terms::{Row, Store};
use super::text;

impl<'r> FromRow<'r, Row> for StoredRemoval {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            day: row.try_get("day")?,
            cause: row.try_get("cause")?,
            organization_id: text::read(row.try_get("organization_id")?),
            events: row.try_get("events")?,
        })
    }
}

impl<'r> FromRow<'r, Row> for StoredErasure {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        let organization: Option<String> = row.try_get("organization_id")?;
        Ok(Self {
            scope: organization.map_or(Scope::All, |id| Scope::Organization(text::read(id))),
            user_id: text::read(row.try_get("user_id")?),
            reason: text::read(row.try_get("reason")?),
            created_at: row.try_get("created_at")?,
            events: row.try_get("events")?,
        })
    }
}

impl Store {
    /// How many events were removed on each day, oldest first.
    pub(crate) async fn removals(&self) -> Result<Vec<StoredRemoval>, StoreError> {
        Ok(sqlx::query_as(REMOVALS)
            .fetch_all(&mut *self.reader().await?)
            .await?)
    }

    /// What was erased, oldest first.
    pub(crate) async fn erasures(&self) -> Result<Vec<StoredErasure>, StoreError> {
        Ok(sqlx::query_as(ERASURES)
            .fetch_all(&mut *self.reader().await?)
            .await?)
    }
}

const REMOVALS: &str = "SELECT * FROM removals ORDER BY day, organization_id";

// An id begins with the time at which it was made.
const ERASURES: &str = "SELECT * FROM erasures ORDER BY id";
