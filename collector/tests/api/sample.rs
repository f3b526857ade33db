//! Events for tests.

use audit_layer_core::dead_letter::without_content;
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

/// An event with every member that the plugin writes.
pub(crate) fn whole(id: &str, prompt: &str) -> Value {
    let completion = json!({
        "state": "complete", "http_status": 200, "finish_reasons": ["stop"], "flags": [],
        "details": null, "error": null,
    });
    let capture = json!({
        "api": "openai.chat_completions", "streamed": false, "request_bytes": 1,
        "response_bytes": 1, "request_hash": null, "encoding": null, "content": "full",
        "truncated": false, "notes": [],
    });
    let audit_layer = json!({
        "schema": "audit-layer/1", "writer": {"id": "w", "seq": 1}, "completion": completion,
        "usage": {"source": "reported"}, "timing": {"first_byte_ms": 1}, "prompt": null,
        "response": {"id": null, "model": "m", "hash": "h", "tool_calls": []},
        "capture": capture, "gateway": {"host": "h"},
    });
    let mut event = json!({
        "request_id": id, "timestamp": "2025-02-01T10:30:00Z", "duration_ms": 1, "user_id": "u",
        "session_id": null, "organization_id": "org_456", "prompt_hash": format!("hash of {prompt}"),
        "prompt_content": prompt, "prompt_tokens": 1, "response_content": "an answer",
        "response_tokens": 1, "model_provider": "openai", "model_name": "m",
        "decision_type": null, "compliance_tags": [], "risk_level": "low",
    });
    event["model_parameters"] = json!({"stop": "x"});
    event["metadata"] = json!({"audit_layer": audit_layer, "case": "x"});
    event
}

/// What a log without content has of it, as the plugin writes that.
pub(crate) fn stub_of(event: &Value) -> String {
    without_content(&event.to_string(), event["request_id"].as_str().unwrap())
}
