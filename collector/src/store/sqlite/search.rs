//! Finding the events that a filter wants, newest first.
//!
//! The segments tell which events may be wanted: those that have all terms of the filter. They are
//! looked into as far as the page needs, those with the newest events first. What they name is read
//! and checked, because a term is only a hash, and an event may have been replaced or erased since.

use std::ops::ControlFlow;
use std::time::Instant;

use futures_util::TryStreamExt;
use sqlx::{Connection, QueryBuilder, Sqlite, SqliteConnection};

use crate::limits;
use crate::store::log::reading_logs;
use crate::store::sqlite::found::Found;
use crate::store::sqlite::{SqliteStore, filter};
use crate::store::{Log, LogFilter, StoreError};

impl SqliteStore {
    /// Gives the events of `filter` to `visit`, newest first, until it breaks off or there are no
    /// more.
    pub(super) async fn search(
        &self,
        filter: &LogFilter,
        mut visit: impl FnMut(Log) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let began_at = Instant::now();
        let (first, last) = filter.range.bounds();
        let terms = filter.terms();
        if terms.is_empty() || filter.is_of_conflicts() {
            let mut reader = self.reader().await?;
            let mut all = QueryBuilder::new(BETWEEN);
            all.push_bind(first.0).push(" AND ").push_bind(last.0);
            if filter.is_of_conflicts() {
                all.push(AMONG_CONFLICTS);
            }
            let read = read(&mut reader, filter, all, began_at, &mut visit).await;
            return read.map(|_| ());
        }
        let mut reader = self.reader().await?;
        // Before the database and after it: what a segment takes over meanwhile, and what is stored, is
        // found twice, and not missed.
        let before = self.tail.find(&terms, first, last);
        // One state of the database, from which no segment goes while it is looked into.
        let mut transaction = reader.begin().await?;
        let mut found = Found::by(&mut transaction, terms.clone(), first, last).await?;
        found.open.add(before);
        found.open.add(self.tail.find(&terms, first, last));
        let count = filter.limit.saturating_add(1);
        let count = count.min(limits::SEARCHED_EVENTS_MAX);
        loop {
            let positions = found.next(&mut transaction, count).await?;
            if positions.is_empty() {
                return Ok(());
            }
            let positions: Vec<i64> = positions.into_iter().map(|at| at.0).collect();
            let mut some = QueryBuilder::new(AMONG);
            some.push_bind(format!("{positions:?}")).push("))");
            let flow = read(&mut transaction, filter, some, began_at, &mut visit).await?;
            if flow.is_break() {
                return Ok(());
            }
        }
    }
}

/// Gives to `visit` what `query` reads and `filter` wants, newest first.
async fn read(
    connection: &mut SqliteConnection,
    filter: &LogFilter,
    mut query: QueryBuilder<Sqlite>,
    began_at: Instant,
    visit: &mut impl FnMut(Log) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, StoreError> {
    filter::check(filter, &mut query);
    query.push(" ORDER BY position DESC");
    let mut rows = query.build_query_as::<Log>().fetch(connection);
    while let Some(log) = rows.try_next().await? {
        if filter::fits(filter, &log, began_at).await? && visit(log).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

const BETWEEN: &str = reading_logs!("WHERE position BETWEEN ");

const AMONG_CONFLICTS: &str = " AND position IN (SELECT position FROM conflicts)";

const AMONG: &str = reading_logs!("WHERE position IN (SELECT value FROM json_each(");
