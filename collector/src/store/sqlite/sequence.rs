//! Noting which numbers of a writer's sequence were received.
//!
//! A sequence is kept as runs without a hole, so that it takes as much room as it has holes, however
//! many events there are.

use sqlx::SqliteConnection;

use crate::store::news::News;
use crate::store::sqlite::keys::is_of_application;
use crate::store::{Run, StoreError};

/// Notes what came of writers. Tells which of the events name a writer that belongs to others.
pub(super) async fn note(
    connection: &mut SqliteConnection,
    news: Vec<News<'_>>,
) -> Result<Vec<usize>, StoreError> {
    let mut of_others = Vec::new();
    for news in news {
        let mut writer = Writer {
            connection,
            news: &news,
        };
        let is_noted = writer.note().await? || (writer.claim().await? && writer.note().await?);
        if !is_noted {
            of_others.extend(news.places);
        }
    }
    Ok(of_others)
}

/// The rows of one writer, and what came of it.
struct Writer<'a> {
    connection: &'a mut SqliteConnection,
    news: &'a News<'a>,
}

impl Writer<'_> {
    /// Notes what came, if the writer is known and belongs to the family, which only the first statement
    /// that writes has to look at.
    async fn note(&mut self) -> Result<bool, StoreError> {
        let mut received = 0_i64;
        for run in self.news.runs() {
            let Some(new) = self.add_run(run).await? else {
                return Ok(false);
            };
            received = received.saturating_add(new);
        }
        self.add(received).await?;
        Ok(true)
    }

    /// Takes a writer for the family that is new to the organization or belongs to nobody yet, unless it
    /// belongs to another family elsewhere.
    async fn claim(&mut self) -> Result<bool, StoreError> {
        let (writer, family) = (self.news.writer, self.news.family);
        if let Some(family) = family {
            let owner = sqlx::query_scalar(OWNER).bind(writer);
            let owner: Option<String> = owner.fetch_optional(&mut *self.connection).await?;
            if owner.is_some_and(|owner| owner != family)
                || is_of_application(self.connection, family).await?
            {
                return Ok(false);
            }
        }
        sqlx::query(CLAIM)
            .bind(self.news.organization)
            .bind(writer)
            .bind(self.news.first_timestamp)
            .bind(self.news.last_timestamp)
            .bind(family)
            .execute(&mut *self.connection)
            .await?;
        Ok(true)
    }

    /// Joins a run with those that it overlaps or touches, and tells how many numbers are new; `None` if
    /// the writer is not the family's.
    async fn add_run(&mut self, run: Run) -> Result<Option<i64>, StoreError> {
        let mut joined = run;
        let mut known = 0_i64;
        for other in self.take_neighbours(run).await? {
            joined.first_seq = joined.first_seq.min(other.first_seq);
            joined.last_seq = joined.last_seq.max(other.last_seq);
            known = known.saturating_add(other.len());
        }
        let added = sqlx::query(ADD_RUN)
            .bind(self.news.organization)
            .bind(self.news.writer)
            .bind(joined.first_seq)
            .bind(joined.last_seq)
            .bind(self.news.family)
            .execute(&mut *self.connection)
            .await?;
        let new = joined.len().saturating_sub(known);
        Ok((added.rows_affected() > 0).then_some(new))
    }

    async fn take_neighbours(&mut self, run: Run) -> Result<Vec<Run>, StoreError> {
        let query = sqlx::query_as::<_, (i64, i64)>(TAKE_NEIGHBOURS)
            .bind(self.news.organization)
            .bind(self.news.writer)
            .bind(run.first_seq)
            .bind(run.first_seq.saturating_sub(1))
            .bind(run.last_seq.saturating_add(1))
            .bind(self.news.family);
        let taken = query.fetch_all(&mut *self.connection).await?;
        let runs = taken.into_iter().map(|(first_seq, last_seq)| Run {
            first_seq,
            last_seq,
        });
        Ok(runs.collect())
    }

    async fn add(&mut self, received: i64) -> Result<(), StoreError> {
        let news = self.news;
        sqlx::query(ADD)
            .bind(news.organization)
            .bind(news.writer)
            .bind(news.events)
            .bind(received)
            .bind(news.last_seq())
            .bind(news.first_timestamp)
            .bind(news.last_timestamp)
            .execute(&mut *self.connection)
            .await?;
        Ok(())
    }
}

/// The last run that begins at or before ours, if it reaches us, and all that begin before our end. None
/// of a writer that is not the family's.
const TAKE_NEIGHBOURS: &str = "
    DELETE FROM writer_runs
    WHERE organization_id = ?1 AND writer_id = ?2 AND first_seq <= ?5 AND first_seq >= coalesce(
        (
            SELECT first_seq FROM (
                SELECT first_seq, last_seq FROM writer_runs
                WHERE organization_id = ?1 AND writer_id = ?2 AND first_seq <= ?3
                ORDER BY first_seq DESC LIMIT 1
            )
            WHERE last_seq >= ?4
        ),
        ?3
    )
    AND EXISTS (
        SELECT 1 FROM writers
        WHERE organization_id = ?1 AND writer_id = ?2 AND (?6 IS NULL OR family = ?6)
    )
    RETURNING first_seq, last_seq";

const ADD_RUN: &str = "
    INSERT INTO writer_runs (organization_id, writer_id, first_seq, last_seq)
    SELECT organization_id, writer_id, ?3, ?4 FROM writers
    WHERE organization_id = ?1 AND writer_id = ?2 AND (?5 IS NULL OR family = ?5)";

const ADD: &str = "
    UPDATE writers SET
        events = events + ?3,
        received = received + ?4,
        last_seq = max(last_seq, ?5),
        first_timestamp = min(first_timestamp, ?6),
        last_timestamp = max(last_timestamp, ?7)
    WHERE organization_id = ?1 AND writer_id = ?2";

/// All of a writer's rows that belong to a family belong to one.
const OWNER: &str = "
    SELECT family FROM writers WHERE writer_id = ? AND family IS NOT NULL LIMIT 1";

const CLAIM: &str = "
    INSERT INTO writers (
        organization_id, writer_id, events, received, last_seq, first_timestamp, last_timestamp,
        family
    ) VALUES (?, ?, 0, 0, 0, ?, ?, ?)
    ON CONFLICT (organization_id, writer_id) DO UPDATE SET
        family = coalesce(family, excluded.family)";
