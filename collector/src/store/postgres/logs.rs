//! Reading events: one by its id, or a page of them, newest first.

use sqlx::{Postgres, QueryBuilder};

use crate::access::Scope;
use crate::limits;
use crate::store::log::PageInProgress;
use crate::store::postgres::{PostgresStore, hash_of, in_time, text};
use crate::store::{Log, LogFilter, LogPage, StoreError};

impl PostgresStore {
    /// The event with this log id, or else those with this request_id, which several organisations may
    /// have used: two of them at most. Only what `scope` reaches.
    pub(crate) async fn logs_of(&self, id: &str, scope: &Scope) -> Result<Vec<Log>, StoreError> {
        let mut reader = self.reader().await?;
        let organization = scope.id().map(text::stored);
        let logs = sqlx::query_as(BY_ID)
            .bind(text::stored(id))
            .bind(organization)
            .fetch_all(&mut *reader)
            .await?;
        if !logs.is_empty() {
            return Ok(logs);
        }
        let logs = sqlx::query_as(BY_REQUEST_ID)
            .bind(hash_of(id))
            .bind(scope.id().map(hash_of));
        Ok(logs.fetch_all(&mut *reader).await?)
    }

    /// A page of events. It ends early when its events are large, but never without one.
    pub(crate) async fn logs(&self, filter: &LogFilter) -> Result<LogPage, StoreError> {
        let mut page = PageInProgress::new(filter.limit);
        let search = self.search(filter, |log| page.add(log));
        in_time(limits::QUERY_TIME_MAX, search).await?;
        Ok(page.done())
    }
}

/// Adds to a statement that the call is one of these, of any organisation.
pub(super) fn push_request_ids<'i>(
    query: &mut QueryBuilder<Postgres>,
    ids: impl Iterator<Item = &'i str>,
) {
    let hashes: Vec<Vec<u8>> = ids.map(hash_of).collect();
    query.push("request_hash = ANY(");
    query.push_bind(hashes).push(")");
}

const BY_ID: &str = "
    SELECT position, id, received_at, erased_at, event FROM events
    WHERE id = $1 AND ($2::TEXT IS NULL OR organization_id = $2)";

const BY_REQUEST_ID: &str = "
    SELECT position, id, received_at, erased_at, event FROM events
    WHERE request_hash = $1 AND ($2::BYTEA IS NULL OR organization_hash = $2)
    LIMIT 2";
