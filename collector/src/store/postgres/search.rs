//! Finding the events that a filter wants, newest first.
//!
//! The segments tell which events may be wanted: those that have all terms of the filter. They are
//! looked into as far as the page needs, those with the newest events first, some at a time. What
//! they name is read and checked, because a term is only a hash, and an event may have been replaced
//! or erased since.

use std::ops::ControlFlow;
use std::time::Instant;

use sqlx::{Connection, PgConnection, QueryBuilder};

use crate::limits;
use crate::search::Position;
use crate::store::log::reading_logs;
use crate::store::postgres::found::Found;
use crate::store::postgres::terms::SNAPSHOT;
use crate::store::postgres::{PostgresStore, filter};
use crate::store::{Log, LogFilter, StoreError};

impl PostgresStore {
    /// Gives the events of `filter` to `visit`, newest first, until it breaks off or there are no
    /// more.
    pub(super) async fn search(
        &self,
        filter: &LogFilter,
        mut visit: impl FnMut(Log) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let began_at = Instant::now();
        let mut reader = self.reader().await?;
        // One state of the database, from which no segment goes while it is looked into.
        let mut snapshot = reader.begin_with(SNAPSHOT).await?;
        let (first, last) = filter.range.bounds();
        let count = filter.limit.saturating_add(1);
        let count = count.min(limits::SEARCHED_EVENTS_MAX);
        let mut candidates = match filter.terms() {
            _ if filter.is_of_conflicts() => Candidates::All {
                query: CONFLICTS,
                first,
                last,
            },
            terms if terms.is_empty() => Candidates::All {
                query: ALL,
                first,
                last,
            },
            terms => Candidates::Some(Found::by(&mut snapshot, terms, first, last).await?),
        };
        loop {
            let sizes = candidates.next(&mut snapshot, count).await?;
            if sizes.is_empty() {
                return Ok(());
            }
            for some in in_parts(&sizes) {
                let flow = read(&mut snapshot, filter, some, began_at, &mut visit).await?;
                if flow.is_break() {
                    return Ok(());
                }
            }
        }
    }
}

/// The position of an event, and how many bytes its text has.
type Size = (i64, i32);

/// Events that may be wanted, newest first.
enum Candidates {
    /// All of a stretch of time that a query gives.
    All {
        query: &'static str,
        first: Position,
        last: Position,
    },
    Some(Found),
}

impl Candidates {
    /// The next of them, as many as `count`, without those that are gone; none if there are no more.
    async fn next(
        &mut self,
        connection: &mut PgConnection,
        count: usize,
    ) -> Result<Vec<Size>, StoreError> {
        match self {
            Self::All { query, first, last } => {
                let query = sqlx::query_as(*query)
                    .bind(first.0)
                    .bind(last.0)
                    .bind(i64::try_from(count).unwrap_or(i64::MAX));
                let sizes: Vec<Size> = query.fetch_all(connection).await?;
                if let Some((oldest, _)) = sizes.last() {
                    *last = Position(*oldest).before();
                }
                Ok(sizes)
            }
            Self::Some(found) => loop {
                let positions = found.next(connection, count).await?;
                let positions: Vec<i64> = positions.into_iter().map(|at| at.0).collect();
                let query = sqlx::query_as(SOME).bind(&positions);
                let sizes: Vec<Size> = query.fetch_all(&mut *connection).await?;
                if !sizes.is_empty() || positions.is_empty() {
                    return Ok(sizes);
                }
            },
        }
    }
}

/// The events in parts that are each read at once: what is read and not wanted is small.
fn in_parts(sizes: &[Size]) -> impl Iterator<Item = &[Size]> {
    let mut rest = sizes;
    std::iter::from_fn(move || {
        let mut bytes_left = limits::PAGE_BYTES_MAX;
        let fit = rest.iter().take_while(|(_, bytes)| {
            let left = bytes_left.checked_sub(usize::try_from(*bytes).unwrap_or_default());
            bytes_left = left.unwrap_or_default();
            left.is_some()
        });
        let count = fit.count().max(1);
        let (part, others) = rest.split_at_checked(count)?;
        rest = others;
        Some(part)
    })
}

/// Gives to `visit` what `filter` wants of some events.
async fn read(
    connection: &mut PgConnection,
    filter: &LogFilter,
    sizes: &[Size],
    began_at: Instant,
    visit: &mut impl FnMut(Log) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, StoreError> {
    let positions: Vec<i64> = sizes.iter().map(|(position, _)| *position).collect();
    let mut query = QueryBuilder::new(READ);
    query.push_bind(positions).push(")");
    filter::check(filter, &mut query);
    query.push(" ORDER BY position DESC");
    let logs: Vec<Log> = query.build_query_as().fetch_all(connection).await?;
    for log in logs {
        if filter::fits(filter, &log, began_at).await? && visit(log).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

const ALL: &str = "
    SELECT position, octet_length(event) FROM events WHERE position BETWEEN $1 AND $2
    ORDER BY position DESC LIMIT $3";

const CONFLICTS: &str = "
    SELECT position, octet_length(event) FROM conflicts JOIN events USING (position)
    WHERE position BETWEEN $1 AND $2 ORDER BY position DESC LIMIT $3";

const SOME: &str = "
    SELECT position, octet_length(event) FROM events WHERE position = ANY($1::BIGINT[])
    ORDER BY position DESC";

const READ: &str = reading_logs!("WHERE position = ANY(");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_as_large_as_a_page_and_never_empty() {
        let page = i32::try_from(limits::PAGE_BYTES_MAX).unwrap();
        let sizes = [1, page, page - 1, 1, 5].map(|bytes| (0, bytes));
        let parts: Vec<usize> = in_parts(&sizes).map(<[_]>::len).collect();
        assert_eq!(parts, [1, 1, 2, 1]);
        assert_eq!(in_parts(&[]).count(), 0);
    }
}
