//! Erasing a user's content from a database, beside a collector that may be running on it.

use chrono::Utc;

use crate::store::{Database, Erased, Erasure, Store, StoreError};

/// How many events [`erase`] would change. Those that a hold keeps are among them.
///
/// # Errors
/// There is no such database, or it cannot be used. The message says what to do.
pub async fn count_erasable(database: &Database, erasure: &Erasure) -> Result<u64, StoreError> {
    let store = Store::open_existing(database).await?;
    let count = store.count_erasable(erasure).await;
    store.close().await;
    count
}

/// Erases the content of a user's events for good. A tombstone stays of each, with its hash.
///
/// # Errors
/// There is no such database, or it cannot be used. What was erased before stays erased, and the
/// same can be asked for again.
pub async fn erase(database: &Database, erasure: &Erasure) -> Result<Erased, StoreError> {
    let store = Store::open_existing(database).await?;
    let now = Utc::now().timestamp_micros();
    let erased = store.erase(erasure, now).await;
    store.close().await;
    erased
}
