//! Managing the keys in a database, beside a collector that may be running on it.

mod known;

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::access::{Access, Kind, Role};
use crate::key::{ApiKey, KeyError};
use crate::records::operator;
use crate::store::{AccessRecord, Action, AddedKey, Database, Store, StoreError, StoredKey};
use crate::time::{self, moment};

pub(crate) use known::{GoodKey, Keys, note_uses};

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

/// What people know a key by, and how long it is good.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyLabel {
    /// From 1 to [`crate::limits::KEY_NAME_BYTES_MAX`] bytes, without controls.
    pub name: Option<String>,
    /// From when on the key is good for nothing.
    pub expires_at: Option<DateTime<Utc>>,
}

impl KeyLabel {
    fn of<'a>(&'a self, key: &ApiKey) -> AddedKey<'a> {
        AddedKey {
            hash: key.hash(),
            name: self.name.as_deref(),
            created_at: Utc::now().timestamp_micros(),
            expires_at: self.expires_at.map(|end| end.timestamp_micros()),
        }
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
    /// What people call it.
    pub name: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it is good for nothing any more.
    pub revoked_at: Option<DateTime<Utc>>,
    /// From when on it is good for nothing.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it last opened anything, to a minute or so.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl From<StoredKey> for KeyEntry {
    fn from(key: StoredKey) -> Self {
        Self {
            kind: key.recording_kind(),
            lacks_kind: key.lacks_kind(),
            family: key.family,
            name: key.name,
            expires_at: key.expires_at.map(moment),
            last_used_at: key.last_used_at.map(moment),
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
pub async fn create(
    database: &Database,
    new: &NewKey,
    label: &KeyLabel,
) -> Result<CreatedKey, KeysError> {
    let store = Store::open(database).await?;
    let created = add(&store, new, label).await;
    store.close().await;
    created
}

/// Makes a key that is to take the place of the one with the id `first`: it may do the same, and what
/// one of them has begun to record the other goes on with.
///
/// # Errors
/// There is no such key or database, or no randomness. The message says what to do.
pub async fn create_successor(
    database: &Database,
    first: &str,
    label: &KeyLabel,
) -> Result<CreatedKey, KeysError> {
    let key = ApiKey::generate()?;
    let store = Store::open_existing(database).await?;
    let asked = json!({
        "name": label.name, "expires_at": label.expires_at.map(shown), "successor_of": first,
    });
    let record = AccessRecord::new(Action::KeyCreated, operator()).asking(&asked);
    let id = store.add_successor(&label.of(&key), first, record).await;
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
        Some(Role::Ingest) => {
            let record = AccessRecord::new(Action::KeyChanged, operator()).of_ids([id.to_owned()]);
            let record = record.asking(&json!({"kind": kind.name()}));
            let record = match key {
                Some(key) => record.of(&key.access.scope),
                None => record,
            };
            Ok(store.set_kind(id, kind, &record).await?)
        }
        Some(role) => Err(KeysError::KindOfRole { role }),
    }
}

/// Every key of the database, oldest first.
///
/// # Errors
/// There is no such database, or it cannot be used. The message says what to do.
pub async fn list(database: &Database) -> Result<Vec<KeyEntry>, KeysError> {
    let store = Store::open_existing(database).await?;
    let keys = list_in(&store).await;
    store.close().await;
    Ok(keys?.into_iter().map(KeyEntry::from).collect())
}

async fn list_in(store: &Store) -> Result<Vec<StoredKey>, StoreError> {
    let keys = store.keys().await?;
    let ids = keys.iter().map(|key| key.id.clone());
    let record = AccessRecord::new(Action::KeysListed, operator()).of_ids(ids);
    store.write_record(record.of_items(keys.len())).await?;
    Ok(keys)
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
    let now = Utc::now().timestamp_micros();
    let record = AccessRecord::new(Action::KeyRevoked, operator());
    let revoked_at = store.revoke_key(id, now, record).await;
    store.close().await;
    match revoked_at? {
        Some(revoked_at) => Ok(moment(revoked_at)),
        None => Err(KeysError::none_with(id)),
    }
}

pub(crate) async fn add(
    store: &Store,
    new: &NewKey,
    label: &KeyLabel,
) -> Result<CreatedKey, KeysError> {
    let key = ApiKey::generate()?;
    let (access, kind) = (&new.access, new.kind);
    let asked = json!({
        "role": access.role.name(), "kind": kind.map(Kind::name), "name": label.name,
        "expires_at": label.expires_at.map(shown),
    });
    let record = AccessRecord::new(Action::KeyCreated, operator());
    let record = record.of(&access.scope).asking(&asked);
    let added = label.of(&key);
    let id = store.add_key(&added, access, kind, record).await?;
    Ok(CreatedKey { id, key })
}

fn shown(time: DateTime<Utc>) -> String {
    time::text(time.timestamp_micros())
}

/// Why keys cannot be managed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A kind of a key that does more than record.
    #[error(
        "a key with the role {} has no kind: only keys with the role ingest have one", role.name()
    )]
    KindOfRole {
        /// The role.
        role: Role,
    },
    /// There is no randomness for a key.
    #[error("cannot make an API key: {0}")]
    Key(#[from] KeyError),
    /// Nothing has this id.
    #[error("there is no key {id:?}: run `audit-layer keys list` to see all keys")]
    NoSuchKey {
        /// The id.
        id: String,
    },
    /// A key in the place of its id. The message does not repeat it.
    #[error(
        "this is a key, not its id: use the id, which begins with `key_`; run `audit-layer keys list` to see all ids"
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
