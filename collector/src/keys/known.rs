//! The keys that open the API, as a running collector knows them.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex as StdMutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::Instant;

use chrono::Utc;
use tokio::sync::{Mutex, oneshot};
use tokio::time::sleep;

use crate::access::{Access, KeyId, KeyName, Recorder, Scope};
use crate::key::KeyHash;
use crate::limits;
use crate::store::{Store, StoreError, StoredKey};
use crate::telemetry;

/// The keys that open the API.
#[derive(Clone)]
pub(crate) enum Keys {
    /// Those of the configuration, and no others. Each may do everything.
    Configured(Arc<[KeyHash]>),
    /// Those of the database, as they were when last read.
    Stored(Arc<StoredKeys>),
}

impl Keys {
    pub(crate) fn configured(hashes: Vec<KeyHash>) -> Self {
        Self::Configured(hashes.into())
    }

    /// The keys of the database, as it had them at `read_at` or later.
    pub(crate) fn stored(keys: Vec<StoredKey>, read_at: Instant) -> Self {
        Self::Stored(Arc::new(StoredKeys {
            last: RwLock::new(ReadKeys::new(keys, read_at)),
            reading: Mutex::new(()),
            uses: StdMutex::default(),
        }))
    }

    /// What the key with this hash is good for; `None` if it is not known or was revoked.
    pub(crate) async fn access(
        &self,
        hash: &KeyHash,
        store: &Store,
    ) -> Result<Option<GoodKey>, StoreError> {
        match self {
            Self::Configured(known) => {
                let is_known = known.iter().fold(false, |found, one| hash.is(one) | found);
                Ok(is_known.then(GoodKey::configured))
            }
            Self::Stored(keys) => {
                let now = Utc::now().timestamp_micros();
                let good = keys.access(hash, store).await?;
                // Whenever the keys were read.
                let good = good.filter(|key| key.expires_at.is_none_or(|end| now < end));
                Ok(good.inspect(|key| keys.note_use(&key.id, now)))
            }
        }
    }
}

impl Keys {
    /// Whether a key that is not good any more has come to its end by itself.
    pub(crate) fn has_expired(&self, hash: &KeyHash) -> bool {
        match self {
            Self::Configured(_) => false,
            // Those that were revoked are not among them.
            Self::Stored(keys) => keys.last().access(hash).is_some(),
        }
    }

    /// Which key this is that was refused, if it is one that has expired or was revoked.
    pub(crate) fn no_longer_good(&self, hash: &KeyHash) -> Option<(KeyId, KeyName, Scope)> {
        let Self::Stored(keys) = self else {
            return None;
        };
        let last = keys.last();
        let revoked = last.revoked.iter().find(|(known, _)| hash.is(known));
        let revoked = revoked.map(|(_, named)| named.clone());
        let expired = || {
            last.access(hash)
                .map(|key| (key.id, key.name, key.access.scope))
        };
        revoked.or_else(expired)
    }
}

/// What is known of a key that is good.
#[derive(Clone)]
pub(crate) struct GoodKey {
    pub(crate) access: Access,
    pub(crate) id: KeyId,
    pub(crate) name: KeyName,
    expires_at: Option<i64>,
    /// Shared by all events that come with it.
    pub(crate) recorder: Arc<Recorder>,
}

impl GoodKey {
    fn configured() -> Self {
        Self {
            access: Access::FULL,
            id: KeyId(None),
            name: KeyName(None),
            expires_at: None,
            recorder: Arc::new(Recorder::configured()),
        }
    }

    fn stored(key: StoredKey) -> Self {
        Self {
            recorder: Arc::new(key.recorder()),
            access: key.access,
            id: KeyId(Some(key.id)),
            name: KeyName(key.name.map(Arc::from)),
            expires_at: key.expires_at,
        }
    }
}

/// The keys of the database.
pub(crate) struct StoredKeys {
    last: RwLock<ReadKeys>,
    /// Held by the one who asks the database.
    reading: Mutex<()>,
    /// When each was last used, of those that were since it was last noted: microseconds since 1970, UTC.
    uses: StdMutex<HashMap<String, i64>>,
}

impl StoredKeys {
    fn note_use(&self, KeyId(id): &KeyId, now: i64) {
        let Some(id) = id else { return };
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        match uses.get_mut(id) {
            Some(at) => *at = now,
            None => {
                uses.insert(id.clone(), now);
            }
        }
    }

