//! The one task that writes: it commits together what has come in while it was writing before.

use std::mem;

use chrono::Utc;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep};

use crate::ingest::portion::Portion;
use crate::ingest::{IngestError, Share};
use crate::limits;
use crate::store::{Arrival, Indexer, Outcome, Store, StoreError};
use crate::telemetry::{self, Telemetry};

/// The events of one request, on their way to the writer.
struct Job {
    events: Vec<Arrival>,
    answer: oneshot::Sender<Result<Vec<Outcome>, IngestError>>,
    /// Given back when the job is done with, and the events are no longer in memory.
    _share: Share,
}

impl Job {
    /// Tells the request what became of its events. Nobody may be waiting any more: they are stored
    /// all the same.
    fn settle(self, result: Result<Vec<Outcome>, IngestError>) {
        let _ = self.answer.send(result);
    }
}

/// Where requests leave their events.
#[derive(Clone)]
pub(crate) struct Inbox(mpsc::Sender<Job>);

impl Inbox {
    /// Waits until `events` are on disk. The outcomes are in the order of `events`.
    ///
    /// The events are stored even if the caller no longer waits.
    pub(crate) async fn store(
        &self,
        events: Vec<Arrival>,
        share: Share,
    ) -> Result<Vec<Outcome>, IngestError> {
        let (answer, answered) = oneshot::channel();
        let job = Job {
            events,
            answer,
            _share: share,
        };
        self.0.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => IngestError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => IngestError::StorageUnavailable,
        })?;
        answered
            .await
            .unwrap_or(Err(IngestError::StorageUnavailable))
    }
}

/// The task's state.
pub(crate) struct Writer {
    store: Store,
    indexer: Indexer,
    telemetry: Telemetry,
    jobs: mpsc::Receiver<Job>,
    /// What the database gets through with at a time.
    portion: Portion,
}

impl Writer {
    pub(crate) fn new(store: Store, telemetry: Telemetry) -> (Inbox, Self) {
        let (sender, jobs) = mpsc::channel(limits::INGEST_REQUESTS_MAX);
        let writer = Self {
            indexer: store.indexer(),
            store,
            telemetry,
            jobs,
            portion: Portion::ALL,
        };
        (Inbox(sender), writer)
    }

    /// Writes until `stop`, and then what is still waiting.
    pub(crate) async fn run(mut self, mut stop: oneshot::Receiver<()>) {
        // Whether there may be work on the index that can wait.
        let mut has_more = true;
        loop {
            let group = tokio::select! {
                biased;
                _ = &mut stop => break,
                group = self.next_group() => group,
                () = sleep(limits::IDLE_AFTER), if has_more => {
                    has_more = self.tidy(Indexer::while_idle).await;
                    continue;
                }
            };
            let Some(group) = group else { return };
            self.commit(group).await;
            self.tidy(Indexer::after_commit).await;
            has_more = true;
        }
        self.jobs.close();
        while let Some(group) = self.next_group().await {
            self.commit(group).await;
        }
    }

    /// Works on the index, while nobody waits for an answer of ours.
    async fn tidy<T: Default>(
        &mut self,
        work: impl AsyncFnOnce(&mut Indexer) -> Result<T, StoreError>,
    ) -> T {
        work(&mut self.indexer).await.unwrap_or_else(|error| {
            telemetry::indexing_failed(&error);
            T::default()
        })
    }

    /// All that is waiting, up to the limit; `None` when nothing will come any more.
    async fn next_group(&mut self) -> Option<Vec<Job>> {
        let mut group = Vec::new();
        let received = self
            .jobs
            .recv_many(&mut group, limits::GROUP_REQUESTS_MAX)
            .await;
        (received > 0).then_some(group)
    }

    async fn commit(&mut self, mut group: Vec<Job>) {
        let counts: Vec<usize> = group.iter().map(|job| job.events.len()).collect();
        let events: Vec<Arrival> = group
            .iter_mut()
            .flat_map(|job| mem::take(&mut job.events))
            .collect();
        let (stored, error) = self.insert_portions(group.len(), &events).await;
        // One request's event must not keep those of others from being stored.
        let is_tried_alone = group.len() > 1 && error.is_some_and(|error| error.is_of_an_event());
        let (mut stored, mut events) = (stored.into_iter(), events.as_slice());
        for (job, count) in group.into_iter().zip(counts) {
            let (own, others) = events.split_at_checked(count).unwrap_or((events, &[]));
            events = others;
            let mut outcomes: Vec<Outcome> = stored.by_ref().take(count).collect();
            let left = own.get(outcomes.len()..).unwrap_or_default();
            let result = match (left, is_tried_alone) {
                ([], _) => Ok(outcomes),
                (left, true) => self.insert(1, left).await.map(|more| {
                    outcomes.extend(more);
                    outcomes
                }),
                (_, false) => Err(IngestError::StorageUnavailable),
            };
            job.settle(result);
        }
    }

    /// Stores events in one transaction, or in several where the database is too slow for one. What is
    /// stored stays so, whatever comes after it.
    async fn insert_portions(
        &mut self,
        requests: usize,
        events: &[Arrival],
    ) -> (Vec<Outcome>, Option<StoreError>) {
        let mut outcomes = Vec::with_capacity(events.len());
        for portion in events.chunks(self.portion.events()) {
            let count = portion.len();
            match self.store_counted(requests, portion).await {
                Ok(stored) => {
                    outcomes.extend(stored);
                    self.portion = self.portion.after_success(count);
                }
                Err(error) => {
                    if matches!(error, StoreError::TooSlow) {
                        self.portion = self.portion.after_too_many(count);
                    }
                    return (outcomes, Some(error));
                }
            }
        }
        (outcomes, None)
    }

    async fn insert(
        &self,
        requests: usize,
        events: &[Arrival],
    ) -> Result<Vec<Outcome>, IngestError> {
        let stored = self.store_counted(requests, events).await;
        stored.map_err(|_| IngestError::StorageUnavailable)
    }

    async fn store_counted(
        &self,
        requests: usize,
        events: &[Arrival],
    ) -> Result<Vec<Outcome>, StoreError> {
        let began_at = Instant::now();
        let now = Utc::now().timestamp_micros();
        let result = self.store.insert(events, now).await;
        match &result {
            Ok(outcomes) => {
                let took = began_at.elapsed();
                let outcomes = Outcome::counted(outcomes);
                self.telemetry.group_committed(requests, &outcomes, took);
            }
            Err(error) => self.telemetry.group_failed(requests, events.len(), error),
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::Budget;

    #[tokio::test]
    async fn a_full_inbox_refuses_and_forgets_nothing_it_took() {
        let (sender, mut jobs) = mpsc::channel(1);
        let inbox = Inbox(sender);
        let budget = Budget::new(1);
        let share = || budget.share();

        let waiting = tokio::spawn({
            let (inbox, share) = (inbox.clone(), share());
            async move { inbox.store(Vec::new(), share).await }
        });
        while inbox.0.capacity() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = inbox.store(Vec::new(), share()).await;
        assert!(matches!(refused, Err(IngestError::Overloaded)));

        let job = jobs.recv().await.unwrap();
        job.answer.send(Ok(Vec::new())).unwrap();
        assert!(waiting.await.unwrap().is_ok());
    }
}
