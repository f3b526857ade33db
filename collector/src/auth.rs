//! Who may use the API: whoever sends a key that the collector knows and that may do it, or reads with
//! the session of such a key.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Instant;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Mutex;

use crate::access::{Access, KeyId, Recorder, Role};
use crate::error::ApiError;
use crate::ingest::discard;
use crate::key::KeyHash;
use crate::limits;
use crate::session::{Sessions, keep_private};
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
            Self::Stored(keys) => keys.access(hash, store).await,
        }
    }
}

/// What is known of a key that is good.
#[derive(Clone)]
pub(crate) struct GoodKey {
    pub(crate) access: Access,
    pub(crate) id: KeyId,
    /// Shared by all events that come with it.
    pub(crate) recorder: Arc<Recorder>,
}

impl GoodKey {
    fn configured() -> Self {
        Self {
            access: Access::FULL,
            id: KeyId(None),
            recorder: Arc::new(Recorder::configured()),
        }
    }

    fn stored(key: StoredKey) -> Self {
        Self {
            recorder: Arc::new(key.recorder()),
            access: key.access,
            id: KeyId(Some(key.id)),
        }
    }
}

/// The keys of the database.
pub(crate) struct StoredKeys {
    last: RwLock<ReadKeys>,
    /// Held by the one who asks the database.
    reading: Mutex<()>,
}

impl StoredKeys {
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
    good: Vec<(KeyHash, GoodKey)>,
}

impl ReadKeys {
    fn new(keys: Vec<StoredKey>, read_at: Instant) -> Self {
        let good = keys.into_iter().filter(|key| key.revoked_at.is_none());
        Self {
            read_at,
            good: good
                .map(|key| (key.hash.clone(), GoodKey::stored(key)))
                .collect(),
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

/// Lets a request through if it has a known key, or the session of one, and answers it otherwise.
pub(crate) async fn require_key(
    State((keys, sessions, store)): State<(Keys, Sessions, Store)>,
    mut request: Request,
    next: Next,
) -> Response {
    let key = bearer(request.headers());
    let shown = key.map(str::to_owned);
    let sent = key.map(KeyHash::of);
    let is_session = sent.is_none();
    let refusal = match sent
        .or_else(|| sessions.key(request.method(), request.uri().path(), request.headers()))
    {
        None => ApiError::Unauthorized,
        Some(key) => match keys.access(&key, &store).await {
            Ok(Some(good)) => {
                request.extensions_mut().insert(good.access);
                request.extensions_mut().insert(key);
                request.extensions_mut().insert(good.id);
                request.extensions_mut().insert(good.recorder);
                let mut response = next.run(request).await;
                if is_session {
                    keep_private(&mut response);
                }
                return response;
            }
            Ok(None) => {
                if let Some(key) = shown {
                    telemetry::key_refused(&key);
                }
                ApiError::Unauthorized
            }
            Err(error) => ApiError::of_check(error),
        },
    };
    discard(request).await;
    refusal.into_response()
}

/// Lets a request through whose key may do what is `needed`, and answers it otherwise.
pub(crate) async fn require_role(
    State(needed): State<Role>,
    Extension(access): Extension<Access>,
    request: Request,
    next: Next,
) -> Response {
    let role = access.role;
    if role.includes(needed) {
        return next.run(request).await;
    }
    discard(request).await;
    ApiError::Role { role, needed }.into_response()
}

/// The key of the header `authorization: Bearer KEY`. The scheme's name has no case.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
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
