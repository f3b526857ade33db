//! Reports on the events that the gateway makes of exchanges written by hand, of every wire format.

use std::path::Path;

use serde_json::Value;

use super::{decision, report};
use crate::program::Program;

/// The events of all exchanges, each with a `request_id` of its own.
fn events() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/fixtures");
    let mut events = Vec::new();
    for format in std::fs::read_dir(folder).unwrap() {
        for file in std::fs::read_dir(format.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|end| end == "json") {
                let text = std::fs::read_to_string(&path).unwrap();
                let mut event: Value = serde_json::from_str(&text).unwrap();
                let folder = path.parent().unwrap().file_name().unwrap().display();
                let name = path.file_stem().unwrap().display();
                event["request_id"] = format!("{folder} {name}").into();
                events.push(event);
            }
        }
    }
    events
}

#[tokio::test]
async fn the_turns_of_every_wire_format_have_the_whole_prompt_and_its_hash() {
    let program = Program::start().await;
    let events = events();
    let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
    let answer = program.post("/v1/audit/log/batch", lines).await.json();
    assert_eq!(answer["accepted"], events.len(), "{answer}");
    let mut conversations = 0;
    for event in &events {
        let id = event["request_id"].as_str().unwrap();
        let prompt = &event["metadata"]["audit_layer"]["prompt"];
        if !prompt.is_object() {
            continue;
        }
        conversations += 1;
        let data = report(&program, decision(id, "json")).await.json()["data"].clone();
        let unreadable = &data["conversation"]["unreadable"];
        assert_eq!(
            [&unreadable["not_found"], &unreadable["cut"]],
            [0, 0],
            "{id}: {unreadable}"
        );
        let checks = data["checks"].as_array().unwrap().iter();
        let mut check = checks.filter(|check| check["hash"] == "conversation_hash");
        let result = &check.next().unwrap()["result"];
        match prompt["hash"].as_str() {
            Some("") => assert_eq!(result, "cannot_be_checked", "{id}"),
            _ => assert_eq!(result, "matches", "{id}"),
        }
        let html = report(&program, decision(id, "html")).await;
        assert!(
            !html.text().contains("contains more than these turns"),
            "{id}: {}",
            html.text()
        );
    }
    assert!(conversations > 100, "{conversations}");
}
