//! Reading what was removed and erased.

use std::collections::BTreeMap;

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

/// An erasure, with what it has changed in one organization.
struct Part {
    id: String,
    erasure: StoredErasure,
    changed: Option<(String, i64)>,
}

impl<'r> FromRow<'r, Row> for Part {
    fn from_row(row: &'r Row) -> Result<Self, sqlx::Error> {
        let organization: Option<String> = row.try_get("organization_id")?;
        let changed: Option<String> = row.try_get("changed_organization_id")?;
        let events: Option<i64> = row.try_get("changed_events")?;
        Ok(Self {
            id: row.try_get("id")?,
            erasure: StoredErasure {
                scope: organization.map_or(Scope::All, |id| Scope::Organization(text::read(id))),
                user_id: text::read(row.try_get("user_id")?),
                reason: text::read(row.try_get("reason")?),
                created_at: row.try_get("created_at")?,
                events: row.try_get("events")?,
                by_organization: BTreeMap::new(),
            },
            changed: changed.map(text::read).zip(events),
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
        let parts: Vec<Part> = sqlx::query_as(ERASURES)
            .fetch_all(&mut *self.reader().await?)
            .await?;
        // An id begins with the time at which it was made.
        let mut erasures = BTreeMap::new();
        for part in parts {
            let erasure = erasures.entry(part.id).or_insert(part.erasure);
            erasure.by_organization.extend(part.changed);
        }
        Ok(erasures.into_values().collect())
    }
}

const REMOVALS: &str = "SELECT * FROM removals ORDER BY day, organization_id";

// In one statement, so that the parts come to the whole while an erasure is under way.
const ERASURES: &str = "
    SELECT
        erasures.*,
        erased_events.organization_id AS changed_organization_id,
        erased_events.events AS changed_events
    FROM erasures LEFT JOIN erased_events ON erasure_id = erasures.id";
