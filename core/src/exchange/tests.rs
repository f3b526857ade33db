use serde_json::{Value, json};

use super::*;

use crate::completion::Cause;
use crate::digest::HashForm;
use crate::host::Host;

mod bodies;
mod credentials;
mod decided;
mod dialects;
mod fetched;
mod forgo;
mod google;
mod left;
mod long;
mod media;
mod names;
mod ollama;
mod openai;
mod passes;
mod pieces;
mod redacted;
mod rules;
mod sealed;
mod uncertain;

const MINIMAL: &str = r#"{"organization_id":"org_1","audit_api":{"cluster":"audit"}}"#;
const OPENAI: &str = "/v1/chat/completions?key=secret";
const ANTHROPIC: &str = "/v1/messages";
const ASK: &str = r#"{"model":"gpt-4","messages":[{"role":"user","content":"Hi"}]}"#;
const OPENAI_ANSWER: &str = r#"{"id":"chatcmpl-1","model":"gpt-4-0613","choices":[{"index":0,
    "message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],
    "usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}"#;
const OPENAI_STREAM: &str = "data: {\"id\":\"\",\"choices\":[]}\n\n\
    data: {\"id\":\"c-1\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"H\u{e9}\"}}]}\n\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"llo\"},\"finish_reason\":null}],\"usage\":null}\n\n\
    data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\n\
    data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,\"total_tokens\":13}}\n\n\
    data: [DONE]\n\n";
const ANTHROPIC_STREAM: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","model":"claude-x","content":[],"usage":{"input_tokens":10,"cache_read_input_tokens":3,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

event: ping
data: {"type":"ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hé"}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"llo"}}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"tu_1","name":"weather","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"city\":"}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"\"Bonn\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: content_block_start
data: {"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"tu_2","name":"now","input":{}}}

event: content_block_stop
data: {"type":"content_block_stop","index":3}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":25}}

event: message_stop
data: {"type":"message_stop"}

"#;

/// One call, cut into pieces of a size; what is not said is an ordinary, complete call.
#[derive(Clone)]
struct Call {
    config: String,
    method: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Vec<u8>,
    request_ends: bool,
    status: Option<u16>,
    response_headers: Vec<(&'static str, &'static str)>,
    response: Vec<u8>,
    response_ends: bool,
    end: End,
    piece: usize,
}

impl Call {
    fn new(path: &'static str, body: &str, response: &str) -> Self {
        Self {
            config: MINIMAL.to_owned(),
            method: "POST",
            path,
            headers: Vec::new(),
            body: body.into(),
            request_ends: true,
            status: Some(200),
            response_headers: Vec::new(),
            response: response.into(),
            response_ends: true,
            end: End {
                cause: Cause::Finished,
                details: Some("via_upstream".to_owned()),
                ..End::default()
            },
            piece: usize::MAX,
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn event(&self) -> Value {
        serde_json::to_value(self.run().expect("an audited call")).unwrap()
    }

    fn run(&self) -> Option<AuditEvent> {
        let policy = Arc::new(Policy::read(self.config.as_bytes(), &|_| None, &host()).unwrap());
        let at = |ms: u64| Timestamp::from_unix_ms(1_738_405_800_000 + ms);
        let given = self.headers.iter();
        let given = given.map(|(name, value)| (name.as_bytes().to_vec(), value.clone()));
        let mut head: Vec<_> = given.collect();
        head.extend(pairs(&[
            (":method", self.method),
            (":path", self.path),
            (":authority", "h:1"),
        ]));
        let mut exchange = Exchange::begin(&policy, Headers(&head), [7; 10], at(0))?;
        for piece in self.body.chunks(self.piece) {
            exchange.request_body(piece);
        }
        if self.request_ends {
            exchange.request_end();
        }
        if let Some(status) = self.status {
            let mut head = pairs(&self.response_headers);
            head.extend(pairs(&[(":status", &status.to_string())]));
            exchange.response_head(Headers(&head));
        }
        for piece in self.response.chunks(self.piece) {
            exchange.response_body(piece, at(30));
        }
        if self.response_ends {
            exchange.response_end();
        }
        exchange.end(self.end.clone(), at(250))
    }
}

/// A host with bytes that count as random.
fn host() -> Host {
    Host {
        entropy: |bytes| {
            bytes.fill(7);
            true
        },
        ..Host::default()
    }
}

fn pairs(headers: &[(&str, &str)]) -> Vec<(Vec<u8>, Vec<u8>)> {
    headers
        .iter()
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect()
}

fn aborted(cause: Cause, flag: &'static str, details: &str) -> End {
    End {
        cause,
        flags: vec![flag],
        details: Some(details.to_owned()),
        ..End::default()
    }
}

/// Where the gateway's own facts stand.
fn own<'a>(event: &'a Value, pointer: &str) -> &'a Value {
    event
        .pointer(&format!("/metadata/audit_layer{pointer}"))
        .unwrap_or(&Value::Null)
}

#[test]
fn a_plain_call_gives_the_documented_event() {
    let ask = r#"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"Hi"}],
        "temperature":0.30,"seed":7,"model":"gpt-4","user":"body-user","stream":false}"#;
    let event = Call::new(OPENAI, ask, OPENAI_ANSWER)
        .with(|call| {
            call.headers = vec![
                ("x-audit-decision-type", b"loan".to_vec()),
                ("x-request-id", b"gateway-1".to_vec()),
                ("authorization", b"Bearer secret".to_vec()),
            ];
        })
        .event();
    // Its host is a program without a proxy.
    assert_eq!(own(&event, "/capture/point"), "sdk");
    let mut top = event.clone();
    top.as_object_mut().unwrap().remove("metadata");
    assert_eq!(
        top,
        json!({
            "request_id": "0194c10f-6840-7707-8707-070707070707",
            "timestamp": "2025-02-01T10:30:00.000Z",
            "duration_ms": 250,
            "user_id": "body-user",
            "session_id": null,
            "organization_id": "org_1",
            "prompt_hash": HashForm::Sha256.hash(b"s\nHi"),
            "prompt_content": "s\nHi",
            "prompt_tokens": 5,
            "response_content": "Hello",
            "response_tokens": 2,
            "model_provider": "openai",
            "model_name": "gpt-4",
            "model_parameters": {"temperature": 0.30, "seed": 7},
            "decision_type": "loan",
            "decision_outcome": null,
            "confidence_score": null,
            "reasoning": null,
            "compliance_tags": [],
            "risk_level": "low",
        })
    );
    assert_eq!(own(&event, "/completion/state"), "complete");
    assert_eq!(own(&event, "/usage/source"), "reported");
    assert_eq!(own(&event, "/timing/first_byte_ms"), 30);
    assert_eq!(own(&event, "/response/model"), "gpt-4-0613");
    assert_eq!(own(&event, "/gateway/path"), "/v1/chat/completions");
    assert_eq!(own(&event, "/gateway/request_id"), "gateway-1");
    assert_eq!(own(&event, "/capture/notes"), &json!([]));
    assert!(!event.to_string().contains("secret"));
}

