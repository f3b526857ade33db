//! Dead letters of a log that is to have no content, beside the whole events.

use audit_layer_core::dead_letter::{self, LetterKey, without_content};
use serde_json::{Value, json};

use super::{Imported, file, import, logged};
use crate::program::{Folder, KEY, Program};

/// An event with every member that the plugin writes.
fn whole(id: &str, prompt: &str) -> Value {
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

/// As the plugin writes it, in the order of its members.
fn stub(event: &Value) -> String {
    without_content(&event.to_string(), event["request_id"].as_str().unwrap())
}

async fn imported(program: &Program, folder: &Folder, event: &str) -> [u64; 3] {
    let letter = dead_letter::line("shutdown", event, LetterKey::new(KEY).as_ref());
    let log = file(folder, "envoy.log", logged(&letter));
    Imported::of(import(program).arg(log)).await.counts()
}

async fn prompt(program: &Program, id: &str) -> Value {
    let answer = program.get(&format!("/v1/audit/logs/{id}")).await;
    answer.json()["prompt_content"].clone()
}

#[tokio::test]
async fn of_a_call_that_is_recorded_whole_it_says_nothing_new() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let event = whole("a", "Hello");
    program.record(&event).await;
    assert_eq!(imported(&program, &folder, &stub(&event)).await, [0, 1, 0]);
    assert_eq!(prompt(&program, "a").await, "Hello");
}

#[tokio::test]
async fn the_whole_event_takes_its_place() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let event = whole("a", "Hello");
    for counts in [[1, 0, 0], [0, 1, 0]] {
        assert_eq!(imported(&program, &folder, &stub(&event)).await, counts);
    }
    let kept = program.get("/v1/audit/logs/a").await.json();
    let capture = &kept["metadata"]["audit_layer"]["capture"];
    assert_eq!(
        (&kept["prompt_content"], &capture["content"]),
        (&json!(""), &json!("not_logged"))
    );
    program.record(&event).await;
    assert_eq!(prompt(&program, "a").await, "Hello");
    assert_eq!(imported(&program, &folder, &stub(&event)).await, [0, 1, 0]);
    assert_eq!(prompt(&program, "a").await, "Hello");
}

#[tokio::test]
async fn one_that_contradicts_what_is_recorded_is_kept_beside_it() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    program.record(&whole("a", "Hello")).await;
    let other = stub(&whole("a", "Goodbye"));
    let [new, known, broken] = imported(&program, &folder, &other).await;
    assert_eq!((known, broken), (0, 0), "{new}");
}

#[tokio::test]
async fn the_text_of_a_prompt_that_was_recorded_before_stays() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let mut begun = whole("a", "Hello");
    begun["metadata"]["audit_layer"]["completion"]["state"] = json!("pending");
    begun["response_content"] = json!("");
    program.record(&begun).await;
    let end = stub(&whole("a", "Hello"));
    assert_eq!(imported(&program, &folder, &end).await, [0, 1, 0]);
    assert_eq!(prompt(&program, "a").await, "Hello");
}
