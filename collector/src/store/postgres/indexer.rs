//! Merging segments beside the storing of events.

use tokio::task::JoinHandle;

use crate::limits;
use crate::store::StoreError;
use crate::store::postgres::PostgresStore;

/// What is under way.
pub(crate) struct Indexer {
    store: PostgresStore,
    merging: Option<JoinHandle<Result<(), StoreError>>>,
    /// Commits since it began.
    commits: usize,
}

impl Indexer {
    pub(crate) fn new(store: PostgresStore) -> Self {
        Self {
            store,
            merging: None,
            commits: 0,
        }
    }

    /// Sees to it that segments are merged. Nobody waits for it, except when events come in faster
    /// than that.
    pub(crate) async fn after_commit(&mut self) -> Result<(), StoreError> {
        self.commits = self.commits.saturating_add(1);
        let is_behind = self.commits >= limits::UNMERGED_COMMITS_MAX;
        if let Some(merging) = self.merging.take_if(|task| task.is_finished() || is_behind) {
            // A task that has panicked has merged nothing, and the next tries again.
            merging.await.unwrap_or(Ok(()))?;
        }
        if self.merging.is_none() {
            let store = self.store.clone();
            self.commits = 0;
            self.merging = Some(tokio::spawn(async move {
                while store.merge_segments().await? {}
                Ok(())
            }));
        }
        Ok(())
    }

    /// Does some of what makes searches faster, and tells whether there is more.
    pub(crate) async fn while_idle(&mut self) -> Result<bool, StoreError> {
        if let Some(merging) = self.merging.take() {
            merging.await.unwrap_or(Ok(()))?;
        }
        self.store.merge_segments().await
    }
}
