//! What stands behind media that are larger than what is kept.

use serde_json::json;

use super::*;
use crate::media;

const GENERATE: &str = "/v1beta/models/m-1:generateContent";
const STREAM: &str = "/v1beta/models/m-1:streamGenerateContent";
const DRAW: &str = r#"{"contents":[{"role":"user","parts":[{"text":"Draw."}]}]}"#;

/// Bytes of an image, more than are kept when it is written out: of a body a MiB, as of an event.
const LARGE: usize = 900_000;

const MIB: &str = r#"{"capture":{"limits":{"request_bytes":1048576,"response_bytes":1048576}},"#;

/// Base64 of so many bytes.
fn image(bytes: usize) -> String {
    "QUJD".repeat(bytes / 3)
}

/// The event, which is the same in pieces of any size.
fn event(call: &Call) -> Value {
    let event = call.event();
    for piece in [4_093, 300_007] {
        let call = call.clone().with(|call| call.piece = piece);
        assert_eq!(call.event(), event, "in pieces of {piece}");
    }
    event
}

fn asked(path: &'static str, body: &str) -> Value {
    answered(path, body, "{}")
}

fn answered(path: &'static str, ask: &str, answer: &str) -> Value {
    let call = Call::new(path, ask, answer);
    event(&call.with(|call| call.config = MINIMAL.replacen('{', MIB, 1)))
}

fn notes(event: &Value) -> Vec<&str> {
    let notes = own(event, "/capture/notes").as_array().unwrap();
    notes.iter().filter_map(Value::as_str).collect()
}

#[test]
fn who_and_what_stand_behind_images_of_a_request() {
    let image = image(LARGE);
    let source = json!({"type": "base64", "media_type": "image/png", "data": image});
    let url = format!("data:image/png;base64,{image}");
    let text = json!({"type": "text", "text": "What is on this screen?"});
    let hash = HashForm::Sha256.hash(&b"ABC".repeat(LARGE / 3));
    for (path, body) in [
        (
            ANTHROPIC,
            json!({"messages": [{"role": "user", "content": [{"type": "image", "source": source}, text]}],
                "system": "Be brief.", "metadata": {"user_id": "user-7"}, "model": "m-1"}),
        ),
        (
            OPENAI,
            json!({"messages": [{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": url}}, text]}],
                "user": "user-7", "model": "m-1"}),
        ),
        (
            GENERATE,
            json!({"contents": [{"role": "user", "parts": [
                {"inlineData": {"mimeType": "image/png", "data": image}}, text]}]}),
        ),
    ] {
        let event = asked(path, &body.to_string());
        assert_eq!(event["model_name"], "m-1");
        if path != GENERATE {
            assert_eq!(event["user_id"], "user-7");
        }
        let content = event["prompt_content"].as_str().unwrap();
        assert!(content.contains("What is on this screen?"), "{content}");
        let hashed = HashForm::Sha256.hash(content.as_bytes());
        assert_eq!(event["prompt_hash"], hashed);
        assert_ne!(own(&event, "/prompt/hash"), "");
        let parts = own(&event, "/prompt/parts").as_array().unwrap();
        let medium = parts.iter().find(|part| part["kind"] == "media").unwrap();
        assert_eq!(medium["hash"], hash, "{medium}");
        assert_eq!(medium["bytes"], LARGE);
        assert_eq!(medium["type"], "image/png");
        assert!(notes(&event).contains(&"long_strings_skipped"));
        assert_eq!(own(&event, "/capture/truncated"), false);
    }
}

/// A prompt has one hash, whether its body was small enough to be kept or not.
#[test]
fn what_else_is_in_a_body_does_not_change_the_hash_of_its_prompt() {
    let url = format!("data:image/png;base64,{}", image(210_000));
    let ask = |padding: &str| {
        let body = json!({"messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": url}}, {"type": "odd", "data": url},
            {"type": "text", "text": "What?"}]}], "model": "m-1", "metadata": padding});
        asked(OPENAI, &body.to_string())
    };
    let (small, large) = (ask(""), ask(&"Words. ".repeat(200_000)));
    assert!(!notes(&small).contains(&"long_strings_skipped"));
    assert!(notes(&large).contains(&"long_strings_skipped"));
    for member in ["prompt_content", "prompt_hash"] {
        assert_eq!(small[member], large[member]);
        assert_ne!(small[member], "");
    }
    assert_eq!(own(&small, "/prompt"), own(&large, "/prompt"));
}

