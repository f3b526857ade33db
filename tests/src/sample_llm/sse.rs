//! Server-sent events as providers frame them.

use axum::body::Bytes;
use serde_json::Value;

/// An event without a name, as OpenAI sends it.
pub(super) fn data(value: &Value) -> Bytes {
    format!("data: {value}\n\n").into()
}

/// An event named by its `type`, as Anthropic sends it.
pub(super) fn typed(value: &Value) -> Bytes {
    let name = value["type"].as_str().unwrap_or_default();
    format!("event: {name}\ndata: {value}\n\n").into()
}
