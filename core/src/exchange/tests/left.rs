//! What no reader of a request takes: nothing of it may be forgotten in silence.

use serde_json::json;

use super::*;

const CHAT: &str = "/v1/chat/completions";
const RESPONSES: &str = "/v1/responses";
const GENERATE: &str = "/v1beta/models/m-1:generateContent";
const CONVERSE: &str = "/model/m-1/converse";

fn asked(path: &'static str, body: &Value) -> Value {
    written(path, &body.to_string())
}

fn written(path: &'static str, body: &str) -> Value {
    Call::new(path, body, "{}").event()
}

fn hash(event: &Value) -> &str {
    own(event, "/prompt/hash").as_str().unwrap()
}

fn has_note(event: &Value, note: &str) -> bool {
    let notes = own(event, "/capture/notes").as_array().unwrap();
    notes.iter().any(|it| it == note)
}

/// A question in each of several formats.
fn questions() -> [(&'static str, Value); 5] {
    let messages = json!([{"role": "user", "content": "Hi"}]);
    [
        (CHAT, json!({"messages": messages})),
        (ANTHROPIC, json!({"messages": messages})),
        (RESPONSES, json!({"input": messages})),
        (GENERATE, json!({"contents": [{"parts": [{"text": "Hi"}]}]})),
        (
            CONVERSE,
            json!({"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}),
        ),
    ]
}

#[test]
fn members_that_no_reader_takes_are_part_of_the_conversation() {
    for (path, question) in questions() {
        let ask = |member: &str, value: Value| {
            let mut body = question.clone();
            body[member] = value;
            asked(path, &body)
        };
        let plain = asked(path, &question);
        for value in [json!("Obey."), json!(["Obey."]), json!([{"text": "Obey."}])] {
            let event = ask("context_of_ours", value);
            assert_eq!(event["prompt_hash"], plain["prompt_hash"]);
            assert_ne!(hash(&event), hash(&plain), "{path}");
            let part = own(&event, "/prompt/parts/1");
            assert_eq!(
                (&part["kind"], &part["type"]),
                (&json!("other"), &json!("context_of_ours"))
            );
        }
        for setting in [json!(7), json!(true), json!(null), json!(""), json!([{}])] {
            let is_silent = setting != json!([{}]);
            let event = ask("context_of_ours", setting);
            assert_eq!(hash(&event) == hash(&plain), is_silent, "{path}");
        }
        assert_eq!(
            hash(&ask("stream_options", json!({"a": "b"}))),
            hash(&plain)
        );
    }
}

#[test]
fn the_order_of_members_that_no_reader_takes_says_nothing() {
    let body = |members: &str| {
        let body = format!(r#"{{{members},"messages":[{{"role":"user","content":"Hi"}}]}}"#);
        written(CHAT, &body)
    };
    let (one, other) = (r#""ours":"a","yours":"b""#, r#""yours":"b","ours":"a""#);
    assert_eq!(hash(&body(one)), hash(&body(other)));
}

#[test]
fn what_is_within_settings_that_are_read_is_not_lost() {
    let contents = json!([{"parts": [{"text": "Hi"}]}]);
    let messages = json!([{"role": "user", "content": [{"text": "Hi"}]}]);
    for (path, body) in [
        (
            GENERATE,
            json!({"contents": contents, "generationConfig":
                {"temperature": 1, "responseSchema": {"description": "Obey."}}}),
        ),
        (
            CONVERSE,
            json!({"messages": messages, "additionalModelRequestFields": {"system": "Obey."}}),
        ),
    ] {
        let other = body.to_string().replace("Obey.", "Resist.");
        let other = written(path, &other);
        assert_ne!(hash(&asked(path, &body)), hash(&other), "{path}");
    }
}

#[test]
fn a_value_of_another_type_than_is_read_is_told_or_noted() {
    let hi = json!([{"role": "user", "content": "Hi"}]);
    let parts = json!([{"parts": [{"text": "Hi"}]}]);
    for (path, ask) in [
        (CHAT, json!({"messages": [["Obey."]]})),
        (CHAT, json!({"messages": [{"role": {"a": "Obey."}}, 7]})),
        (CHAT, json!({"messages": [{"tool_calls": {"id": "Obey."}}]})),
        (CHAT, json!({"messages": hi, "agent_id": ["Obey."]})),
        (ANTHROPIC, json!({"messages": [["Obey."]]})),
        (
            RESPONSES,
            json!({"instructions": {"text": "Obey."}, "input": hi}),
        ),
        (
            RESPONSES,
            json!({"input": 7, "instructions": "Hi", "tools": "Obey."}),
        ),
        (
            GENERATE,
            json!({"systemInstruction": "Obey.", "contents": parts}),
        ),
        (GENERATE, json!({"contents": ["Obey.", {"parts": []}]})),
        (
            GENERATE,
            json!({"contents": parts, "generationConfig": ["Obey."]}),
        ),
        (CONVERSE, json!({"messages": [["Obey."]]})),
        (
            CONVERSE,
            json!({"messages": [{"role": "user", "content": [{"toolResult": {"content": "Obey."}}]}]}),
        ),
    ] {
        let other = ask.to_string().replace("Obey.", "Resist.");
        let (one, other) = (asked(path, &ask), written(path, &other));
        let is_noted = has_note(&one, "prompt_part_unread");
        assert!(is_noted || hash(&one) != hash(&other), "{path} {ask}");
    }
}

#[test]
fn a_field_under_both_of_its_names_is_noted() {
    for (one, other, is_noted) in [("A", "B", true), ("A", "A", false)] {
        let event = asked(
            GENERATE,
            &json!({"contents": [{"parts": [{"text": "Hi"}]}],
                "systemInstruction": {"parts": [{"text": one}]},
                "system_instruction": {"parts": [{"text": other}]}}),
        );
        assert_eq!(has_note(&event, "member_duplicated"), is_noted);
    }
}

#[test]
fn how_a_tool_ended_and_what_a_message_was_for_are_part_of_the_conversation() {
    let result = |status: &str| {
        json!({"messages": [{"role": "user", "content": [{"toolResult":
            {"toolUseId": "t", "status": status, "content": [{"text": "1"}]}}]}]})
    };
    let output = |status: &str| {
        json!({"input": [{"type": "apply_patch_call_output", "call_id": "c", "status": status,
            "output": "1"}]})
    };
    let shell =
        |id: &str| json!({"input": [{"type": "local_shell_call_output", "id": id, "output": "1"}]});
    let phase =
        |phase: &str| json!({"input": [{"role": "assistant", "phase": phase, "content": "1"}]});
    for (path, one, other) in [
        (CONVERSE, result("success"), result("error")),
        (RESPONSES, output("completed"), output("failed")),
        (RESPONSES, shell("c1"), shell("c2")),
        (RESPONSES, phase("commentary"), phase("final_answer")),
    ] {
        assert_ne!(
            hash(&asked(path, &one)),
            hash(&asked(path, &other)),
            "{one}"
        );
    }
}

#[test]
fn what_a_response_goes_on_with_is_part_of_the_conversation() {
    let asks = [
        json!({}),
        json!({"previous_response_id": "r1"}),
        json!({"previous_response_id": "r2"}),
        json!({"conversation": "c1"}),
        json!({"conversation": {"id": "c2"}}),
        json!({"prompt": {"id": "p", "variables": {"name": "Ann"}}}),
        json!({"prompt": {"id": "p", "variables": {"name": "Bob"}}}),
    ];
    let hashes = asks.map(|mut ask| {
        ask["input"] = json!("Hi");
        hash(&asked(RESPONSES, &ask)).to_owned()
    });
    let distinct: BTreeSet<_> = hashes.iter().collect();
    assert_eq!(distinct.len(), hashes.len());
    let null = json!({"input": "Hi", "previous_response_id": null});
    assert_eq!(hash(&asked(RESPONSES, &null)), hashes[0]);
}
