//! Telling how much was removed and erased.

use crate::store::sqlite::SqliteStore;
use crate::store::{Removed, StoreError};

impl SqliteStore {
    /// What was removed of an organisation, or of all, since `from`, in microseconds since 1970, UTC.
    pub(crate) async fn removed_since(
        &self,
        from: i64,
        organization: Option<&str>,
    ) -> Result<Removed, StoreError> {
        let query = sqlx::query_as(REMOVED).bind(from).bind(organization);
        let (expired, erasures, erased): (i64, i64, i64) = query.fetch_one(&self.reads).await?;
        let count = |number: i64| u64::try_from(number).unwrap_or_default();
        Ok(Removed {
            expired_events: count(expired),
            erasures: count(erasures),
            erased_events: count(erased),
        })
    }
}

// An erasure in every organisation is one in this.
const REMOVED: &str = "
    SELECT
        (
            SELECT coalesce(sum(events), 0) FROM removals
            WHERE day >= ?1 / 86400000000 AND (?2 IS NULL OR organization_id = ?2)
        ),
        count(*),
        coalesce(sum(events), 0)
    FROM erasures
    WHERE created_at >= ?1
    AND (?2 IS NULL OR organization_id IS NULL OR organization_id = ?2)";
