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
use crate::search::{Chunk, Term};
use crate::store::newest::{Newest, intersection};
use crate::store::segments::Head;
use crate::store::sqlite::segments;
use crate::store::sqlite::{SqliteStore, filter};
use crate::store::{Log, LogFilter, Position, StoreError};

impl SqliteStore {
    /// Gives the events of `filter` to `visit`, newest first, until it breaks off or there are no
    /// more.
    pub(super) async fn search(
        &self,
        filter: &LogFilter,
        mut visit: impl FnMut(Log) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let (first, last) = filter.range.bounds();
        let terms = filter.terms();
        if terms.is_empty() {
            let mut reader = self.reader().await?;
            let mut all = QueryBuilder::new(BETWEEN);
            all.push_bind(first.0).push(" AND ").push_bind(last.0);
            let read = read(&mut reader, filter, all, &mut visit).await;
            return read.map(|_| ());
        }
        // Before the database: what is written to it meanwhile is found twice, and not missed.
        let tail = self.tail.find(&terms, first, last);
        let mut reader = self.reader().await?;
        let began_at = Instant::now();
        // One state of the database, from which no segment goes while it is looked into.
        let mut transaction = reader.begin().await?;
        let mut candidates = Candidates::find(&mut transaction, terms, first, last).await?;
        candidates.add(tail);
        let count = filter.limit.saturating_add(1);
        let count = count.min(limits::SEARCHED_EVENTS_MAX);
        loop {
            let positions = candidates.next(&mut transaction, count).await?;
            if positions.is_empty() {
                return Ok(());
            }
            let positions: Vec<i64> = positions.into_iter().map(|at| at.0).collect();
            let mut some = QueryBuilder::new(AMONG);
            some.push_bind(format!("{positions:?}")).push("))");
            let flow = read(&mut transaction, filter, some, &mut visit).await?;
            if flow.is_break() {
                return Ok(());
            }
            if began_at.elapsed() > limits::QUERY_TIME_MAX {
                return Err(StoreError::TooSlow);
            }
        }
    }
}

/// Gives to `visit` what `query` reads and `filter` wants, newest first.
async fn read(
    connection: &mut SqliteConnection,
    filter: &LogFilter,
    mut query: QueryBuilder<Sqlite>,
    visit: &mut impl FnMut(Log) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, StoreError> {
    filter::check(filter, &mut query);
    query.push(" ORDER BY position DESC");
    let mut rows = query.build_query_as::<Log>().fetch(connection);
    while let Some(log) = rows.try_next().await? {
        let fits = filter.fits(&log.event);
        let fits = fits.map_err(|error| StoreError::Damaged(error.to_string()))?;
        if fits && visit(log).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Events that may be wanted, newest first.
pub(super) struct Candidates {
    terms: Vec<Term>,
    first: Position,
    last: Position,
    /// Segments that were not looked into yet, those with the newest events at the end.
    closed: Vec<Head>,
    /// What is left of the others.
    open: Newest,
}

impl Candidates {
    /// Those that have all of `terms`, of which there is one at least, from `first` up to `last`.
    pub(super) async fn find(
        connection: &mut SqliteConnection,
        terms: Vec<Term>,
        first: Position,
        last: Position,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            terms,
            first,
            last,
            closed: segments::between(connection, first, last).await?,
            open: Newest::default(),
        })
    }

    /// Adds some that were found elsewhere, ascending.
    pub(super) fn add(&mut self, positions: Vec<Position>) {
        self.open.add(positions);
    }

    /// The next of them, as many as `count`; fewer only if there are no more.
    pub(super) async fn next(
        &mut self,
        connection: &mut SqliteConnection,
        count: usize,
    ) -> Result<Vec<Position>, StoreError> {
        let mut next = Vec::new();
        while next.len() < count {
            self.open_up_to_the_newest(connection).await?;
            let Some(newest) = self.open.take() else {
                break;
            };
            next.push(newest);
        }
        Ok(next)
    }

    /// Looks into every segment that may have an event newer than the newest that is known.
    async fn open_up_to_the_newest(
        &mut self,
        connection: &mut SqliteConnection,
    ) -> Result<(), StoreError> {
        while let Some(segment) = self.closed.last().copied() {
            let newest = self.open.newest();
            if newest.is_some_and(|newest| newest > segment.last) {
                break;
            }
            self.closed.pop();
            let found = self.look_into(connection, segment).await?;
            self.open.add(found);
        }
        Ok(())
    }

    async fn look_into(
        &self,
        connection: &mut SqliteConnection,
        segment: Head,
    ) -> Result<Vec<Position>, StoreError> {
        let numbers = numbers(connection, segment, &self.terms).await?;
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let positions = segments::positions(connection, segment.id).await?;
        let numbers = numbers.into_iter().map(usize::from);
        let found = numbers.filter_map(|number| positions.get(number).copied());
        Ok(found
            .filter(|position| (self.first..=self.last).contains(position))
            .collect())
    }
}

/// The numbers of the events of a segment that have all of `terms`, ascending.
async fn numbers(
    connection: &mut SqliteConnection,
    segment: Head,
    terms: &[Term],
) -> Result<Vec<u16>, StoreError> {
    let mut common: Option<Vec<u16>> = None;
    for term in terms {
        let numbers = match chunk(connection, segment, *term).await? {
            Some(chunk) => chunk.numbers(*term)?,
            None => Vec::new(),
        };
        let both = match common {
            None => numbers,
            Some(common) => intersection(&common, &numbers),
        };
        if both.is_empty() {
            return Ok(both);
        }
        common = Some(both);
    }
    Ok(common.unwrap_or_default())
}

async fn chunk(
    connection: &mut SqliteConnection,
    segment: Head,
    term: Term,
) -> Result<Option<Chunk>, StoreError> {
    let query = sqlx::query_as(CHUNK).bind(segment.id).bind(term.number());
    let chunk: Option<(i64, Vec<u8>)> = query.fetch_optional(connection).await?;
    Ok(chunk.map(|(first, bytes)| Chunk {
        first: Term::from(first),
        bytes,
    }))
}

const BETWEEN: &str = "
    SELECT position, id, received_at, erased_at, event FROM events WHERE position BETWEEN ";

const AMONG: &str = "
    SELECT position, id, received_at, erased_at, event FROM events
    WHERE position IN (SELECT value FROM json_each(";

const CHUNK: &str = "
    SELECT first_term, bytes FROM segment_chunks WHERE segment = ? AND first_term <= ?
    ORDER BY first_term DESC LIMIT 1";
