//! Calls of applications, step by step.

use proxy_wasm_host_test::{Action, Headers, Step, Stream};
use serde_json::Value;

/// The paths of the two wire formats.
pub(crate) const OPENAI: &str = "/v1/chat/completions";
pub(crate) const ANTHROPIC: &str = "/v1/messages";

pub(crate) const ASK: &str = r#"{"model":"m","messages":[{"role":"user","content":"Hé?"}]}"#;

pub(crate) const OPENAI_ANSWER: &str = r#"{"id":"c1","model":"m-1","choices":[{"index":0,"message":
{"role":"assistant","content":"Héllo"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,
"completion_tokens":2,"total_tokens":7}}"#;

pub(crate) const OPENAI_STREAM: &str = "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"H\u{e9}\"}}]}\n\n\
data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"llo\"},\"finish_reason\":\"stop\"}]}\r\n\r\n\
data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";

pub(crate) const ANTHROPIC_ANSWER: &str = r#"{"id":"m1","type":"message","model":"m-1","content":[
{"type":"text","text":"Hé"},{"type":"text","text":"llo"}],"stop_reason":"end_turn","usage":{
"input_tokens":5,"output_tokens":2}}"#;

pub(crate) const ANTHROPIC_STREAM: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m1\",\"type\":\"message\",\"usage\":{\"input_tokens\":5}}}\n\n\
data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"H\u{e9}llo\"}}\n\n\
data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\n\
data: {\"type\":\"message_stop\"}\n\n";

/// The headers of a request, credentials and all.
pub(crate) fn request_head(path: &str) -> Headers {
    Headers::new()
        .with(":method", "POST")
        .with(":path", format!("{path}?key=secret-query"))
        .with(":authority", "llm.example")
        .with("authorization", "Bearer secret-bearer")
        .with("x-api-key", "secret-key")
        .with("cookie", "secret-cookie")
}

/// The headers of a request as they went on, without the one by which gateways tell each other.
pub(crate) fn passed_on(stream: &Stream) -> Headers {
    let mut passed = Headers::new();
    for (name, value) in stream.upstream().headers.unwrap_or_default().iter() {
        if name != b"audit-layer-hop" {
            passed = passed.with(name, value);
        }
    }
    passed
}

/// The headers of a response.
pub(crate) fn response_head(status: u16) -> Headers {
    Headers::new()
        .with(":status", status.to_string())
        .with("content-type", "application/json")
}

/// What the proxy says of a response that came from the upstream.
pub(crate) fn answered_upstream(stream: &Stream) {
    stream.property(&["response", "code_details"], "via_upstream");
    stream.property(&["response", "flags"], 0_u64);
}

/// What the proxy says when a stream ended otherwise.
pub(crate) fn ended_with(stream: &Stream, flags: u64, details: &str) {
    stream.property(&["response", "code_details"], details);
    stream.property(&["response", "flags"], flags);
}

/// A whole call that goes well.
pub(crate) fn whole_call(stream: &Stream, path: &str, ask: &[u8], answer: &[u8]) {
    untouched(&stream.request(request_head(path), ask));
    answered_upstream(stream);
    untouched(&stream.response(response_head(200), answer));
    untouched(&stream.finish());
}

/// The plugin let the step pass at once: it held nothing, cut nothing and answered nothing.
pub(crate) fn untouched(step: &Step) {
    let paused = step
        .callbacks
        .iter()
        .any(|callback| callback.action == Some(Action::Pause));
    assert!(!paused && !step.held && !step.reset, "{step:?}");
}

/// How the call of an event ended, in one word.
pub(crate) fn state(event: &Value) -> &str {
    own(event, "/completion/state").as_str().unwrap()
}

/// The notes of an event.
pub(crate) fn notes(event: &Value) -> Vec<&str> {
    let notes = own(event, "/capture/notes").as_array().unwrap();
    notes.iter().filter_map(Value::as_str).collect()
}

/// Where the gateway's own facts stand.
pub(crate) fn own<'a>(event: &'a Value, pointer: &str) -> &'a Value {
    let pointer = format!("/metadata/audit_layer{pointer}");
    event.pointer(&pointer).unwrap_or(&Value::Null)
}
