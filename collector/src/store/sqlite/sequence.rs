//! Noting which numbers of a writer's sequence were received.
//!
//! A sequence is kept as runs without a hole, so that it takes as much room as it has holes, however
//! many events there are.

use sqlx::SqliteConnection;

use crate::event::Event;
use crate::store::news::News;
use crate::store::{Run, Status, StoreError};

/// Notes the events that were stored, each with what became of it.
pub(super) async fn note<'a>(
    connection: &mut SqliteConnection,
    stored: impl Iterator<Item = (&'a Event, Status)>,
) -> Result<(), StoreError> {
    for ((organization, writer), news) in News::by_writer(stored) {
        let mut writer = Writer {
            connection,
            organization,
            writer,
        };
        let mut received = 0_i64;
        for run in news.runs() {
            received = received.saturating_add(writer.add_run(run).await?);
        }
        writer.add(&news, received).await?;
    }
    Ok(())
}

/// The rows of one writer.
struct Writer<'a> {
    connection: &'a mut SqliteConnection,
    organization: &'a str,
    writer: &'a str,
}

impl Writer<'_> {
    /// Joins a run with those that it overlaps or touches, and tells how many numbers are new.
    async fn add_run(&mut self, run: Run) -> Result<i64, StoreError> {
        let mut joined = run;
        let mut known = 0_i64;
        for other in self.take_neighbours(run).await? {
            joined.first_seq = joined.first_seq.min(other.first_seq);
            joined.last_seq = joined.last_seq.max(other.last_seq);
            known = known.saturating_add(other.len());
        }
        sqlx::query(ADD_RUN)
            .bind(self.organization)
            .bind(self.writer)
            .bind(joined.first_seq)
            .bind(joined.last_seq)
            .execute(&mut *self.connection)
            .await?;
        Ok(joined.len().saturating_sub(known))
    }

    async fn take_neighbours(&mut self, run: Run) -> Result<Vec<Run>, StoreError> {
        let query = sqlx::query_as::<_, (i64, i64)>(TAKE_NEIGHBOURS)
            .bind(self.organization)
            .bind(self.writer)
            .bind(run.first_seq)
            .bind(run.first_seq.saturating_sub(1))
            .bind(run.last_seq.saturating_add(1));
        let taken = query.fetch_all(&mut *self.connection).await?;
        let runs = taken.into_iter().map(|(first_seq, last_seq)| Run {
            first_seq,
            last_seq,
        });
        Ok(runs.collect())
    }

    async fn add(&mut self, news: &News, received: i64) -> Result<(), StoreError> {
        sqlx::query(ADD)
            .bind(self.organization)
            .bind(self.writer)
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

/// The last run that begins at or before ours, if it reaches us, and all that begin before our end.
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
    RETURNING first_seq, last_seq";

const ADD_RUN: &str = "
    INSERT INTO writer_runs (organization_id, writer_id, first_seq, last_seq)
    VALUES (?, ?, ?, ?)";

const ADD: &str = "
    INSERT INTO writers (
        organization_id, writer_id, events, received, last_seq, first_timestamp, last_timestamp
    ) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (organization_id, writer_id) DO UPDATE SET
        events = events + excluded.events,
        received = received + excluded.received,
        last_seq = max(last_seq, excluded.last_seq),
        first_timestamp = min(first_timestamp, excluded.first_timestamp),
        last_timestamp = max(last_timestamp, excluded.last_timestamp)";
