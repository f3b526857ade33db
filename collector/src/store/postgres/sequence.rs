//! Noting which numbers of a writer's sequence were received.
//!
//! Two collectors may receive events of the same writer. Each locks the writers' rows in the order of
//! their names, so that none waits for another in a circle, before it joins runs of theirs.

use std::collections::HashMap;

use sqlx::PgConnection;

use crate::event::Event;
use crate::store::news::News;
use crate::store::postgres::{hash_of, text};
use crate::store::{Run, Status, StoreError};

/// Notes the events that were stored, each with what became of it.
pub(super) async fn note<'a>(
    connection: &mut PgConnection,
    stored: impl Iterator<Item = (&'a Event, Status)>,
) -> Result<(), StoreError> {
    let news = News::by_writer(stored);
    if news.is_empty() {
        return Ok(());
    }
    let mut writers = Writers::default();
    let mut new_runs = Runs::default();
    for ((organization, writer), news) in &news {
        let hash = writer_hash(organization, writer);
        new_runs.extend(&hash, news.runs());
        writers.push(hash, organization, writer, news);
    }
    writers.add(connection).await?;
    let mut runs_by_writer = new_runs.by_writer();
    let known = take_neighbours(connection, &new_runs).await?;
    for (writer, run) in known.iter() {
        runs_by_writer.entry(writer).or_default().push(run);
    }
    let mut joined = Runs::default();
    for (writer, runs) in runs_by_writer {
        joined.extend(writer, Run::joined(runs));
    }
    joined.add(connection).await?;
    add_received(connection, &joined, &known).await
}

/// What identifies a writer in an index.
pub(super) fn writer_hash(organization: &str, writer: &str) -> Vec<u8> {
    // JSON keeps the two apart whatever they hold.
    hash_of(&serde_json::json!([organization, writer]).to_string())
}

/// What the events bring, a column each, as one statement takes it.
#[derive(Default)]
struct Writers {
    hashes: Vec<Vec<u8>>,
    organizations: Vec<String>,
    names: Vec<String>,
    events: Vec<i64>,
    last_seqs: Vec<i64>,
    first_timestamps: Vec<i64>,
    last_timestamps: Vec<i64>,
}

impl Writers {
    fn push(&mut self, hash: Vec<u8>, organization: &str, writer: &str, news: &News) {
        self.hashes.push(hash);
        self.organizations
            .push(text::stored(organization).into_owned());
        self.names.push(text::stored(writer).into_owned());
        self.events.push(news.events);
        self.last_seqs.push(news.last_seq().unwrap_or_default());
        self.first_timestamps.push(news.first_timestamp);
        self.last_timestamps.push(news.last_timestamp);
    }

    /// Adds it to the writers' rows, which are locked from then on.
    async fn add(self, connection: &mut PgConnection) -> Result<(), StoreError> {
        sqlx::query(ADD)
            .bind(self.hashes)
            .bind(self.organizations)
            .bind(self.names)
            .bind(self.events)
            .bind(self.last_seqs)
            .bind(self.first_timestamps)
            .bind(self.last_timestamps)
            .execute(connection)
            .await?;
        Ok(())
    }
}

/// Runs of some writers, a column each, as one statement takes them.
#[derive(Default)]
struct Runs {
    writers: Vec<Vec<u8>>,
    first_seqs: Vec<i64>,
    last_seqs: Vec<i64>,
}

impl Runs {
    fn extend(&mut self, writer: &[u8], runs: Vec<Run>) {
        for run in runs {
            self.writers.push(writer.to_owned());
            self.first_seqs.push(run.first_seq);
            self.last_seqs.push(run.last_seq);
        }
    }

    fn iter(&self) -> impl Iterator<Item = (&[u8], Run)> {
        let runs = self.first_seqs.iter().zip(&self.last_seqs);
        let runs = runs.map(|(first, last)| Run {
            first_seq: *first,
            last_seq: *last,
        });
        self.writers.iter().map(Vec::as_slice).zip(runs)
    }

    fn by_writer(&self) -> HashMap<&[u8], Vec<Run>> {
        let mut runs: HashMap<&[u8], Vec<Run>> = HashMap::new();
        for (writer, run) in self.iter() {
            runs.entry(writer).or_default().push(run);
        }
        runs
    }

