//! Small streams in both formats, to be cut, broken and left.

use bytes::Bytes;
use serde_json::{Value, json};

/// A stream that says “Good day”, an event a piece.
pub(crate) fn openai_events() -> Vec<Bytes> {
    let chunk = |content: &str, finish_reason: Value| {
        let choice = json!({
            "index": 0, "delta": { "content": content }, "finish_reason": finish_reason,
        });
        let chunk = json!({ "id": "chatcmpl-1", "model": "m-1", "choices": [choice] });
        Bytes::from(format!("data: {chunk}\n\n"))
    };
    let done = Bytes::from("data: [DONE]\n\n");
    vec![
        chunk("Good", Value::Null),
        chunk(" day", Value::Null),
        chunk("", "stop".into()),
        done,
    ]
}

/// The same in Anthropic's format.
pub(crate) fn anthropic_events() -> Vec<Bytes> {
    let delta = |text: &str| {
        let delta = json!({ "type": "text_delta", "text": text });
        json!({ "type": "content_block_delta", "index": 0, "delta": delta })
    };
    let usage = json!({ "input_tokens": 1, "output_tokens": 1 });
    let message = json!({ "id": "msg_1", "model": "m-1", "content": [], "usage": usage });
    let block = json!({ "type": "text", "text": "" });
    let start = json!({ "type": "content_block_start", "index": 0, "content_block": block });
    let opening = [
        json!({ "type": "message_start", "message": message }),
        start,
        delta("Good"),
    ];
    let opening: Vec<String> = opening.iter().map(typed).collect();
    let end = json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" } });
    let closing = [end, json!({ "type": "message_stop" })];
    let closing: Vec<String> = closing.iter().map(typed).collect();
    vec![
        opening.concat().into(),
        typed(&delta(" day")).into(),
        closing.concat().into(),
    ]
}

fn typed(event: &Value) -> String {
    format!(
        "event: {}\ndata: {event}\n\n",
        event["type"].as_str().unwrap()
    )
}

/// The first event and half of the second.
pub(crate) fn half(events: &[Bytes]) -> Vec<Bytes> {
    vec![events[0].clone(), events[1].slice(..events[1].len() / 2)]
}