#[test]
fn a_streamed_call_is_read_from_its_events() {
    let event = Call::new(OPENAI, ASK, OPENAI_STREAM).event();
    assert_eq!(event["response_content"], "Héllo");
    assert_eq!(
        (&event["prompt_tokens"], &event["response_tokens"]),
        (&json!(9), &json!(4))
    );
    assert_eq!(own(&event, "/response/id"), "c-1");
    assert_eq!(own(&event, "/capture/streamed"), true);
    assert_eq!(own(&event, "/completion/finish_reasons"), &json!(["stop"]));

    let event = Call::new(ANTHROPIC, ASK, ANTHROPIC_STREAM).event();
    assert_eq!(event["response_content"], "Héllo");
    assert_eq!(
        (&event["prompt_tokens"], &event["response_tokens"]),
        (&json!(13), &json!(25))
    );
    assert_eq!(own(&event, "/usage/cache_read"), 3);
    assert_eq!(own(&event, "/response/reasoning"), "hm");
    assert_eq!(
        own(&event, "/response/tool_calls"),
        &json!([
            {"choice": 0, "id": "tu_1", "name": "weather", "arguments": "{\"city\":\"Bonn\"}"},
            {"choice": 0, "id": "tu_2", "name": "now", "arguments": "{}"},
        ])
    );
}

#[test]
fn any_piece_size_gives_the_same_event() {
    for (path, response) in [
        (OPENAI, OPENAI_ANSWER),
        (OPENAI, OPENAI_STREAM),
        (ANTHROPIC, ANTHROPIC_STREAM),
    ] {
        let whole = Call::new(path, ASK, response).event();
        for piece in 1..=64 {
            let event = Call::new(path, ASK, response)
                .with(|call| call.piece = piece)
                .event();
            assert_eq!(event, whole, "{path} in pieces of {piece}");
        }
    }
}

#[test]
fn the_canonical_prompt_equals_the_client_wrappers() {
    let vectors = include_str!("../../../tests/fixtures/wrapper-vectors.json");
    let vectors: Vec<Value> = serde_json::from_str(vectors).unwrap();
    assert!(vectors.len() > 20);
    for vector in &vectors {
        let path = if vector["api"].as_str().unwrap().starts_with("openai") {
            OPENAI
        } else {
            ANTHROPIC
        };
        let event = Call::new(path, vector["body"].as_str().unwrap(), "{}").event();
        let hash = format!("sha256:{}", vector["prompt_sha256"].as_str().unwrap());
        assert_eq!(
            event["prompt_content"], vector["prompt_content"],
            "{vector}"
        );
        assert_eq!(event["prompt_hash"], hash.as_str(), "{vector}");
    }
}

