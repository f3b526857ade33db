//! Managing the keys in a database, beside a collector that may be running on it.

use chrono::{DateTime, Utc};

use crate::access::{Access, Kind, Role};
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

/// What a key is made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// What it is good for.
    pub access: Access,
    /// Who records with it, of a key with the role [`Role::Ingest`]; no other has a kind.
    pub kind: Option<Kind>,
}

impl NewKey {
    /// What `access` says. Who records with a key that only records is an application, unless `kind`
    /// says otherwise.
    ///
    /// # Errors
    /// A kind of a key that does not only record.
    pub fn of(access: Access, kind: Option<Kind>) -> Result<Self, KeysError> {
        let kind = match (access.role, kind) {
            (Role::Ingest, kind) => Some(kind.unwrap_or(Kind::Application)),
            (_, None) => None,
            (role, Some(_)) => return Err(KeysError::KindOfRole { role }),
        };
        Ok(Self { access, kind })
    }
}

/// A key of the database, without the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEntry {
    /// What it is revoked by.
    pub id: String,
    /// What it is good for.
    pub access: Access,
    /// Who records with it, of a key that only records.
    pub kind: Option<Kind>,
    /// Whether it counts as a gateway's only because it was made before there were kinds.
    pub lacks_kind: bool,
    /// The id of the first of the keys that take the place of each other, which may be its own.
    pub family: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it is good for nothing any more.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl From<StoredKey> for KeyEntry {
    fn from(key: StoredKey) -> Self {
        Self {
            kind: key.recording_kind(),
            lacks_kind: key.lacks_kind(),
            family: key.family,
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
pub async fn create(database: &Database, new: &NewKey) -> Result<CreatedKey, KeysError> {
    let store = Store::open(database).await?;
    let created = add(&store, new).await;
    store.close().await;
    created
}

/// Makes a key that is to take the place of the one with the id `first`: it may do the same, and what
/// one of them has begun to record the other goes on with.
///
/// # Errors
/// There is no such key or database, or no randomness. The message says what to do.
pub async fn create_successor(database: &Database, first: &str) -> Result<CreatedKey, KeysError> {
    let key = ApiKey::generate()?;
    let store = Store::open_existing(database).await?;
    let created_at = Utc::now().timestamp_micros();
    let id = store.add_successor(&key.hash(), first, created_at).await;
    store.close().await;
    match id? {
        Some(id) => Ok(CreatedKey { id, key }),
        None => Err(KeysError::none_with(first)),
    }
}

/// Says who records with a key that only records, and with all keys that take its place or whose place
/// it takes. A running collector knows within a second.
///
/// # Returns
/// How many keys these are.
///
/// # Errors
/// There is no such key or database, or the key does not only record. The message says what to do.
pub async fn set_kind(database: &Database, id: &str, kind: Kind) -> Result<u64, KeysError> {
    let store = Store::open_existing(database).await?;
    let set = set_kind_in(&store, id, kind).await;
    store.close().await;
    set
}

async fn set_kind_in(store: &Store, id: &str, kind: Kind) -> Result<u64, KeysError> {
    let keys = store.keys().await?;
    let key = keys.iter().find(|key| key.id == id);
    match key.map(|key| key.access.role) {
        None => Err(KeysError::none_with(id)),
        Some(Role::Ingest) => Ok(store.set_kind(id, kind).await?),
        Some(role) => Err(KeysError::KindOfRole { role }),
    }
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
        None => Err(KeysError::none_with(id)),
    }
}

pub(crate) async fn add(store: &Store, new: &NewKey) -> Result<CreatedKey, KeysError> {
    let key = ApiKey::generate()?;
    let created_at = Utc::now().timestamp_micros();
    let (access, kind) = (&new.access, new.kind);
    let id = store.add_key(&key.hash(), access, kind, created_at).await?;
    Ok(CreatedKey { id, key })
}

/// Why keys cannot be managed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A kind of a key that does more than record.
    #[error(
        "a key with the role {} has no kind: only those with the role ingest are of a gateway or an application", role.name()
    )]
    KindOfRole {
        /// The role.
        role: Role,
    },
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
        "this is a key, and a key is named by its id, which begins with `key_`: `audit-layer keys list` shows all"
    )]
    NotAnId,
    /// The database cannot be used.
    #[error("{0}")]
    Store(#[from] StoreError),
}

impl KeysError {
    /// No key has this for its id.
    fn none_with(id: &str) -> Self {
        match ApiKey::looks_like(id) {
            true => Self::NotAnId,
            false => Self::NoSuchKey { id: id.to_owned() },
        }
    }
}
