//! Erasing a user's content from a database, beside a collector that may be running on it.

use chrono::Utc;
use serde_json::json;

use crate::access::Scope;
use crate::records::operator;
use crate::store::{
    AccessRecord, Action, Completion, Database, Erasable, Erased, Erasure, FAILED, Store,
    StoreError,
};

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
    let count = count_recorded(&store, erasure).await;
    store.close().await;
    count
}

/// That somebody has asked tells whether there is such a user, and is recorded.
async fn count_recorded(store: &Store, erasure: &Erasure) -> Result<Erasable, EraseError> {
    let counted = store.count_erasable(erasure).await?;
    let record = recorded(Action::ErasureCounted, erasure);
    let events = usize::try_from(counted.events).unwrap_or(usize::MAX);
    store.write_record(record.of_items(events)).await?;
    found(counted, erasure)
}

fn recorded(action: Action, erasure: &Erasure) -> AccessRecord {
    let asked = json!({"user_id": erasure.user_id, "reason": erasure.reason});
    let record = AccessRecord::new(action, operator());
    record.of(&erasure.scope).asking(&asked)
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
    let count = store.count_erasable(erasure).await?;
    let record = recorded(Action::ErasureMade, erasure);
    if let Err(error) = found(count, erasure) {
        let record = AccessRecord {
            result: "no_events".into(),
            ..record
        };
        store.write_record(record).await?;
        return Err(error);
    }
    // Before anything is erased: that it was tried is known whatever comes of it.
    let record = record.begun();
    store.write_record(record.clone()).await?;
    let erased = store.erase(erasure, Utc::now().timestamp_micros()).await;
    let completion = match &erased {
        Ok(erased) => record.completion(erased.events),
        // What was erased before it failed stays erased.
        Err(_) => Completion {
            result: FAILED,
            items: None,
            ..record.completion(0)
        },
    };
    let recorded = store.complete_record(completion).await;
    let erased = erased?;
    recorded?;
    Ok(erased)
}

/// A user without events is a mistyped one, as far as anybody can tell.
fn found(count: Erasable, erasure: &Erasure) -> Result<Erasable, EraseError> {
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
    #[error("no events of user {user_id:?} in {scope}: check the user and the organization")]
    NoEvents {
        /// The user.
        user_id: String,
        /// The organizations.
        scope: Scope,
    },
    /// The database cannot be used.
    #[error("{0}")]
    Store(#[from] StoreError),
}
