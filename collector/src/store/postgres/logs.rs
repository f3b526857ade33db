//! Reading events: one by its id, or a page of them, newest first.

use sha2::{Digest, Sha256};
use sqlx::{Postgres, QueryBuilder};

use crate::access::Scope;
use crate::limits;
use crate::store::fate::copies;
use crate::store::log::{LogIds, PageInProgress, reading_logs};
use crate::store::postgres::{PostgresStore, hash_of, in_time, text};
use crate::store::{Log, LogFilter, LogPage, StoreError};

impl PostgresStore {
    /// The event with this log id, or else those with this request_id, which several organizations may
    /// have used or which contradict each other: two of them at most. Only what `scope` reaches.
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
            .bind(look_ups_of(id))
            .bind(scope.id().map(hash_of));
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
            .bind(scope.id().map(hash_of))
            .bind(i64::try_from(count).unwrap_or(i64::MAX));
        let ids = ids.fetch_all(&mut *self.reader().await?).await?;
        Ok(LogIds::of(ids))
    }

    /// A page of events. It ends early when its events are large, but never without one.
    pub(crate) async fn logs(&self, filter: &LogFilter) -> Result<LogPage, StoreError> {
        let mut page = PageInProgress::new(filter.limit);
        let search = self.search(filter, |log| page.add(log));
        in_time(limits::QUERY_TIME_MAX, search).await?;
        Ok(page.done())
    }
}

/// What a column has of an organization by which events are looked up.
pub(super) fn organization(id: &str) -> Vec<u8> {
    hash_of(id)
}

/// What a column has of an event that is at this place of its call: the first the hash of its
/// `request_id`, and the others the hash of what is no text and so nobody's id.
pub(super) fn look_up(request_id: &str, copy: u8) -> Vec<u8> {
    match copy {
        0 => hash_of(request_id),
        _ => Sha256::new()
            .chain_update(request_id)
            .chain_update([0xff, copy])
            .finalize()
            .to_vec(),
    }
}

/// What [`look_up`] gives, several as one value.
pub(super) fn look_ups(look_ups: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    look_ups.collect()
}

/// Everything that an event with this request_id can be looked up by.
fn look_ups_of(request_id: &str) -> Vec<Vec<u8>> {
    let all = [0].into_iter().chain(copies());
    look_ups(all.map(|copy| look_up(request_id, copy)))
}

/// Adds to a statement that the event can be looked up by one of these, in any organization.
pub(super) fn push_look_ups(
    query: &mut QueryBuilder<Postgres>,
    keys: impl Iterator<Item = Vec<u8>>,
) {
    query.push("request_hash = ANY(");
    query.push_bind(look_ups(keys)).push(")");
}

const BY_ID: &str = reading_logs!("WHERE id = $1 AND ($2::TEXT IS NULL OR organization_id = $2)");

const BY_REQUEST_ID: &str = reading_logs!(
    "WHERE request_hash = ANY($1) AND ($2::BYTEA IS NULL OR organization_hash = $2)
    LIMIT 2"
);

const IDS: &str = "
    SELECT id, count(*) OVER () FROM events
    WHERE request_hash = ANY($1) AND ($2::BYTEA IS NULL OR organization_hash = $2)
    ORDER BY coalesce(recorded_kind, '') = 'application', id LIMIT $3";
