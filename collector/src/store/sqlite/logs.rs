//! Reading events: one by its id, or a page of them, newest first.

use crate::access::Scope;
use crate::store::log::PageInProgress;
use crate::store::sqlite::SqliteStore;
use crate::store::{Log, LogFilter, LogPage, StoreError};

impl SqliteStore {
    /// The event with this log id, or else with this request_id, if `scope` reaches it.
    ///
    /// Organisations may have used the same request_id: then the newest event.
    pub(crate) async fn log(&self, id: &str, scope: &Scope) -> Result<Option<Log>, StoreError> {
        let mut reader = self.reader().await?;
        for sql in [BY_ID, BY_REQUEST_ID] {
            let log = sqlx::query_as(sql)
                .bind(id)
                .bind(scope.id())
                .fetch_optional(&mut *reader)
                .await?;
            if log.is_some() {
                return Ok(log);
            }
        }
        Ok(None)
    }

    /// A page of events. It ends early when its events are large, but never without one.
    pub(crate) async fn logs(&self, filter: &LogFilter) -> Result<LogPage, StoreError> {
        let mut page = PageInProgress::new(filter.limit);
        self.search(filter, |log| page.add(log)).await?;
        Ok(page.done())
    }
}

const BY_ID: &str = "
    SELECT position, id, received_at, erased_at, event FROM events
    WHERE id = ?1 AND (?2 IS NULL OR organization_id = ?2)";

const BY_REQUEST_ID: &str = "
    SELECT position, id, received_at, erased_at, event FROM events
    WHERE request_id = ?1 AND (?2 IS NULL OR organization_id = ?2)
    ORDER BY position DESC LIMIT 1";
