//! Events for tests.

use serde_json::{Value, json};

/// An event with every required member and no other.
pub(crate) fn event(request_id: &str) -> Value {
    json!({
        "request_id": request_id,
        "timestamp": "2025-02-01T10:30:00Z",
        "duration_ms": 1523,
        "user_id": "user_123",
        "organization_id": "org_456",
        "prompt_hash": "sha256:abc123...",
        "prompt_content": "Analyze this loan application...",
        "prompt_tokens": 250,
        "response_content": "Based on the credit score...",
        "response_tokens": 150,
        "model_provider": "openai",
        "model_name": "gpt-4-turbo",
    })
}

pub(crate) fn event_with(request_id: &str, members: Value) -> Value {
    let mut event = event(request_id);
    let Value::Object(members) = members else {
        panic!("members are an object")
    };
    event.as_object_mut().unwrap().extend(members);
    event
}

/// An event of a gateway, whose call ended like this.
pub(crate) fn gateway_event(request_id: &str, completion_state: &str) -> Value {
    let audit_layer = json!({"completion": {"state": completion_state}});
    event_with(
        request_id,
        json!({"metadata": {"audit_layer": audit_layer}}),
    )
}
