//! Reading events: one by its id, or a page of them, newest first.

use sqlx::{QueryBuilder, Sqlite};

use crate::access::Scope;
use crate::store::log::PageInProgress;
use crate::store::sqlite::SqliteStore;
use crate::store::{Log, LogFilter, LogPage, StoreError};

impl SqliteStore {
    /// The event with this log id, or else those with this request_id, which several organisations may
    /// have used: two of them at most. Only what `scope` reaches.
    pub(crate) async fn logs_of(&self, id: &str, scope: &Scope) -> Result<Vec<Log>, StoreError> {
        let mut reader = self.reader().await?;
        for sql in [BY_ID, BY_REQUEST_ID] {
            let query = sqlx::query_as(sql).bind(id).bind(scope.id());
            let logs = query.fetch_all(&mut *reader).await?;
            if !logs.is_empty() {
                return Ok(logs);
            }
        }
        Ok(Vec::new())
    }

    /// A page of events. It ends early when its events are large, but never without one.
    pub(crate) async fn logs(&self, filter: &LogFilter) -> Result<LogPage, StoreError> {
        let mut page = PageInProgress::new(filter.limit);
        self.search(filter, |log| page.add(log)).await?;
        Ok(page.done())
    }
}

/// Adds to a statement that the call is one of these, of any organisation.
pub(super) fn push_request_ids<'i>(
    query: &mut QueryBuilder<Sqlite>,
    ids: impl Iterator<Item = &'i str>,
) {
    let ids = serde_json::json!(ids.collect::<Vec<_>>()).to_string();
    query.push("request_id IN (SELECT value FROM json_each(");
    query.push_bind(ids).push("))");
}

const BY_ID: &str = "
    SELECT position, id, received_at, erased_at, event FROM events
    WHERE id = ?1 AND (?2 IS NULL OR organization_id = ?2)";

const BY_REQUEST_ID: &str = "
    SELECT position, id, received_at, erased_at, event FROM events
    WHERE request_id = ?1 AND (?2 IS NULL OR organization_id = ?2) LIMIT 2";
