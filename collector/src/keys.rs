//! Managing the keys in a database, beside a collector that may be running on it.

use chrono::{DateTime, Utc};

use crate::access::Access;
use crate::key::{ApiKey, KeyError};
use crate::store::{Database, Store, StoreError, StoredKey};
use crate::time::moment;

/// A key that was just made. The key itself is told only here.
#[derive(Debug)]
pub struct CreatedKey {
    /// What the key is called in lists, and revoked by.
    pub id: String,
    /// The key.
    pub key: ApiKey,
}

/// A key of the database, without the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEntry {
    /// What it is revoked by.
    pub id: String,
    /// What it is good for.
    pub access: Access,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it is good for nothing any more.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl From<StoredKey> for KeyEntry {
    fn from(key: StoredKey) -> Self {
        Self {
            id: key.id,
            access: key.access,
            created_at: moment(key.created_at),
            revoked_at: key.revoked_at.map(moment),
        }
    }
}

/// Makes a key and adds it to the database, which is created if there is none.
///
/// # Errors
/// The database cannot be used, or there is no randomness. The message says what to do.
pub async fn create(database: &Database, access: &Access) -> Result<CreatedKey, KeysError> {
    let store = Store::open(database).await?;
    let created = add(&store, access).await;
    store.close().await;
    created
}

/// Every key of the database, oldest first.
///
/// # Errors
/// There is no such database, or it cannot be used. The message says what to do.
pub async fn list(database: &Database) -> Result<Vec<KeyEntry>, KeysError> {
    let store = Store::open_existing(database).await?;
    let keys = store.keys().await;
    store.close().await;
    Ok(keys?.into_iter().map(KeyEntry::from).collect())
}

/// Revokes a key for good. A running collector refuses it within a second.
///
/// # Returns
/// When it was revoked, which may have been before.
///
/// # Errors
/// There is no such key or database. The message says what to do.
pub async fn revoke(database: &Database, id: &str) -> Result<DateTime<Utc>, KeysError> {
    let store = Store::open_existing(database).await?;
    let revoked_at = store.revoke_key(id, Utc::now().timestamp_micros()).await;
    store.close().await;
    match revoked_at? {
        Some(revoked_at) => Ok(moment(revoked_at)),
        None if ApiKey::looks_like(id) => Err(KeysError::NotAnId),
        None => Err(KeysError::NoSuchKey { id: id.to_owned() }),
    }
}

pub(crate) async fn add(store: &Store, access: &Access) -> Result<CreatedKey, KeysError> {
    let key = ApiKey::generate()?;
    let created_at = Utc::now().timestamp_micros();
    let id = store.add_key(&key.hash(), access, created_at).await?;
    Ok(CreatedKey { id, key })
}

/// Why keys cannot be managed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// There is no randomness for a key.
    #[error("cannot make an API key: {0}")]
    Key(#[from] KeyError),
    /// Nothing has this id.
    #[error("there is no key {id:?}: `audit-layer keys list` shows all")]
    NoSuchKey {
        /// The id.
        id: String,
    },
    /// A key in the place of its id. The message does not repeat it.
    #[error(
        "this is a key, and a key is revoked by its id, which begins with `key_`: `audit-layer keys list` shows all"
    )]
    NotAnId,
    /// The database cannot be used.
    #[error("{0}")]
    Store(#[from] StoreError),
}
