//! Finding the events that a filter wants, newest first.
//!
//! There are two ways to them, and either can be a thousand times as long as the other: to walk
//! through the newest events and look at each, which is short where many are wanted; and to ask the
//! index, which gives all that are wanted in no order, and is short where few are. The server would
//! have to guess. So a search walks a while, and goes on as what it met suggests.

use std::ops::ControlFlow;

use sqlx::{Connection, PgConnection, QueryBuilder};

use crate::limits;
use crate::store::postgres::{PostgresStore, filter, terms_of};
use crate::store::{Log, LogFilter, Position, StoreError};

impl PostgresStore {
    /// Gives the events of `filter` to `visit`, newest first, until it breaks off or there are no
    /// more.
    pub(super) async fn search(
        &self,
        filter: &LogFilter,
        mut visit: impl FnMut(Log) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut reader = self.reader().await?;
        // One state of the database, so that no event is met twice or passed over.
        let mut snapshot = reader.begin_with(SNAPSHOT).await?;
        let mut candidates = Candidates::of(filter);
        loop {
            let found = candidates.next(&mut snapshot).await?;
            for some in in_parts(&found) {
                if read(&mut snapshot, filter, some, &mut visit)
                    .await?
                    .is_break()
                {
                    return Ok(());
                }
            }
            if candidates.is_over {
                return Ok(());
            }
        }
    }
}

/// An event that may be wanted, and the bytes of its text.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    position: i64,
    bytes: usize,
}

/// Events that may be wanted, newest first.
struct Candidates {
    terms: Vec<i64>,
    first: Position,
    /// Where to go on.
    last: Position,
    /// How many are looked for at a time.
    count: i64,
    way: Way,
    is_over: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Walk,
    Index,
}

impl Candidates {
    fn of(filter: &LogFilter) -> Self {
        let (first, last) = filter.range.bounds();
        let count = filter.limit.saturating_add(1);
        let count = count.min(limits::SEARCHED_EVENTS_MAX);
        Self {
            terms: terms_of(&filter.terms()),
            first,
            last,
            count: i64::try_from(count).unwrap_or(i64::MAX),
            way: Way::Walk,
            is_over: false,
        }
    }

    /// Some more of them; none, or no more than that, if it `is_over`.
    async fn next(&mut self, connection: &mut PgConnection) -> Result<Vec<Candidate>, StoreError> {
        match self.way {
            Way::Walk => self.walk(connection).await,
            Way::Index => self.ask_the_index(connection).await,
        }
    }

    async fn walk(&mut self, connection: &mut PgConnection) -> Result<Vec<Candidate>, StoreError> {
        let is_any = self.terms.is_empty();
        let steps = if is_any {
            self.count
        } else {
            limits::WALKED_EVENTS
        };
        let query = sqlx::query_as(WALK)
            .bind(self.first.0)
            .bind(self.last.0)
            .bind(steps)
            .bind(&self.terms);
        let walked: Vec<(i64, i32, bool)> = query.fetch_all(connection).await?;
        self.passed(
            walked.last().map(|(position, ..)| *position),
            walked.len(),
            steps,
        );
        let wanted = walked.into_iter().filter(|(.., is_wanted)| *is_wanted);
        let wanted: Vec<Candidate> = wanted
            .map(|(at, bytes, _)| Candidate::new(at, bytes))
            .collect();
        if !is_any && wanted.len() < limits::WALKED_EVENTS_WANTED_MIN {
            self.way = Way::Index;
        }
        Ok(wanted)
    }

    async fn ask_the_index(
        &mut self,
        connection: &mut PgConnection,
    ) -> Result<Vec<Candidate>, StoreError> {
        let query = sqlx::query_as(OF_INDEX)
            .bind(self.first.0)
            .bind(self.last.0)
            .bind(self.count)
            .bind(&self.terms);
        let found: Vec<(i64, i32)> = query.fetch_all(connection).await?;
        self.passed(
            found.last().map(|(position, _)| *position),
            found.len(),
            self.count,
        );
        let found = found.into_iter();
        Ok(found.map(|(at, bytes)| Candidate::new(at, bytes)).collect())
    }

    /// Notes how far one has come, with so many events where so many were asked for.
    fn passed(&mut self, oldest: Option<i64>, count: usize, asked: i64) {
        self.is_over = i64::try_from(count).unwrap_or(i64::MAX) < asked;
        if let Some(oldest) = oldest {
            self.last = Position(oldest).before();
            self.is_over |= oldest <= self.first.0;
        }
    }
}

impl Candidate {
    fn new(position: i64, bytes: i32) -> Self {
        Self {
            position,
            bytes: usize::try_from(bytes).unwrap_or_default(),
        }
    }
}

/// The candidates in parts that are each read at once: what is read and not wanted is small.
fn in_parts(candidates: &[Candidate]) -> impl Iterator<Item = &[Candidate]> {
    let mut rest = candidates;
    std::iter::from_fn(move || {
        let mut bytes = 0_usize;
        let fit = rest.iter().take_while(|candidate| {
            bytes = bytes.saturating_add(candidate.bytes);
            bytes <= limits::PAGE_BYTES_MAX
        });
        let count = fit.count().max(1);
        let (part, others) = rest.split_at_checked(count)?;
        rest = others;
        Some(part)
    })
}

/// Gives to `visit` what `filter` wants of the candidates.
async fn read(
    connection: &mut PgConnection,
    filter: &LogFilter,
    candidates: &[Candidate],
    visit: &mut impl FnMut(Log) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, StoreError> {
    let positions: Vec<i64> = candidates
        .iter()
        .map(|candidate| candidate.position)
        .collect();
    let mut query = QueryBuilder::new(READ);
    query.push_bind(positions).push(")");
    filter::check(filter, &mut query);
    query.push(" ORDER BY position DESC");
    let logs: Vec<Log> = query.build_query_as().fetch_all(connection).await?;
    for log in logs {
        let fits = filter.fits(&log.event);
        let fits = fits.map_err(|error| StoreError::Damaged(error.to_string()))?;
        if fits && visit(log).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

// The inner query is a walk in the order of time, whatever the server thinks of the terms.
const WALK: &str = "
    SELECT position, octet_length(event), terms @> $4::BIGINT[]
    FROM (
        SELECT position, event, terms FROM events WHERE position BETWEEN $1 AND $2
        ORDER BY position DESC LIMIT $3
    ) AS newest
    ORDER BY position DESC";

// In an order of which there is no index, so that the server does not walk.
const OF_INDEX: &str = "
    SELECT position, octet_length(event) FROM events
    WHERE terms @> $4::BIGINT[] AND position BETWEEN $1 AND $2
    ORDER BY position + 0 DESC LIMIT $3";

const READ: &str = "
    SELECT position, id, received_at, event FROM events WHERE position = ANY(";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_as_large_as_a_page_and_never_empty() {
        let sizes = [1, limits::PAGE_BYTES_MAX, limits::PAGE_BYTES_MAX - 1, 1, 5];
        let candidates = sizes.map(|bytes| Candidate { position: 0, bytes });
        let parts: Vec<usize> = in_parts(&candidates).map(<[_]>::len).collect();
        assert_eq!(parts, [1, 1, 2, 1]);
        assert_eq!(in_parts(&[]).count(), 0);
    }
}
