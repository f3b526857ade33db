//! Queries of one key take turns: there are few readers of the database, and one key must not have all.

use axum::Extension;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::error::ApiError;
use crate::key::KeyHash;
use crate::limits;
use crate::places::Places;

/// As many turns as there may be together, of which each key has a few.
pub(crate) fn turns() -> Places<KeyHash> {
    Places::new(Semaphore::MAX_PERMITS, limits::QUERIES_OF_KEY_MAX)
}

/// Answers a query when it is its turn, if that is soon.
pub(crate) async fn in_turn(
    State(turns): State<Places<KeyHash>>,
    Extension(key): Extension<KeyHash>,
    request: Request,
    next: Next,
) -> Response {
    match timeout(limits::QUERY_WAIT_MAX, turns.take(&key)).await {
        Ok(Ok(_turn)) => next.run(request).await,
        Ok(Err(_)) | Err(_) => ApiError::TooManyQueries.into_response(),
    }
}
