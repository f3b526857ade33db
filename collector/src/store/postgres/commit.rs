//! Storing events: each call once, many in one commit, whichever collector they come to.

use crate::store::postgres::storing::{note_writers, store};
use crate::store::postgres::{PostgresStore, segments};
use crate::store::{Arrival, Outcome, StoreError};

impl PostgresStore {
    /// Stores `arrivals` in one transaction: all are on disk when this returns, or none is stored.
    ///
    /// `received_at` is in microseconds since 1970, UTC. The outcomes are in the order of `arrivals`.
    pub(crate) async fn insert(
        &self,
        arrivals: &[Arrival],
        received_at: i64,
    ) -> Result<Vec<Outcome>, StoreError> {
        self.tried(|| self.insert_once(arrivals, received_at)).await
    }

    async fn insert_once(
        &self,
        arrivals: &[Arrival],
        received_at: i64,
    ) -> Result<Vec<Outcome>, StoreError> {
        let mut transaction = self.begin().await?;
        let mut found_by = Vec::with_capacity(arrivals.len());
        let mut outcomes = store(&mut transaction, arrivals, received_at, &mut found_by).await?;
        segments::add(&mut transaction, &found_by).await?;
        note_writers(&mut transaction, arrivals, &mut outcomes).await?;
        transaction.commit().await?;
        Ok(outcomes)
    }
}
