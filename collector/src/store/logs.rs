//! Reading events: one by its id, or a page of them, newest first.

use futures_util::TryStreamExt;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, QueryBuilder, Row, Sqlite};

use crate::access::Scope;
use crate::limits;
use crate::store::{Store, StoreError};

/// A stored event. Times are in microseconds since 1970, UTC.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) id: String,
    pub(crate) timestamp: i64,
    pub(crate) received_at: i64,
    /// The JSON object as it was sent.
    pub(crate) event: String,
}

impl<'r> FromRow<'r, SqliteRow> for Log {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            timestamp: row.try_get("timestamp")?,
            received_at: row.try_get("received_at")?,
            event: row.try_get("event")?,
        })
    }
}

/// Which events to read. `None` means any.
#[derive(Debug, Default)]
pub(crate) struct LogFilter {
    /// The first timestamp that is in, in microseconds.
    pub(crate) from: Option<i64>,
    /// The first timestamp that is no longer in, in microseconds.
    pub(crate) until: Option<i64>,
    pub(crate) decision_type: Option<String>,
    pub(crate) organization_id: Option<String>,
    pub(crate) user_id: Option<String>,
    /// Where the page before ended.
    pub(crate) after: Option<Position>,
    /// How many events, at most.
    pub(crate) limit: usize,
}

/// The place of an event in the order of pages: by timestamp, then by id, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) timestamp: i64,
    pub(crate) id: String,
}

/// Some events, and where to go on if there are more.
#[derive(Debug)]
pub(crate) struct LogPage {
    pub(crate) logs: Vec<Log>,
    pub(crate) next: Option<Position>,
}

impl Store {
    /// The event with this log id, or else with this request_id, if `scope` reaches it.
    ///
    /// Organisations may have used the same request_id: then the newest event.
    pub(crate) async fn log(&self, id: &str, scope: &Scope) -> Result<Option<Log>, StoreError> {
        for sql in [BY_ID, BY_REQUEST_ID] {
            let log = sqlx::query_as(sql)
                .bind(id)
                .bind(scope.id())
                .fetch_optional(&self.reads)
                .await?;
            if log.is_some() {
                return Ok(log);
            }
        }
        Ok(None)
    }

    /// A page of events. It ends early when its events are large, but never without one.
    pub(crate) async fn logs(&self, filter: &LogFilter) -> Result<LogPage, StoreError> {
        let mut query = page_query(filter);
        let mut rows = query.build_query_as::<Log>().fetch(&self.reads);
        let mut logs: Vec<Log> = Vec::new();
        let mut bytes_left = limits::PAGE_BYTES_MAX;
        let mut is_cut = false;
        while let Some(log) = rows.try_next().await? {
            is_cut =
                logs.len() == filter.limit || (log.event.len() > bytes_left && !logs.is_empty());
            if is_cut {
                break;
            }
            bytes_left = bytes_left.saturating_sub(log.event.len());
            logs.push(log);
        }
        let last = logs.last().filter(|_| is_cut);
        let next = last.map(|log| Position {
            timestamp: log.timestamp,
            id: log.id.clone(),
        });
        Ok(LogPage { logs, next })
    }
}

fn page_query(filter: &LogFilter) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(PAGE);
    if let Some(from) = filter.from {
        query.push(" AND timestamp >= ").push_bind(from);
    }
    if let Some(until) = filter.until {
        query.push(" AND timestamp < ").push_bind(until);
    }
    if let Some(decision_type) = &filter.decision_type {
        query
            .push(" AND decision_type = ")
            .push_bind(decision_type.clone());
    }
    if let Some(organization_id) = &filter.organization_id {
        query
            .push(" AND organization_id = ")
            .push_bind(organization_id.clone());
    }
    if let Some(user_id) = &filter.user_id {
        query.push(" AND user_id = ").push_bind(user_id.clone());
    }
    if let Some(Position { timestamp, id }) = &filter.after {
        query.push(" AND (timestamp, id) < (").push_bind(*timestamp);
        query.push(", ").push_bind(id.clone()).push(")");
    }
    // One more than asked for tells whether there is a next page.
    let rows_max = i64::try_from(filter.limit)
        .unwrap_or(i64::MAX)
        .saturating_add(1);
    query
        .push(" ORDER BY timestamp DESC, id DESC LIMIT ")
        .push_bind(rows_max);
    query
}

const PAGE: &str = "SELECT id, timestamp, received_at, event FROM events WHERE TRUE";

const BY_ID: &str = "
    SELECT id, timestamp, received_at, event FROM events
    WHERE id = ?1 AND (?2 IS NULL OR organization_id = ?2)";

const BY_REQUEST_ID: &str = "
    SELECT id, timestamp, received_at, event FROM events
    WHERE request_id = ?1 AND (?2 IS NULL OR organization_id = ?2)
    ORDER BY timestamp DESC, id DESC LIMIT 1";
