//! Reading events: one by its id, or a page of them, newest first.

use std::ops::ControlFlow;

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use crate::access::Scope;
use crate::limits;
use crate::store::sqlite::SqliteStore;
use crate::store::{Log, LogFilter, LogPage, Position, StoreError};

impl<'r> FromRow<'r, SqliteRow> for Log {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            position: Position(row.try_get("position")?),
            id: row.try_get("id")?,
            received_at: row.try_get("received_at")?,
            event: row.try_get("event")?,
        })
    }
}

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
        let mut logs: Vec<Log> = Vec::new();
        let mut bytes_left = limits::PAGE_BYTES_MAX;
        let mut is_cut = false;
        let search = self.search(filter, |log| {
            is_cut =
                logs.len() == filter.limit || (log.event.len() > bytes_left && !logs.is_empty());
            if is_cut {
                return ControlFlow::Break(());
            }
            bytes_left = bytes_left.saturating_sub(log.event.len());
            logs.push(log);
            ControlFlow::Continue(())
        });
        search.await?;
        let last = logs.last().filter(|_| is_cut);
        let next = last.map(|log| log.position);
        Ok(LogPage { logs, next })
    }
}

const BY_ID: &str = "
    SELECT position, id, received_at, event FROM events
    WHERE id = ?1 AND (?2 IS NULL OR organization_id = ?2)";

const BY_REQUEST_ID: &str = "
    SELECT position, id, received_at, event FROM events
    WHERE request_id = ?1 AND (?2 IS NULL OR organization_id = ?2)
    ORDER BY position DESC LIMIT 1";
