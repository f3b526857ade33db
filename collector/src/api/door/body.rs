//! What the body of a request asks for, if the request is refused: whoever reads it, the beginning is
//! noted on its way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use axum::extract::Request;
use axum::http::Method;
use futures_util::TryStreamExt;
use serde_json::{Map, Value};

use crate::api::door::asked::cut;
use crate::limits;

/// The beginning of a body, as far as it was read.
#[derive(Clone, Default)]
pub(super) struct Noted(Arc<Mutex<Vec<u8>>>);

/// The same request, of whose body the beginning is noted when it is read.
pub(super) fn noted(request: Request) -> (Request, Noted) {
    let noted = Noted::default();
    if request.method() != Method::POST {
        return (request, noted);
    }
    let own = noted.clone();
    let request = request.map(|body| {
        let pieces = body.into_data_stream();
        Body::from_stream(pieces.inspect_ok(move |piece| own.add(piece)))
    });
    (request, noted)
}

impl Noted {
    fn add(&self, piece: &[u8]) {
        let mut bytes = self.bytes();
        let left = limits::RECORD_BODY_BYTES_MAX.saturating_sub(bytes.len());
        bytes.extend(piece.iter().take(left));
    }

    /// The members of the object that it is, or its beginning; `None` if nothing of it came. What is
    /// longer than a limit is cut, which a `…` at its end says.
    pub(super) fn asked(&self) -> Option<Value> {
        let bytes = self.bytes();
        if bytes.is_empty() {
            return None;
        }
        let text = || cut(&String::from_utf8_lossy(&bytes));
        let members: Result<Map<String, Value>, _> = serde_json::from_slice(&bytes);
        Some(match members {
            Ok(members) => {
                let members = members.into_iter().take(limits::RECORD_PARAMETERS_MAX);
                members
                    .map(|(name, value)| (cut(&name), short(value)))
                    .collect()
            }
            Err(_) => Value::from_iter([("body", text())]),
        })
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Members are texts and switches; whatever else was sent is bounded by its body.
fn short(value: Value) -> Value {
    match value {
        Value::String(text) => cut(&text).into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    async fn asked(body: impl Into<Body>) -> Option<Value> {
        let (request, noted) = noted(Request::post("/").body(body.into()).unwrap());
        let read = axum::body::to_bytes(request.into_body(), usize::MAX).await;
        read.unwrap();
        noted.asked()
    }

    #[tokio::test]
    async fn what_a_body_asks_for_is_noted_and_bounded() {
        assert_eq!(asked("").await, None);
        let object = r#"{"a": "é", "b": [1]}"#;
        assert_eq!(asked(object).await, Some(json!({"a": "é", "b": [1]})));
        for text in ["[]", "{\"a\"", "\u{0}"] {
            assert_eq!(asked(text).await, Some(json!({"body": text})));
        }
        let bytes = limits::RECORD_BODY_BYTES_MAX + 1;
        let long = asked("x".repeat(bytes)).await.unwrap();
        let long = long["body"].as_str().unwrap();
        assert!(long.ends_with('…') && long.len() <= limits::RECORD_TEXT_BYTES_MAX + 3);
    }

    #[tokio::test]
    async fn what_nobody_reads_is_not_noted() {
        let (_, noted) = noted(Request::post("/").body("x".into()).unwrap());
        assert_eq!(noted.asked(), None);
    }
}
