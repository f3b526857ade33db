//! Events as a gateway writes them, and what its log has of them without content.

use audit_layer_core::dead_letter::without_content;
use serde_json::{Value, json};

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