    async fn add(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        sqlx::query(ADD_RUNS)
            .bind(&self.writers)
            .bind(&self.first_seqs)
            .bind(&self.last_seqs)
            .execute(connection)
            .await?;
        Ok(())
    }
}

/// Removes and returns the runs that one of `runs` overlaps or touches.
async fn take_neighbours(connection: &mut PgConnection, runs: &Runs) -> Result<Runs, StoreError> {
    let before = runs.first_seqs.iter().map(|seq| seq.saturating_sub(1));
    let after = runs.last_seqs.iter().map(|seq| seq.saturating_add(1));
    let query = sqlx::query_as::<_, (Vec<u8>, i64, i64)>(TAKE_NEIGHBOURS)
        .bind(&runs.writers)
        .bind(&runs.first_seqs)
        .bind(before.collect::<Vec<_>>())
        .bind(after.collect::<Vec<_>>());
    let mut taken = Runs::default();
    for (writer, first_seq, last_seq) in query.fetch_all(connection).await? {
        let run = Run {
            first_seq,
            last_seq,
        };
        taken.extend(&writer, vec![run]);
    }
    Ok(taken)
}

/// Counts the numbers that are in the runs now and were not in those that are `known`.
async fn add_received(
    connection: &mut PgConnection,
    joined: &Runs,
    known: &Runs,
) -> Result<(), StoreError> {
    let mut received: HashMap<&[u8], i64> = HashMap::new();
    for (writer, run) in joined.iter() {
        let count = received.entry(writer).or_default();
        *count = count.saturating_add(run.len());
    }
    for (writer, run) in known.iter() {
        let count = received.entry(writer).or_default();
        *count = count.saturating_sub(run.len());
    }
    let (writers, counts): (Vec<&[u8]>, Vec<i64>) = received.into_iter().unzip();
    let add = sqlx::query(ADD_RECEIVED).bind(writers).bind(counts);
    add.execute(connection).await?;
    Ok(())
}

const ADD: &str = "
    INSERT INTO writers (
        writer, organization_id, writer_id, events, received, last_seq, first_timestamp,
        last_timestamp
    )
    SELECT writer, organization_id, writer_id, events, 0, last_seq, first_timestamp, last_timestamp
    FROM unnest(
        $1::BYTEA[], $2::TEXT[], $3::TEXT[], $4::BIGINT[], $5::BIGINT[], $6::BIGINT[], $7::BIGINT[]
    ) AS news (
        writer, organization_id, writer_id, events, last_seq, first_timestamp, last_timestamp
    )
    ON CONFLICT (writer) DO UPDATE SET
        events = writers.events + excluded.events,
        last_seq = greatest(writers.last_seq, excluded.last_seq),
        first_timestamp = least(writers.first_timestamp, excluded.first_timestamp),
        last_timestamp = greatest(writers.last_timestamp, excluded.last_timestamp)";

/// Of each run: the last that begins at or before it, if it reaches it, and all that begin before its
/// end.
const TAKE_NEIGHBOURS: &str = "
    DELETE FROM writer_runs
    USING
        unnest($1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BIGINT[])
            AS runs (writer, first_seq, before, after),
        LATERAL (
            SELECT coalesce(
                (
                    SELECT first_seq FROM writer_runs
                    WHERE writer = runs.writer AND first_seq <= runs.first_seq
                    ORDER BY first_seq DESC LIMIT 1
                ),
                runs.first_seq
            )
        ) AS nearest (first_seq)
    WHERE writer_runs.writer = runs.writer
    AND writer_runs.first_seq BETWEEN nearest.first_seq AND runs.after
    AND writer_runs.last_seq >= runs.before
    RETURNING writer_runs.writer, writer_runs.first_seq, writer_runs.last_seq";

const ADD_RUNS: &str = "
    INSERT INTO writer_runs (writer, first_seq, last_seq)
    SELECT * FROM unnest($1::BYTEA[], $2::BIGINT[], $3::BIGINT[])";

const ADD_RECEIVED: &str = "
    UPDATE writers SET received = writers.received + news.received
    FROM unnest($1::BYTEA[], $2::BIGINT[]) AS news (writer, received)
    WHERE writers.writer = news.writer";
