//! Queries of one key take turns: there are few readers of the database, and one key must not have all.
//! A page that its client does not read is in memory, so that its turn lasts until it is sent.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Extension;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::api::error::ApiError;
use crate::key::KeyHash;
use crate::limits;
use crate::places::{Place, Places};

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
        Ok(Ok(turn)) => {
            let answer = next.run(request).await;
            answer.map(|body| held_until_sent(body, turn))
        }
        Ok(Err(_)) | Err(_) => ApiError::TooManyQueries.into_response(),
    }
}

/// Gives the turn back when the body is sent, or its connection is gone. A body that is made while it is
/// sent is an export, which has a place of its own.
fn held_until_sent(body: Body, turn: Place<KeyHash>) -> Body {
    match body.size_hint().exact() {
        Some(1..) => Body::new(Held { body, _turn: turn }),
        Some(0) | None => body,
    }
}

struct Held {
    body: Body,
    _turn: Place<KeyHash>,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
