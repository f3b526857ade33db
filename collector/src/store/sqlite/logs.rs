//! Reading events: one by its id, or a page of them, newest first.

use std::borrow::Cow;

use sqlx::{QueryBuilder, Sqlite};

use crate::access::Scope;
use crate::limits;
use crate::store::fate::copies;
use crate::store::log::{LogIds, PageInProgress, reading_logs};
use crate::store::sqlite::SqliteStore;
use crate::store::{Log, LogFilter, LogPage, StoreError};

impl SqliteStore {
    /// The event with this log id, or else those with this request_id, which several organizations may
    /// have used or which contradict each other: two of them at most. Only what `scope` reaches.
    pub(crate) async fn logs_of(&self, id: &str, scope: &Scope) -> Result<Vec<Log>, StoreError> {
        let mut reader = self.reader().await?;
        let by_id = sqlx::query_as(BY_ID).bind(id).bind(scope.id());
        let logs = by_id.fetch_all(&mut *reader).await?;
        if !logs.is_empty() {
            return Ok(logs);
        }
        let logs = sqlx::query_as(BY_REQUEST_ID)
            .bind(look_ups_of(id))
            .bind(scope.id());
        Ok(logs.fetch_all(&mut *reader).await?)
    }

    /// The log ids of the events with this request_id that `scope` reaches, `count` of them at most.
    pub(crate) async fn log_ids_of(
        &self,
        request_id: &str,
        scope: &Scope,
        count: usize,
    ) -> Result<LogIds, StoreError> {
        let ids = sqlx::query_as(IDS)
            .bind(look_ups_of(request_id))
            .bind(scope.id())
            .bind(i64::try_from(count).unwrap_or(i64::MAX));
        let ids = ids.fetch_all(&mut *self.reader().await?).await?;
        Ok(LogIds::of(ids))
    }

    /// A page of events. It ends early when its events are large, but never without one.
    pub(crate) async fn logs(&self, filter: &LogFilter) -> Result<LogPage, StoreError> {
        let mut page = PageInProgress::new(filter.limit);
        self.search(filter, |log| page.add(log)).await?;
        Ok(page.done())
    }
}

/// What a column has of an organization by which events are looked up.
pub(super) fn organization(id: &str) -> &str {
    id
}

/// What a column has of an event that is at this place of its call: the first its `request_id`, and the
/// others what is longer than any.
pub(super) fn look_up(request_id: &str, copy: u8) -> Cow<'_, str> {
    match copy {
        0 => request_id.into(),
        _ => format!("{request_id}{:1$}{copy:02}", "", limits::ID_BYTES_MAX).into(),
    }
}

/// What [`look_up`] gives, several as one value.
pub(super) fn look_ups<'l>(look_ups: impl Iterator<Item = Cow<'l, str>>) -> String {
    serde_json::json!(look_ups.collect::<Vec<_>>()).to_string()
}

/// Everything that an event with this request_id can be looked up by.
fn look_ups_of(request_id: &str) -> String {
    let is_id = request_id.len() <= limits::ID_BYTES_MAX;
    let all = [0].into_iter().chain(copies()).filter(|_| is_id);
    look_ups(all.map(|copy| look_up(request_id, copy)))
}

/// Adds to a statement that the event can be looked up by one of these, in any organization.
pub(super) fn push_look_ups<'l>(
    query: &mut QueryBuilder<Sqlite>,
    keys: impl Iterator<Item = Cow<'l, str>>,
) {
    query.push("request_id IN (SELECT value FROM json_each(");
    query.push_bind(look_ups(keys)).push("))");
}

const BY_ID: &str = reading_logs!("WHERE id = ?1 AND (?2 IS NULL OR organization_id = ?2)");

const BY_REQUEST_ID: &str = reading_logs!(
    "WHERE request_id IN (SELECT value FROM json_each(?1))
    AND (?2 IS NULL OR organization_id = ?2) LIMIT 2"
);

const IDS: &str = "
    SELECT id, count(*) OVER () FROM events
    WHERE request_id IN (SELECT value FROM json_each(?1))
    AND (?2 IS NULL OR organization_id = ?2)
    ORDER BY coalesce(recorded_kind, '') = 'application', id LIMIT ?3";
