//! Noting which numbers of a writer's sequence were received.
//!
//! Two collectors may receive events of the same writer. Each locks the writers' rows in one order, so
//! that none waits for another in a circle, before it joins runs of theirs.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;

use crate::store::news::News;
use crate::store::postgres::keys::is_of_application;
use crate::store::postgres::{hash_of, text};
use crate::store::{Run, StoreError};

/// Notes what came of writers. Tells which of the events name a writer that belongs to others.
pub(super) async fn note(
    connection: &mut PgConnection,
    mut news: Vec<News<'_>>,
) -> Result<Vec<usize>, StoreError> {
    let mut of_others = Vec::new();
    // A statement changes each row once: what families bring of one writer comes one after another.
    while !news.is_empty() {
        let mut seen = HashSet::new();
        let (some, rest): (Vec<_>, Vec<_>) = news
            .into_iter()
            .partition(|news| seen.insert((news.organization, news.writer)));
        let unknown = note_known(connection, some).await?;
        let mut claimed = Vec::new();
        for news in unknown {
            match claim(connection, &news).await? {
                true => claimed.push(news),
                false => of_others.extend(news.places),
            }
        }
        let lost = note_known(connection, claimed).await?;
        of_others.extend(lost.into_iter().flat_map(|news| news.places));
        news = rest;
    }
    Ok(of_others)
}

/// Notes what came of those writers that are known and belong to the family, and returns the rest.
async fn note_known<'a>(
    connection: &mut PgConnection,
    news: Vec<News<'a>>,
) -> Result<Vec<News<'a>>, StoreError> {
    if news.is_empty() {
        return Ok(news);
    }
    let mut writers = Writers::default();
    for news in &news {
        writers.push(news);
    }
    let known = writers.add(connection).await?;
    let is_known = |news: &News<'_>| known.contains(&writer_hash(news.organization, news.writer));
    let (known_news, unknown): (Vec<_>, Vec<_>) = news.into_iter().partition(is_known);
    if known_news.is_empty() {
        return Ok(unknown);
    }
    let mut new_runs = Runs::default();
    for news in &known_news {
        let hash = writer_hash(news.organization, news.writer);
        new_runs.extend(&hash, news.runs());
    }
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
    add_received(connection, &joined, &known).await?;
    Ok(unknown)
}

/// Takes a writer for the family that is new to the organization or belongs to nobody yet, unless it
/// belongs to another family elsewhere. Who takes it at the same time waits.
async fn claim(connection: &mut PgConnection, news: &News<'_>) -> Result<bool, StoreError> {
    let writer = text::stored(news.writer);
    if let Some(family) = news.family {
        let lock = sqlx::query(LOCK_WRITER).bind(&writer);
        lock.execute(&mut *connection).await?;
        let owner = sqlx::query_scalar(OWNER).bind(&writer);
        let owner: Option<String> = owner.fetch_optional(&mut *connection).await?;
        if owner.is_some_and(|owner| owner != family)
            || is_of_application(connection, family).await?
        {
            return Ok(false);
        }
    }
    sqlx::query(CLAIM)
        .bind(writer_hash(news.organization, news.writer))
        .bind(text::stored(news.organization))
        .bind(&writer)
        .bind(news.first_timestamp)
        .bind(news.last_timestamp)
        .bind(news.family)
        .execute(connection)
        .await?;
    Ok(true)
}

/// What identifies a writer in an index.
pub(super) fn writer_hash(organization: &str, writer: &str) -> Vec<u8> {
    // JSON keeps the two apart whatever they hold.
    hash_of(&serde_json::json!([organization, writer]).to_string())
}

/// What the events bring, a column each, as one statement takes it.
#[derive(Default)]
struct Writers<'a> {
    hashes: Vec<Vec<u8>>,
    families: Vec<Option<&'a str>>,
    events: Vec<i64>,
    last_seqs: Vec<i64>,
    first_timestamps: Vec<i64>,
    last_timestamps: Vec<i64>,
}

impl<'a> Writers<'a> {
    fn push(&mut self, news: &News<'a>) {
        self.hashes
            .push(writer_hash(news.organization, news.writer));
        self.families.push(news.family);
        self.events.push(news.events);
        self.last_seqs.push(news.last_seq());
        self.first_timestamps.push(news.first_timestamp);
        self.last_timestamps.push(news.last_timestamp);
    }

    /// Adds it to the rows of those writers that are known and belong to the family. They are locked from
    /// then on, and are what is returned.
    async fn add(self, connection: &mut PgConnection) -> Result<HashSet<Vec<u8>>, StoreError> {
        let known: Vec<Vec<u8>> = sqlx::query_scalar(ADD)
            .bind(self.hashes)
            .bind(self.families)
            .bind(self.events)
            .bind(self.last_seqs)
            .bind(self.first_timestamps)
            .bind(self.last_timestamps)
            .fetch_all(connection)
            .await?;
        Ok(known.into_iter().collect())
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

// The rows are locked in one order, so that no two transactions wait for each other in a circle.
const ADD: &str = "
    WITH news AS (
        SELECT * FROM unnest(
            $1::BYTEA[], $2::TEXT[], $3::BIGINT[], $4::BIGINT[], $5::BIGINT[], $6::BIGINT[]
        ) AS news (writer, family, events, last_seq, first_timestamp, last_timestamp)
    ),
    own AS (
        SELECT writers.writer FROM writers JOIN news USING (writer)
        WHERE news.family IS NULL OR writers.family = news.family
        ORDER BY writers.writer FOR UPDATE OF writers
    )
    UPDATE writers SET
        events = writers.events + news.events,
        last_seq = greatest(writers.last_seq, news.last_seq),
        first_timestamp = least(writers.first_timestamp, news.first_timestamp),
        last_timestamp = greatest(writers.last_timestamp, news.last_timestamp)
    FROM own JOIN news USING (writer)
    WHERE writers.writer = own.writer
    RETURNING writers.writer";

const LOCK_WRITER: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";

/// All of a writer's rows that belong to a family belong to one.
const OWNER: &str = "
    SELECT family FROM writers WHERE writer_id = $1 AND family IS NOT NULL LIMIT 1";

const CLAIM: &str = "
    INSERT INTO writers (
        writer, organization_id, writer_id, events, received, last_seq, first_timestamp,
        last_timestamp, family
    ) VALUES ($1, $2, $3, 0, 0, 0, $4, $5, $6)
    ON CONFLICT (writer) DO UPDATE SET family = coalesce(writers.family, excluded.family)";

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
