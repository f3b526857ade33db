//! Storing events: each call once, many in one commit.

use crate::store::sqlite::storing::{note_writers, store};
use crate::store::sqlite::{SqliteStore, segments};
use crate::store::{Arrival, Outcome, StoreError};

impl SqliteStore {
    /// Stores `arrivals` in one transaction: all are on disk when this returns, or none is stored.
    ///
    /// `received_at` is in microseconds since 1970, UTC. The outcomes are in the order of `arrivals`.
    pub(crate) async fn insert(
        &self,
        arrivals: &[Arrival],
        received_at: i64,
    ) -> Result<Vec<Outcome>, StoreError> {
        let mut transaction = self.begin().await?;
        let mut found_by = Vec::with_capacity(arrivals.len());
        let mut outcomes = store(&mut transaction, arrivals, received_at, &mut found_by).await?;
        segments::note_unindexed(&mut transaction, &found_by).await?;
        note_writers(&mut transaction, arrivals, &mut outcomes).await?;
        // Before the commit: whoever sees the database after it finds what is new there. The event of
        // a call's end takes the place of the record of its prompt, which is gone then.
        let added = found_by.len();
        self.tail.add(found_by);
        let committed = transaction.commit().await;
        if committed.is_err() {
            self.tail.take_back(added);
        }
        committed?;
        Ok(outcomes)
    }
}
