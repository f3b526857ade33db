//! The one task that writes access records: it commits together what has come in while it was writing
//! before.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};

use crate::access::Scope;
use crate::limits;
use crate::records::follows::Follows;
use crate::records::refusals::Refusals;
use crate::store::{AccessRecord, Action, Completion, Store, StoreError, Who};
use crate::telemetry;

/// Where access records are left. Cloning gives another handle to the same task.
#[derive(Clone)]
pub(crate) struct Records {
    queue: mpsc::Sender<Job>,
    counted: Arc<Mutex<Counted>>,
}

/// What is counted, and recorded once in a while.
#[derive(Default)]
struct Counted {
    follows: Follows,
    refusals: Refusals,
}

enum Job {
    /// Somebody waits until it is on disk.
    Write(AccessRecord, oneshot::Sender<bool>),
    /// Nobody does.
    Add(AccessRecord),
    Complete(Completion),
}

impl Records {
    /// Records something. It is on disk when this returns.
    pub(crate) async fn write(&self, record: AccessRecord) -> Result<(), Unrecorded> {
        let (done, is_written) = oneshot::channel();
        let job = Job::Write(record, done);
        self.queue.try_send(job).map_err(|_| Unrecorded)?;
        match is_written.await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Unrecorded),
        }
    }

    /// Records an answer to who follows a list: with the answers before, or by itself if there are none.
    pub(crate) async fn write_follow(&self, record: AccessRecord) -> Result<(), Unrecorded> {
        if self.counted().follows.add(&record) {
            return Ok(());
        }
        self.write(record.clone().begun()).await?;
        let end = self.counted().follows.begin(&record);
        if let Some(end) = end {
            self.complete(end);
        }
        Ok(())
    }

    /// Records that a key was refused, or counts it where there are many. It never waits, and never
    /// grows: where there is no room it is in the log alone.
    pub(crate) fn refused(&self, asked: &serde_json::Value, client: Who, scope: &Scope) {
        let refusal = AccessRecord {
            result: "unauthorized".into(),
            status: Some(401),
            query: Some(asked.to_string()),
            ..AccessRecord::new(Action::KeyRefused, client).of(scope)
        };
        let due = self.counted().refusals.add(refusal, Instant::now());
        if let Some(refusal) = due {
            let _ = self.queue.try_send(Job::Add(refusal));
        }
    }

    /// Says how something ended that was recorded when it began. If there is no room that stays unknown.
    pub(crate) fn complete(&self, completion: Completion) {
        let _ = self.queue.try_send(Job::Complete(completion));
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The database did not take a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "the access record could not be written to the database, so nothing was returned: try again later"
)]
pub(crate) struct Unrecorded;

/// The task's state.
pub(crate) struct RecordWriter {
    store: Store,
    jobs: mpsc::Receiver<Job>,
    counted: Arc<Mutex<Counted>>,
    /// What nobody waits for and could not be written yet.
    left: Batch,
}

#[derive(Default)]
struct Batch {
    records: Vec<AccessRecord>,
    completions: Vec<Completion>,
}

impl RecordWriter {
    pub(crate) fn new(store: Store) -> (Records, Self) {
        let (queue, jobs) = mpsc::channel(limits::RECORDS_WAITING_MAX);
        let counted = Arc::<Mutex<Counted>>::default();
        let writer = Self {
            store,
            jobs,
            counted: Arc::clone(&counted),
            left: Batch::default(),
        };
        (Records { queue, counted }, writer)
    }

    /// Writes until `stop`, and then what is still waiting.
    pub(crate) async fn run(mut self, mut stop: oneshot::Receiver<()>) {
        let mut ticks = interval(limits::RECORDS_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut jobs = Vec::new();
        loop {
            tokio::select! {
                biased;
                _ = &mut stop => break,
                received = self.jobs.recv_many(&mut jobs, limits::RECORDS_AT_ONCE) => match received {
                    0 => break,
                    _ => self.commit(mem::take(&mut jobs)).await,
                },
                _ = ticks.tick() => self.write_counted(Follows::take_due).await,
            }
        }
        self.jobs.close();
        while self
            .jobs
            .recv_many(&mut jobs, limits::RECORDS_AT_ONCE)
            .await
            > 0
        {
            self.commit(mem::take(&mut jobs)).await;
        }
        self.write_counted(|follows, _| follows.take_all()).await;
    }

    /// Writes what was counted since the last time, and the ends of lists that were followed.
    async fn write_counted(&mut self, ends: impl Fn(&mut Follows, i64) -> Vec<Completion>) {
        {
            let now = chrono::Utc::now().timestamp_micros();
            let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
            let ended = ends(&mut counted.follows, now);
            self.left.completions.extend(ended);
            self.left.records.extend(counted.refusals.take());
        }
        self.commit(Vec::new()).await;
    }

    async fn commit(&mut self, jobs: Vec<Job>) {
        let mut batch = mem::take(&mut self.left);
        let mut waiting = Vec::new();
        let mut awaited = Vec::new();
        for job in jobs {
            match job {
                Job::Write(record, done) => {
                    awaited.push(record);
                    waiting.push(done);
                }
                Job::Add(record) => batch.records.push(record),
                Job::Complete(completion) => batch.completions.push(completion),
            }
        }
        let kept = batch.records.len();
        batch.records.append(&mut awaited);
        if batch.records.is_empty() && batch.completions.is_empty() {
            return;
        }
        let written = self.write(&batch).await;
        for done in waiting {
            let _ = done.send(written.is_ok());
        }
        if let Err(error) = written {
            telemetry::records_failed(&error);
            // Who waited is told. What nobody waits for is tried again, as far as there is room.
            batch
                .records
                .truncate(kept.min(limits::RECORDS_WAITING_MAX));
            batch.completions.truncate(limits::RECORDS_WAITING_MAX);
            self.left = batch;
        }
    }

    async fn write(&self, batch: &Batch) -> Result<(), StoreError> {
        self.store
            .write_records(&batch.records, &batch.completions)
            .await
    }
}
