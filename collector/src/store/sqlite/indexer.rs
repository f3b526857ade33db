//! The work on the index that is not a part of storing events.
//!
//! It belongs to the task that writes, and is done between commits: while a segment is made of the
//! newest events, on a thread of its own, more of them are stored.

use tokio::task::{JoinHandle, spawn_blocking};

use crate::search::Segment;
use crate::store::StoreError;
use crate::store::sqlite::SqliteStore;

/// What is under way.
pub(crate) struct Indexer {
    store: SqliteStore,
    making: Option<JoinHandle<Made>>,
}

/// A segment of the oldest events of the tail.
struct Made {
    segment: Segment,
    events: usize,
}

impl Indexer {
    pub(crate) fn new(store: SqliteStore) -> Self {
        Self {
            store,
            making: None,
        }
    }

    /// Does what has to be done after a commit, so that neither memory nor the time of a search
    /// grows with the number of events. Nobody waits for it, except when events come in faster than
    /// a thread can index them.
    pub(crate) async fn after_commit(&mut self) -> Result<(), StoreError> {
        let tail = &self.store.tail;
        let is_made = self.making.as_ref().is_some_and(JoinHandle::is_finished);
        if is_made || tail.is_too_full() {
            self.write_made().await?;
            if self.store.has_too_many_segments().await? {
                self.store.merge_segments().await?;
            }
        }
        if self.making.is_none() && self.store.tail.is_full() {
            // Here, where nothing is in the tail that is not stored for good.
            let events = self.store.tail.events();
            self.making = Some(spawn_blocking(move || Made {
                segment: Segment::of(&events),
                events: events.len(),
            }));
        }
        Ok(())
    }

    /// Does some of what makes searches faster, and tells whether there is more.
    pub(crate) async fn while_idle(&mut self) -> Result<bool, StoreError> {
        self.write_made().await?;
        self.store.merge_segments().await
    }

    /// Writes the segment that is being made, if there is one, as soon as it is made.
    async fn write_made(&mut self) -> Result<(), StoreError> {
        let Some(making) = self.making.take() else {
            return Ok(());
        };
        // If the thread has panicked, the events are still in the tail.
        let Ok(made) = making.await else {
            return Ok(());
        };
        self.store.write_of_tail(made.segment).await?;
        self.store.tail.forget(made.events);
        Ok(())
    }
}