    async fn write_uses(&self, store: &Store) {
        let uses = mem::take(&mut *self.uses.lock().unwrap_or_else(PoisonError::into_inner));
        let uses: Vec<(String, i64)> = uses.into_iter().collect();
        if uses.is_empty() {
            return;
        }
        // What could not be noted is noted when the key is used again.
        if let Err(error) = store.note_key_uses(&uses).await {
            telemetry::uses_failed(&error);
        }
    }

    async fn access(&self, hash: &KeyHash, store: &Store) -> Result<Option<GoodKey>, StoreError> {
        let asked_at = Instant::now();
        if let Some(access) = self.last().access_now(hash) {
            return Ok(Some(access));
        }
        // Another process may have made the key since: a new key works without a restart. Whoever
        // asks the database asks for all that wait, so that wrong keys, which anyone can send in
        // any number, do not keep it from other work.
        let _reading = self.reading.lock().await;
        if self.last().read_at < asked_at {
            let read_at = Instant::now();
            let keys = ReadKeys::new(store.keys().await?, read_at);
            *self.last.write().unwrap_or_else(PoisonError::into_inner) = keys;
        }
        Ok(self.last().access(hash))
    }

    fn last(&self) -> RwLockReadGuard<'_, ReadKeys> {
        self.last.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The keys that were good when the database was last asked.
struct ReadKeys {
    read_at: Instant,
    /// Some of them may have expired.
    good: Vec<(KeyHash, GoodKey)>,
    revoked: Vec<(KeyHash, (KeyId, KeyName, Scope))>,
}

impl ReadKeys {
    fn new(keys: Vec<StoredKey>, read_at: Instant) -> Self {
        let is_revoked = |key: &StoredKey| key.revoked_at.is_some();
        let (revoked, good): (Vec<_>, Vec<_>) = keys.into_iter().partition(is_revoked);
        let revoked = revoked.into_iter().map(|key| {
            let name = KeyName(key.name.map(Arc::from));
            (key.hash, (KeyId(Some(key.id)), name, key.access.scope))
        });
        let good = good.into_iter();
        Self {
            read_at,
            good: good
                .map(|key| (key.hash.clone(), GoodKey::stored(key)))
                .collect(),
            revoked: revoked.collect(),
        }
    }

    /// Nothing is known any more when the keys were read too long ago: one of them may have been
    /// revoked.
    fn access_now(&self, hash: &KeyHash) -> Option<GoodKey> {
        match self.read_at.elapsed() > limits::KEYS_AGE_MAX {
            true => None,
            false => self.access(hash),
        }
    }

    /// Compares with every key, so that the time tells nothing.
    fn access(&self, hash: &KeyHash) -> Option<GoodKey> {
        let found = self.good.iter().fold(
            None,
            |found, (known, good)| {
                if hash.is(known) { Some(good) } else { found }
            },
        );
        found.cloned()
    }
}

/// Notes in the database when keys are used, until it is told to stop. It is beside what they are used for:
/// no request waits.
pub(crate) async fn note_uses(keys: Keys, store: Store, mut stop: oneshot::Receiver<()>) {
    let Keys::Stored(keys) = keys else { return };
    loop {
        let is_stopping = tokio::select! {
            _ = &mut stop => true,
            () = sleep(limits::KEY_USES_INTERVAL) => false,
        };
        keys.write_uses(&store).await;
        if is_stopping {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_for_the_keys_is_answered_by_one_reading() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("audit.db").into())
            .await
            .unwrap();
        let keys = StoredKeys {
            last: RwLock::new(ReadKeys::new(Vec::new(), Instant::now())),
            reading: Mutex::new(()),
            uses: StdMutex::default(),
        };
        let hash = KeyHash::of("wrong");
        let reading = keys.reading.lock().await;
        let mut waiting = std::pin::pin!(keys.access(&hash, &store));
        let none = std::future::ready(());
        tokio::select! {
            biased;
            _ = &mut waiting => panic!("it waits for the one who reads"),
            () = none => {}
        }
        // As if the other had read them now. A database that is closed would be an error.
        *keys.last.write().unwrap() = ReadKeys::new(Vec::new(), Instant::now());
        drop(reading);
        store.close().await;
        assert!(matches!(waiting.await, Ok(None)));
    }
}
