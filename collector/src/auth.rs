//! Who may use the API: whoever sends a key that the collector knows and that may do it, or reads with
//! the session of such a key.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::access::{Access, Role};
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
    Stored(Arc<RwLock<ReadKeys>>),
}

impl Keys {
    pub(crate) fn configured(hashes: Vec<KeyHash>) -> Self {
        Self::Configured(hashes.into())
    }

    pub(crate) fn stored(keys: Vec<StoredKey>) -> Self {
        Self::Stored(Arc::new(RwLock::new(ReadKeys::new(keys))))
    }

    /// What the key with this hash is good for; `None` if it is not known or was revoked.
    pub(crate) async fn access(
        &self,
        hash: &KeyHash,
        store: &Store,
    ) -> Result<Option<Access>, StoreError> {
        match self {
            Self::Configured(known) => {
                let is_known = known.iter().fold(false, |found, one| hash.is(one) | found);
                Ok(is_known.then_some(Access::FULL))
            }
            Self::Stored(read) => {
                let known = read
                    .read()
                    .unwrap_or_else(PoisonError::into_inner)
                    .access(hash);
                if known.is_some() {
                    return Ok(known);
                }
                // Another process may have made the key since: a new key works without a restart.
                let keys = ReadKeys::new(store.keys().await?);
                let known = keys.access(hash);
                *read.write().unwrap_or_else(PoisonError::into_inner) = keys;
                Ok(known)
            }
        }
    }
}

/// The keys that were good when the database was last asked.
pub(crate) struct ReadKeys {
    read_at: Instant,
    good: Vec<(KeyHash, Access)>,
}

impl ReadKeys {
    fn new(keys: Vec<StoredKey>) -> Self {
        let good = keys.into_iter().filter(|key| key.revoked_at.is_none());
        Self {
            read_at: Instant::now(),
            good: good.map(|key| (key.hash, key.access)).collect(),
        }
    }

    /// Compares with every key, so that the time tells nothing. Nothing is known any more when the
    /// keys were read too long ago: one of them may have been revoked.
    fn access(&self, hash: &KeyHash) -> Option<Access> {
        if self.read_at.elapsed() > limits::KEYS_AGE_MAX {
            return None;
        }
        let found = self.good.iter().fold(
            None,
            |found, (known, access)| {
                if hash.is(known) { Some(access) } else { found }
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
    let sent = bearer(request.headers()).map(KeyHash::of);
    let is_session = sent.is_none();
    let refusal = match sent.or_else(|| sessions.key(request.method(), request.headers())) {
        None => ApiError::Unauthorized,
        Some(key) => match keys.access(&key, &store).await {
            Ok(Some(access)) => {
                request.extensions_mut().insert(access);
                let mut response = next.run(request).await;
                if is_session {
                    keep_private(&mut response);
                }
                return response;
            }
            Ok(None) => ApiError::Unauthorized,
            Err(error) => {
                telemetry::read_failed(&error);
                ApiError::StorageUnavailable
            }
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
