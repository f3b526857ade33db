//! How many events a second: by the audit API, and by its database alone.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use audit_layer_tests::collector::{Api, Collector};
use bytes::Bytes;
use reqwest::Client;
use rusqlite::Connection;
use sqlx::{Connection as _, Executor, PgConnection};
use tokio::task::JoinSet;

use crate::audit_api::corpus::{self, BATCH};

/// Batches that are made before the clock runs, and again when they are sent.
const PREPARED: u64 = 1000;

/// What it took to store some events; making them is not counted.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// How many.
    pub events: u64,
    /// Until all of them were on disk.
    pub time: Duration,
    /// Work of all threads of what stored them, that of the system included. A server's is not known.
    pub cpu: Option<Duration>,
}

impl Effort {
    /// Events in a second.
    pub fn rate(&self) -> f64 {
        self.events as f64 / self.time.as_secs_f64()
    }

    /// Work for one event, in microseconds.
    pub fn cpu_micros(&self) -> Option<f64> {
        let cpu = self.cpu?.as_secs_f64();
        Some(cpu * 1e6 / self.events as f64)
    }
}

/// Sends the events of these numbers in batches, by so many clients at a time.
pub async fn by_api(collector: &Collector, numbers: Range<u64>, clients: usize) -> Result<Effort> {
    let api = collector.api();
    let mut time = Duration::ZERO;
    let cpu = collector.process().cpu_time()?;
    let client = Client::new();
    let mut first = numbers.start;
    while first < numbers.end {
        let end = numbers.end.min(first + PREPARED * BATCH);
        let bodies = tokio::task::spawn_blocking(move || bodies(first..end)).await?;
        time += send(api, &client, bodies.into(), clients).await?;
        first = end;
    }
    Ok(Effort {
        events: numbers.end - numbers.start,
        time,
        cpu: Some(collector.process().cpu_time()? - cpu),
    })
}

fn bodies(numbers: Range<u64>) -> Vec<Bytes> {
    let batches = numbers.step_by(usize::try_from(BATCH).unwrap_or(usize::MAX));
    batches.map(corpus::batch).collect()
}

async fn send(
    api: &Api,
    client: &Client,
    bodies: Arc<[Bytes]>,
    clients: usize,
) -> Result<Duration> {
    let url = format!("{}/audit/log/batch", api.url());
    let next = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        let (client, url, key) = (client.clone(), url.clone(), api.key().to_owned());
        let (next, bodies) = (Arc::clone(&next), Arc::clone(&bodies));
        tasks.spawn(async move {
            loop {
                let index = usize::try_from(next.fetch_add(1, Ordering::Relaxed))?;
                let Some(body) = bodies.get(index) else {
                    return Ok(());
                };
                let request = client.post(&url).bearer_auth(&key).body(body.clone());
                let answer = request.send().await?.error_for_status()?;
                let answer: serde_json::Value = answer.json().await?;
                ensure!(answer["accepted"] == BATCH, "{answer}");
            }
        });
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    Ok(began.elapsed())
}

/// Inserts the same events into a table of SQLite, with nothing around it but an index that keeps
/// them apart: a batch in each commit, on disk before the next, as the collector does it.
pub fn by_sqlite(path: &Path, numbers: Range<u64>) -> Result<Effort> {
    let mut database = Connection::open(path)?;
    database.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
        CREATE TABLE events (request_id TEXT NOT NULL UNIQUE, event TEXT NOT NULL) STRICT",
    )?;
    let (mut time, mut cpu) = (Duration::ZERO, Duration::ZERO);
    for first in numbers.clone().step_by(usize::try_from(BATCH)?) {
        let batch = corpus::batch(first);
        let lines = str::from_utf8(&batch)?.lines();
        let (began, worked) = (Instant::now(), thread_time()?);
        let transaction = database.transaction()?;
        let mut insert = transaction.prepare_cached("INSERT INTO events VALUES (?, ?)")?;
        for (number, line) in (first..).zip(lines) {
            insert.execute((corpus::request_id(number), line))?;
        }
        drop(insert);
        transaction.commit()?;
        time += began.elapsed();
        cpu += thread_time()? - worked;
    }
    Ok(Effort {
        events: numbers.end - numbers.start,
        time,
        cpu: Some(cpu),
    })
}

/// Inserts the same events into a table of a PostgreSQL server, likewise.
pub async fn by_postgres(address: &str, numbers: Range<u64>) -> Result<Effort> {
    let mut connection = PgConnection::connect(address).await?;
    let table = "CREATE TABLE events (request_id TEXT NOT NULL UNIQUE, event TEXT NOT NULL)";
    connection.execute(table).await?;
    let mut time = Duration::ZERO;
    for first in numbers.clone().step_by(usize::try_from(BATCH)?) {
        let batch = corpus::batch(first);
        let lines: Vec<&str> = str::from_utf8(&batch)?.lines().collect();
        let ids: Vec<String> = (first..first + BATCH).map(corpus::request_id).collect();
        let began = Instant::now();
        let insert = "INSERT INTO events SELECT * FROM unnest($1::TEXT[], $2::TEXT[])";
        let insert = sqlx::query(insert).bind(ids).bind(lines);
        insert.execute(&mut connection).await?;
        time += began.elapsed();
    }
    Ok(Effort {
        events: numbers.end - numbers.start,
        time,
        cpu: None,
    })
}

/// How long this thread has been at work so far.
fn thread_time() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos = stat.split(' ').next().context("no time")?;
    Ok(Duration::from_nanos(nanos.parse()?))
}