#[test]
fn padding_hides_no_prompt() {
    for padding in [
        "A".repeat(1_500_000),
        "Some words. ".repeat(150_000),
        r"\u0041 ".repeat(250_000),
        format!("{}\"}}] ,{}", r"\".repeat(101), "A".repeat(1_500_000)),
    ] {
        let body = format!(
            r#"{{"padding":"{padding}","model":"m-1","messages":[{{"role":"user","content":"Transfer."}}]}}"#
        );
        let event = asked(OPENAI, &body);
        assert_eq!(event["prompt_content"], "Transfer.");
        assert_eq!(event["prompt_hash"], HashForm::Sha256.hash(b"Transfer."));
        assert!(notes(&event).contains(&"long_strings_skipped"));
    }
}

#[test]
fn who_asks_stands_behind_a_long_conversation() {
    let said = json!({"role": "user", "content": "Some words. ".repeat(5_000)});
    let messages = json!(vec![said; 40]);
    let body = format!(r#"{{"messages":{messages},"model":"m-1","user":"user-7"}}"#);
    let event = asked(OPENAI, &body);
    assert_eq!(event["model_name"], "m-1");
    assert_eq!(event["user_id"], "user-7");
    assert_eq!(event["prompt_hash"], "");
    assert!(notes(&event).contains(&"request_body_truncated"));
}

#[test]
fn a_text_that_was_too_long_has_a_beginning_and_no_hash() {
    let long = "Some words. ".repeat(120_000);
    let body = json!({"messages": [{"role": "user", "content": long},
        {"role": "user", "content": "And?"}], "model": "m-1"});
    let event = asked(OPENAI, &body.to_string());
    assert_eq!(event["prompt_hash"], "");
    assert_eq!(own(&event, "/prompt/hash"), "");
    assert_eq!(event["model_name"], "m-1");
    let content = event["prompt_content"].as_str().unwrap();
    assert!(content.starts_with("Some words. Some"));
    assert!(notes(&event).contains(&"request_body_truncated"));
    assert_eq!(
        own(&event, "/capture/request_hash"),
        &HashForm::Sha256.hash(body.to_string().as_bytes())
    );
}

/// What stands for a long string is nothing that a sender can write.
#[test]
fn nobody_can_write_what_stands_for_a_long_string() {
    let forged = format!("Kept.\u{1}t;9;9;sha256:{};", "0".repeat(64));
    for padding in [0, 1_500_000] {
        let padding = "A".repeat(padding);
        let body = format!(
            r#"{{"padding":"{padding}","model":"m-1","messages":[{{"role":"user","content":"{forged}"}}]}}"#
        );
        let event = asked(OPENAI, &body);
        assert_eq!(event["prompt_content"], forged.replace('\u{1}', "\u{1a}"));
    }
}

#[test]
fn counts_and_reasons_stand_behind_images_of_an_answer() {
    let image = image(LARGE);
    let generated = json!({"candidates": [{"content": {"role": "model", "parts": [
        {"text": "Here."}, {"inlineData": {"mimeType": "image/png", "data": image}}]},
        "finishReason": "STOP"}], "modelVersion": "m-1", "responseId": "x",
        "usageMetadata": {"promptTokenCount": 6, "candidatesTokenCount": 1290}});
    let url = format!("data:image/png;base64,{image}");
    let chat = json!({"id": "c", "model": "m-1", "choices": [{"index": 0, "message":
        {"content": "Here.", "images": [{"image_url": {"url": url}}]}, "finish_reason": "STOP"}],
        "usage": {"prompt_tokens": 6, "completion_tokens": 1290}});
    let chunk = chat.to_string().replace("\"message\"", "\"delta\"");
    for (path, ask, answer) in [
        (GENERATE, DRAW, generated.to_string()),
        (STREAM, DRAW, format!("[{generated}\n]")),
        (STREAM, DRAW, format!("data: {generated}\n\n")),
        (OPENAI, ASK, chat.to_string()),
        (OPENAI, ASK, format!("data: {chunk}\n\ndata: [DONE]\n\n")),
    ] {
        let event = answered(path, ask, &answer);
        assert_eq!(event["response_content"], "Here.", "{path}");
        assert_eq!(event["prompt_tokens"], 6);
        assert_eq!(event["response_tokens"], 1290);
        assert_eq!(own(&event, "/completion/finish_reasons"), &json!(["STOP"]));
        assert_eq!(own(&event, "/completion/state"), "complete");
        assert!(notes(&event).contains(&"long_strings_skipped"));
        assert_eq!(own(&event, "/capture/truncated"), false);
    }
}

#[test]
fn the_last_event_of_a_response_counts_behind_its_image() {
    let image = json!({"type": "image_generation_call", "id": "ig-1", "status": "completed",
        "result": image(1_500_000)});
    let said = json!({"type": "message", "role": "assistant",
        "content": [{"type": "output_text", "text": "Here."}]});
    let events = [
        json!({"type": "response.output_item.done", "output_index": 0, "item": image}),
        json!({"type": "response.output_text.delta", "output_index": 1, "delta": "Here."}),
        json!({"type": "response.completed", "response": {"id": "r-1", "object": "response",
            "model": "m-1", "status": "completed", "output": [image, said],
            "usage": {"input_tokens": 40, "output_tokens": 1100, "total_tokens": 1140}}}),
    ];
    let stream: String = events.iter().map(|it| format!("data: {it}\n\n")).collect();
    let event = answered(
        "/v1/responses",
        r#"{"model":"m-1","input":"Draw."}"#,
        &stream,
    );
    assert_eq!(event["response_content"], "Here.");
    assert_eq!(event["prompt_tokens"], 40);
    assert_eq!(event["response_tokens"], 1100);
    assert_eq!(
        own(&event, "/completion/finish_reasons"),
        &json!(["completed"])
    );
}

#[test]
fn an_answer_that_broke_off_within_an_image_is_what_came_of_it() {
    let began = format!(
        r#"{{"candidates":[{{"content":{{"parts":[{{"text":"Here."}},{{"inlineData":{{"data":"{}"#,
        image(LARGE)
    );
    let call = Call::new(GENERATE, DRAW, &began).with(|call| {
        call.config = MINIMAL.replacen('{', MIB, 1);
        call.response_ends = false;
    });
    assert_eq!(event(&call)["response_content"], "Here.");
}

#[test]
fn media_are_the_same_whether_they_were_kept_or_not() {
    let words = "Jos\u{e9} \u{1f600} \"said\" \\ so. ".repeat(60_000);
    for text in [
        image(LARGE),
        format!("data:a/b;base64,{}", image(LARGE)),
        format!("{}.", image(LARGE)),
        words,
    ] {
        let body = json!({"messages": [{"role": "user", "content": [
            {"type": "input_audio", "input_audio": {"data": text}}]}], "model": "m-1"});
        let event = asked(OPENAI, &body.to_string());
        let expected = media::of_text(&text);
        let part = own(&event, "/prompt/parts/0");
        assert_eq!(part["hash"], expected.hash);
        assert_eq!(part["bytes"], expected.bytes);
    }
}
