//! Reading a request's body within a size, a time, and a budget that all requests share.

use std::sync::Arc;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::error::ApiError;
use crate::limits;

/// Bytes of bodies that may be in memory at the same time.
#[derive(Clone)]
pub(crate) struct Budget {
    bytes_max: usize,
    permits: Arc<Semaphore>,
}

/// A body's part of the budget, given back when dropped.
pub(crate) struct Share(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Budget {
    pub(crate) fn new(bytes_max: usize) -> Self {
        let bytes_max = bytes_max.min(Semaphore::MAX_PERMITS);
        Self {
            bytes_max,
            permits: Arc::new(Semaphore::new(bytes_max)),
        }
    }

    /// How much is in use.
    pub(crate) fn bytes_taken(&self) -> u64 {
        let taken = self
            .bytes_max
            .saturating_sub(self.permits.available_permits());
        u64::try_from(taken).unwrap_or(u64::MAX)
    }

    /// Reads the whole body of `request`, `bytes_max` at most.
    pub(crate) async fn read(
        &self,
        request: Request,
        bytes_max: usize,
    ) -> Result<(Bytes, Share), ApiError> {
        if is_announced_too_large(request.headers(), bytes_max) {
            return Err(ApiError::BodyTooLarge { bytes_max });
        }
        let expected = announced_bytes(request.headers()).unwrap_or_default();
        let mut body = request.into_body().into_data_stream();
        let reading = self.collect(
            &mut body,
            expected.min(limits::BODY_RESERVED_MAX),
            bytes_max,
        );
        let result = timeout(limits::BODY_TIME_MAX, reading)
            .await
            .unwrap_or(Err(ApiError::BodySlow));
        if let Err(ApiError::BodyTooLarge { .. } | ApiError::Overloaded) = result {
            discard_rest(body).await;
        }
        result
    }

    async fn collect(
        &self,
        body: &mut BodyDataStream,
        expected: usize,
        bytes_max: usize,
    ) -> Result<(Bytes, Share), ApiError> {
        let mut bytes = Vec::with_capacity(expected);
        let mut permit = self.take(0)?;
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|_| ApiError::BodyBroken)?;
            if chunk.len() > bytes_max.saturating_sub(bytes.len()) {
                return Err(ApiError::BodyTooLarge { bytes_max });
            }
            permit.merge(self.take(chunk.len())?);
            bytes.extend_from_slice(&chunk);
        }
        Ok((bytes.into(), Share(permit)))
    }

    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, ApiError> {
        let bytes = u32::try_from(bytes).map_err(|_| ApiError::Overloaded)?;
        let permit = Arc::clone(&self.permits).try_acquire_many_owned(bytes);
        permit.map_err(|_| ApiError::Overloaded)
    }
}

/// Reads and drops the body of a request that is refused, so that the client sees the answer.
pub(crate) async fn discard(request: Request) {
    if !waits_for_permission(request.headers()) {
        discard_rest(Body::into_data_stream(request.into_body())).await;
    }
}

async fn discard_rest(mut body: BodyDataStream) {
    let mut bytes_left = limits::DISCARD_BYTES_MAX;
    let reading = async {
        while let Some(Ok(chunk)) = body.next().await {
            bytes_left = bytes_left.saturating_sub(chunk.len());
            if bytes_left == 0 {
                break;
            }
        }
    };
    // Whether it ended or ran out of time: the answer follows either way.
    let _ = timeout(limits::BODY_TIME_MAX, reading).await;
}

/// Whether the client said that it will send too much, and waits to hear whether it may.
fn is_announced_too_large(headers: &HeaderMap, bytes_max: usize) -> bool {
    waits_for_permission(headers)
        && announced_bytes(headers).is_some_and(|length| length > bytes_max)
}

fn announced_bytes(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn waits_for_permission(headers: &HeaderMap) -> bool {
    headers
        .get(EXPECT)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(bytes: usize) -> Request {
        Request::new(Body::from(vec![b'x'; bytes]))
    }

    #[tokio::test]
    async fn a_body_of_the_largest_size_is_read_and_a_larger_one_is_not() {
        let budget = Budget::new(100);
        let (body, _share) = budget.read(request(10), 10).await.unwrap();
        assert_eq!(body.len(), 10);
        let refused = budget.read(request(11), 10).await;
        assert!(matches!(
            refused,
            Err(ApiError::BodyTooLarge { bytes_max: 10 })
        ));
    }

    #[tokio::test]
    async fn bodies_share_a_budget_and_give_their_part_back() {
        let budget = Budget::new(10);
        let (_, first) = budget.read(request(6), 10).await.unwrap();
        let refused = budget.read(request(6), 10).await;
        assert!(matches!(refused, Err(ApiError::Overloaded)));
        drop(first);
        assert!(budget.read(request(10), 10).await.is_ok());
    }
}
