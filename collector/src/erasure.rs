//! Erasing a user's content from a database, beside a collector that may be running on it.

use chrono::Utc;

use crate::access::Scope;
use crate::store::{Database, Erasable, Erased, Erasure, Store, StoreError};

/// How many events [`erase`] would meet.
///
/// # Errors
/// The user has no event, there is no such database, or it cannot be used. The message says what to
/// do.
pub async fn count_erasable(
    database: &Database,
    erasure: &Erasure,
) -> Result<Erasable, EraseError> {
    let store = Store::open_existing(database).await?;
    let count = count(&store, erasure).await;
    store.close().await;
    count
}

/// Erases the content of a user's events for good. A tombstone stays of each, with its hash.
///
/// # Errors
/// The user has no event: then nothing is noted either. Or there is no such database, or it cannot be
/// used: what was erased before stays erased, and the same can be asked for again.
pub async fn erase(database: &Database, erasure: &Erasure) -> Result<Erased, EraseError> {
    let store = Store::open_existing(database).await?;
    let erased = erase_counted(&store, erasure).await;
    store.close().await;
    erased
}

async fn erase_counted(store: &Store, erasure: &Erasure) -> Result<Erased, EraseError> {
    count(store, erasure).await?;
    let now = Utc::now().timestamp_micros();
    Ok(store.erase(erasure, now).await?)
}

/// A user without events is a mistyped one, as far as anybody can tell.
async fn count(store: &Store, erasure: &Erasure) -> Result<Erasable, EraseError> {
    let count = store.count_erasable(erasure).await?;
    if count.is_nothing() {
        return Err(EraseError::NoEvents {
            user_id: erasure.user_id.clone(),
            scope: erasure.scope.clone(),
        });
    }
    Ok(count)
}

/// Why nothing is erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// The user has none.
    #[error("there are no events of user {user_id:?} of {scope}: check both")]
    NoEvents {
        /// The user.
        user_id: String,
        /// The organisations.
        scope: Scope,
    },
    /// The database cannot be used.
    #[error("{0}")]
    Store(#[from] StoreError),
}
