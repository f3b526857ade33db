//! Reading a request's body within a size, a time, and a budget that all requests share.

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, EXPECT};
use futures_util::StreamExt;
use tokio::time::timeout;

use crate::api::error::ApiError;
use crate::ingest::{Budget, IngestError, Share};
use crate::limits;

/// Reads the whole body of `request`, `bytes_max` at most.
pub(crate) async fn read(
    budget: &Budget,
    request: Request,
    bytes_max: usize,
) -> Result<(Bytes, Share), ApiError> {
    if is_announced_too_large(request.headers(), bytes_max) {
        return Err(ApiError::BodyTooLarge { bytes_max });
    }
    if is_encoded(request.headers()) {
        discard(request).await;
        return Err(ApiError::BodyEncoded);
    }
    let announced = announced_bytes(request.headers()).unwrap_or_default();
    let reserved = announced.min(limits::BODY_RESERVED_MAX).min(bytes_max);
    let mut body = request.into_body().into_data_stream();
    let reading = collect(budget.share(), &mut body, reserved, bytes_max);
    let result = timeout(limits::BODY_TIME_MAX, reading)
        .await
        .unwrap_or(Err(ApiError::BodySlow));
    if let Err(ApiError::BodyTooLarge { .. } | ApiError::Ingest(IngestError::Overloaded)) = result {
        discard_rest(body).await;
    }
    result
}

async fn collect(
    mut share: Share,
    body: &mut BodyDataStream,
    reserved: usize,
    bytes_max: usize,
) -> Result<(Bytes, Share), ApiError> {
    share.grow_to(reserved)?;
    let mut bytes = Vec::with_capacity(reserved);
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| ApiError::BodyBroken)?;
        if chunk.len() > bytes_max.saturating_sub(bytes.len()) {
            return Err(ApiError::BodyTooLarge { bytes_max });
        }
        share.grow_to(bytes.len().saturating_add(chunk.len()))?;
        bytes.extend_from_slice(&chunk);
    }
    Ok((bytes.into(), share))
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

/// Whether the body is compressed: read as it is, it would be lines that nobody sent.
fn is_encoded(headers: &HeaderMap) -> bool {
    let encodings = headers.get_all(CONTENT_ENCODING).iter();
    let mut encodings = encodings.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    encodings.any(|encoding| !matches!(encoding.trim_ascii(), b"" | b"identity"))
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
        let (body, _share) = read(&budget, request(10), 10).await.unwrap();
        assert_eq!(body.len(), 10);
        let refused = read(&budget, request(11), 10).await;
        assert!(matches!(
            refused,
            Err(ApiError::BodyTooLarge { bytes_max: 10 })
        ));
    }

    #[tokio::test]
    async fn what_is_announced_counts_before_it_is_there() {
        let reserved_max = limits::BODY_RESERVED_MAX;
        for (announced, bytes_max, taken) in [
            (5, 10, 5),
            (1000, 10, 10),
            (usize::MAX, usize::MAX, reserved_max),
        ] {
            let budget = Budget::new(reserved_max);
            let never = futures_util::stream::pending::<Result<Bytes, axum::Error>>();
            let mut request = Request::new(Body::from_stream(never));
            request
                .headers_mut()
                .insert(CONTENT_LENGTH, announced.into());
            let reader = budget.clone();
            let reading =
                tokio::spawn(async move { read(&reader, request, bytes_max).await.is_ok() });
            tokio::task::yield_now().await;
            assert_eq!(budget.bytes_taken(), u64::try_from(taken).unwrap());
            reading.abort();
            assert!(reading.await.is_err());
            assert_eq!(budget.bytes_taken(), 0);
        }
    }

    #[tokio::test]
    async fn a_compressed_body_is_refused() {
        let budget = Budget::new(10);
        for (encoding, is_read) in [("identity", true), ("", true), ("gzip", false)] {
            let mut request = request(1);
            let headers = request.headers_mut();
            headers.insert(CONTENT_ENCODING, encoding.parse().unwrap());
            let read = read(&budget, request, 10).await;
            assert_eq!(read.is_ok(), is_read, "{encoding}");
            assert!(is_read || matches!(read, Err(ApiError::BodyEncoded)));
        }
    }
}
