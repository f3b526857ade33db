//! Who may use the API: whoever sends a key that the collector knows.

use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;
use crate::ingest::discard;
use crate::key::KeyHash;
use crate::store::{Store, StoreError};
use crate::telemetry;

/// The keys that open the API.
#[derive(Clone)]
pub(crate) enum Keys {
    /// Those of the configuration, and no others.
    Configured(Arc<[KeyHash]>),
    /// Those of the database, as they were when last read.
    Stored(Arc<RwLock<Vec<KeyHash>>>),
}

impl Keys {
    pub(crate) fn configured(hashes: Vec<KeyHash>) -> Self {
        Self::Configured(hashes.into())
    }

    pub(crate) fn stored(hashes: Vec<KeyHash>) -> Self {
        Self::Stored(Arc::new(RwLock::new(hashes)))
    }

    async fn know(&self, key: &str, store: &Store) -> Result<bool, StoreError> {
        let hash = KeyHash::of(key);
        match self {
            Self::Configured(known) => Ok(hash.is_among(known)),
            Self::Stored(cached) => {
                if hash.is_among(&cached.read().unwrap_or_else(PoisonError::into_inner)) {
                    return Ok(true);
                }
                // Another process may have made the key since: a new key works without a restart.
                let known = store.key_hashes().await?;
                let is_known = hash.is_among(&known);
                *cached.write().unwrap_or_else(PoisonError::into_inner) = known;
                Ok(is_known)
            }
        }
    }
}

/// Lets a request through if it has a known key, and answers it otherwise.
pub(crate) async fn require_key(
    State((keys, store)): State<(Keys, Store)>,
    request: Request,
    next: Next,
) -> Response {
    let refusal = match bearer(request.headers()) {
        None => ApiError::Unauthorized,
        Some(key) => match keys.know(key, &store).await {
            Ok(true) => return next.run(request).await,
            Ok(false) => ApiError::Unauthorized,
            Err(error) => {
                telemetry::read_failed(&error);
                ApiError::StorageUnavailable
            }
        },
    };
    discard(request).await;
    refusal.into_response()
}

/// The key of the header `authorization: Bearer KEY`. The scheme's name has no case.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}