#[test]
fn how_it_ended_is_told() {
    let cut = &OPENAI_STREAM[..OPENAI_STREAM.find("llo").unwrap()];
    let left = |call: &mut Call| {
        call.response_ends = false;
        call.end = aborted(Cause::CallerLeft, "DC", "downstream_remote_disconnect");
    };
    let event = Call::new(OPENAI, ASK, cut).with(left).event();
    assert_eq!(own(&event, "/completion/state"), "client_abort");
    assert_eq!(own(&event, "/completion/flags"), &json!(["DC"]));
    assert_eq!(own(&event, "/completion/finish_reasons"), &json!(["error"]));
    assert_eq!(event["response_content"], "Hé");

    // A client that leaves right after the last event has had its answer.
    let event = Call::new(OPENAI, ASK, OPENAI_STREAM).with(left).event();
    assert_eq!(own(&event, "/completion/state"), "complete");

    let event = Call::new(OPENAI, ASK, cut).event();
    assert_eq!(own(&event, "/completion/state"), "upstream_abort");
    assert!(
        own(&event, "/capture/notes")
            .to_string()
            .contains("stream_unterminated")
    );
}

#[test]
fn usage_before_the_break_is_partial() {
    let cut = &ANTHROPIC_STREAM[..ANTHROPIC_STREAM.find("event: message_delta").unwrap()];
    let event = Call::new(ANTHROPIC, ASK, cut)
        .with(|call| {
            call.response_ends = false;
            call.end = aborted(
                Cause::ConnectionBroke,
                "UC",
                "upstream_reset_after_response_started",
            );
        })
        .event();
    assert_eq!(own(&event, "/completion/state"), "upstream_abort");
    assert_eq!(own(&event, "/usage/source"), "partial");
    assert_eq!(own(&event, "/usage/input_tokens"), 13);
}

#[test]
fn a_provider_error_is_recorded_with_its_words() {
    let error = r#"{"error":{"message":"slow down","type":"requests","param":null,"code":429}}"#;
    let event = Call::new(OPENAI, ASK, error)
        .with(|call| call.status = Some(429))
        .event();
    assert_eq!(own(&event, "/completion/state"), "rejected");
    assert_eq!(
        own(&event, "/completion/error"),
        &json!({"type": "requests", "code": "429", "message": "slow down"})
    );
    assert_eq!(own(&event, "/usage/source"), "absent");

    let error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n";
    let event = Call::new(ANTHROPIC, ASK, error).event();
    assert_eq!(own(&event, "/completion/state"), "upstream_error");
    assert_eq!(own(&event, "/completion/error/type"), "overloaded_error");
}

#[test]
fn several_choices_tool_calls_and_refusals_are_kept() {
    let answer = r#"{"model":"gemini-3-flash","choices":[
        {"index":0,"message":{"content":null,"refusal":"No."},"finish_reason":"stop"},
        {"index":1,"message":{"content":"Yes","tool_calls":[
            {"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},
            {"id":"b","type":"custom","custom":{"name":"g","input":"text"}}]},"finish_reason":"tool_calls"}],
        "usage":{"prompt_tokens":35,"completion_tokens":12,"total_tokens":109}}"#;
    let event = Call::new(OPENAI, ASK, answer).event();
    assert_eq!(event["response_content"], "No.");
    assert_eq!(own(&event, "/response/refusal"), "No.");
    assert_eq!(own(&event, "/response/choices/1/content"), "Yes");
    assert_eq!(own(&event, "/response/tool_calls/1/arguments"), "text");
    // Thoughts that Gemini leaves out of completion_tokens are in the total.
    assert_eq!(event["response_tokens"], 74);
}

#[test]
fn tool_calls_that_come_in_pieces_are_put_together() {
    let delta = |calls: &str| {
        format!(
            "data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{calls}]}}}}]}}\n\n"
        )
    };
    let stream = [
        delta(r#"{"index":0,"id":"a","function":{"name":"f","arguments":""}}"#),
        delta(r#"{"index":1,"id":"b","function":{"name":"g","arguments":"{\"x\""}}"#),
        delta(r#"{"index":0,"function":{"arguments":"{}"}},{"index":1,"function":{"arguments":":1}"}}"#),
        // Without numbers, as Mistral sends them.
        delta(r#"{"id":"a","function":{"arguments":" "}}"#),
    ]
    .concat();
    let event = Call::new(OPENAI, ASK, &stream).event();
    assert_eq!(
        own(&event, "/response/tool_calls"),
        &json!([
            {"choice": 0, "id": "a", "name": "f", "arguments": "{} "},
            {"choice": 0, "id": "b", "name": "g", "arguments": "{\"x\":1}"},
        ])
    );
}

#[test]
fn only_calls_of_a_known_format_are_audited() {
    assert!(Call::new("/v1/models", ASK, "{}").run().is_none());
    assert!(Call::new("/v1/messages/drafts", ASK, "{}").run().is_none());
}
