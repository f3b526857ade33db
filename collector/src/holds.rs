//! Managing the legal holds in a database, beside a collector that may be running on it.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::access::Scope;
use crate::records::operator;
use crate::store::{AccessRecord, Action, Database, Store, StoreError, StoredHold};
use crate::time::moment;

/// What must not be removed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The organizations whose events are held.
    pub scope: Scope,
    /// The user whose events are held; `None` for every user's.
    pub user_id: Option<String>,
    /// Such as the reference of a court.
    pub reason: String,
}

/// A hold of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldEntry {
    /// What it is released by.
    pub id: String,
    /// What it holds.
    pub hold: Hold,
    /// Since when it is in force.
    pub created_at: DateTime<Utc>,
    /// Since when it is not any more.
    pub released_at: Option<DateTime<Utc>>,
}

impl From<StoredHold> for HoldEntry {
    fn from(stored: StoredHold) -> Self {
        Self {
            id: stored.id,
            hold: Hold {
                scope: stored.scope,
                user_id: stored.user_id,
                reason: stored.reason,
            },
            created_at: moment(stored.created_at),
            released_at: stored.released_at.map(moment),
        }
    }
}

/// Keeps events from being removed, from now on. Returns the hold's id.
///
/// # Errors
/// There is no such database, or it cannot be used. The message says what to do.
pub async fn create(database: &Database, hold: &Hold) -> Result<String, HoldsError> {
    let store = Store::open_existing(database).await?;
    let now = Utc::now().timestamp_micros();
    let user = hold.user_id.as_deref();
    let asked = json!({"user_id": user, "reason": hold.reason});
    let record = AccessRecord::new(Action::HoldCreated, operator());
    let record = record.of(&hold.scope).asking(&asked);
    let id = store
        .add_hold(&hold.scope, user, &hold.reason, now, record)
        .await;
    store.close().await;
    Ok(id?)
}

/// Every hold of the database, oldest first.
///
/// # Errors
/// There is no such database, or it cannot be used. The message says what to do.
pub async fn list(database: &Database) -> Result<Vec<HoldEntry>, HoldsError> {
    let store = Store::open_existing(database).await?;
    let holds = list_in(&store).await;
    store.close().await;
    Ok(holds?.into_iter().map(HoldEntry::from).collect())
}

async fn list_in(store: &Store) -> Result<Vec<StoredHold>, StoreError> {
    let holds = store.holds().await?;
    let ids = holds.iter().map(|hold| hold.id.clone());
    let record = AccessRecord::new(Action::HoldsListed, operator()).of_ids(ids);
    store.write_record(record.of_items(holds.len())).await?;
    Ok(holds)
}

/// Lets go of what a hold holds. Returns when it was released, which may have been before.
///
/// # Errors
/// There is no such hold or database. The message says what to do.
pub async fn release(database: &Database, id: &str) -> Result<DateTime<Utc>, HoldsError> {
    let store = Store::open_existing(database).await?;
    let now = Utc::now().timestamp_micros();
    let record = AccessRecord::new(Action::HoldReleased, operator());
    let released_at = store.release_hold(id, now, record).await;
    store.close().await;
    let no_such = || HoldsError::NoSuchHold { id: id.to_owned() };
    Ok(moment(released_at?.ok_or_else(no_such)?))
}

/// Why holds cannot be managed.
#[derive(Debug, thiserror::Error)]
pub enum HoldsError {
    /// Nothing has this id.
    #[error("there is no hold {id:?}: run `audit-layer holds list` to see all holds")]
    NoSuchHold {
        /// The id.
        id: String,
    },
    /// The database cannot be used.
    #[error("{0}")]
    Store(#[from] StoreError),
}
