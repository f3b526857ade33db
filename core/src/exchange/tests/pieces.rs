//! Pieces of answers that come in another event, or in another shape, than most.

use serde_json::json;

use super::*;

const RESPONSES: &str = "/v1/responses";
const GEMINI: &str = "/v1beta/models/m-1:streamGenerateContent?alt=sse";

fn streamed(path: &'static str, events: &Value) -> Value {
    let events = events.as_array().unwrap().iter();
    let body: String = events.map(|event| format!("data: {event}\n\n")).collect();
    Call::new(path, ASK, &body).event()
}

fn has_note(event: &Value, note: &str) -> bool {
    let notes = own(event, "/capture/notes").as_array().unwrap();
    notes.iter().any(|it| it == note)
}

/// The last event of a response, which says nothing of what came before.
fn completed() -> Value {
    json!({"type": "response.completed", "response": {"id": "r", "object": "response",
        "status": "completed", "output": [], "usage": {"input_tokens": 5, "output_tokens": 2}}})
}

#[test]
fn a_text_that_only_a_whole_part_has_is_the_answer() {
    for part in [
        json!({"type": "output_text", "text": "Hello"}),
        json!({"type": "refusal", "refusal": "Hello"}),
    ] {
        let done = json!({"type": "response.content_part.done", "output_index": 0, "part": part});
        let event = streamed(RESPONSES, &json!([done, completed()]));
        assert_eq!(event["response_content"], "Hello", "{part}");
        let delta = json!({"type": "response.output_text.delta", "output_index": 0,
            "delta": "Hello"});
        let event = streamed(RESPONSES, &json!([delta, done, completed()]));
        assert_eq!(event["response_content"], "Hello", "{part}");
    }
    let thought = json!({"type": "response.reasoning_summary_part.done", "output_index": 0,
        "part": {"type": "summary_text", "text": "Hm."}});
    let event = streamed(RESPONSES, &json!([thought, completed()]));
    assert_eq!(own(&event, "/response/reasoning"), "Hm.");
}

#[test]
fn an_error_without_a_type_is_the_providers_error() {
    let said = json!({"type": "response.output_text.delta", "output_index": 0, "delta": "Hel"});
    let start = json!({"type": "message_start", "message": {"id": "m", "model": "m-1"}});
    let error = json!({"message": "boom", "code": 503});
    for (path, before, event) in [
        (RESPONSES, &said, json!({"error": error})),
        (
            RESPONSES,
            &said,
            json!({"type": "response.error", "error": error}),
        ),
        (ANTHROPIC, &start, json!({"error": error})),
    ] {
        let event = streamed(path, &json!([before, event]));
        assert_eq!(own(&event, "/completion/error/message"), "boom");
        assert_eq!(own(&event, "/completion/state"), "upstream_error");
    }
}

#[test]
fn a_piece_of_an_unknown_kind_is_noted() {
    let said = json!({"type": "response.output_text.delta", "output_index": 0, "delta": "Hello"});
    let kind = |kind: &str| json!({"type": kind, "output_index": 0, "delta": "More."});
    for (name, is_noted) in [
        ("response.output_markdown.delta", true),
        ("response.output_audio.delta", false),
        ("response.shell_call_output_content.delta", false),
    ] {
        let event = streamed(RESPONSES, &json!([said, kind(name), completed()]));
        assert_eq!(event["response_content"], "Hello");
        assert_eq!(
            has_note(&event, "stream_event_unreadable"),
            is_noted,
            "{name}"
        );
    }
    let delta = |kind: &str| json!({"type": "content_block_delta", "index": 0, "delta": {"type": kind, "text": "Hi"}});
    for (name, is_noted) in [
        ("text_delta", false),
        ("citations_delta", false),
        ("odd", true),
    ] {
        let event = streamed(ANTHROPIC, &json!([delta("text_delta"), delta(name)]));
        assert_eq!(
            has_note(&event, "stream_event_unreadable"),
            is_noted,
            "{name}"
        );
    }
}

#[test]
fn the_end_of_a_response_is_known_by_the_name_that_sessions_give_it() {
    let mut done = completed();
    done["type"] = json!("response.done");
    let event = streamed(RESPONSES, &json!([done]));
    assert_eq!(own(&event, "/completion/state"), "complete");
    assert_eq!(
        (&event["prompt_tokens"], &event["response_tokens"]),
        (&json!(5), &json!(2))
    );
}

#[test]
fn a_block_or_part_of_an_unknown_kind_is_told() {
    let block = json!({"type": "content_block_start", "index": 0,
        "content_block": {"type": "new_block", "text": "New."}});
    let part = json!({"candidates": [{"content": {"parts": [{"text": "Hi"},
        {"newPart": {"words": "New."}, "thoughtSignature": "s"}, {"thoughtSignature": "s"}]},
        "finishReason": "STOP"}]});
    for (path, event, name) in [(ANTHROPIC, block, "new_block"), (GEMINI, part, "newPart")] {
        let event = streamed(path, &json!([event]));
        let parts = own(&event, "/response/parts").as_array().unwrap();
        assert_eq!(parts.len(), 1, "{parts:?}");
        assert_eq!(
            (&parts[0]["kind"], &parts[0]["type"]),
            (&json!("other"), &json!(name))
        );
        assert!(parts[0]["text"].as_str().unwrap().contains("New."));
    }
}

#[test]
fn a_block_of_converse_of_an_unknown_kind_is_told() {
    let answer = json!({"output": {"message": {"role": "assistant", "content": [{"text": "Hi"},
        {"newBlock": {"words": "New."}}, {"type": "text", "text": "!"}]}}, "stopReason": "end_turn"});
    let ask = json!({"messages": [{"role": "user", "content": [{"text": "Hi"}]}]});
    let answer = answer.to_string();
    let event = Call::new("/model/m-1/converse", &ask.to_string(), &answer).event();
    assert_eq!(event["response_content"], "Hi!");
    let parts = own(&event, "/response/parts");
    let expected = json!([{"kind": "other", "type": "newBlock", "text": r#"{"words":"New."}"#}]);
    assert_eq!(parts, &expected);
}

#[test]
fn lines_of_data_that_no_empty_line_ends_are_events() {
    let [first, last] = [
        json!({"choices": [{"index": 0, "delta": {"content": "Hel"}}]}),
        json!({"choices": [{"index": 0, "delta": {"content": "lo"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 5, "completion_tokens": 2}}),
    ];
    let pretty = serde_json::to_string_pretty(&last).unwrap();
    let pretty = pretty.replace('\n', "\ndata: ");
    for body in [
        format!("data: {first}\ndata: {last}\n"),
        format!("data: {first}\r\ndata: {last}\r\ndata: [DONE]\r\n"),
        format!("data: {first}\ndata: {pretty}\n\n"),
        format!("data: {first}\n\ndata: {pretty}\n\n"),
    ] {
        let event = Call::new(OPENAI, ASK, &body).event();
        assert_eq!(event["response_content"], "Hello", "{body}");
        assert_eq!(event["prompt_tokens"], 5);
        assert!(!has_note(&event, "stream_event_unreadable"));
    }
}

#[test]
fn counts_of_the_beginning_alone_are_partial() {
    let start = json!({"type": "message_start", "message": {"id": "m", "model": "m-1",
        "usage": {"input_tokens": 3, "output_tokens": 1}}});
    let stop = json!({"type": "message_stop"});
    for (delta, source) in [
        (
            json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}),
            "partial",
        ),
        (
            json!({"type": "message_delta", "delta": {}, "usage": {"output_tokens": 4}}),
            "reported",
        ),
    ] {
        let event = streamed(ANTHROPIC, &json!([start, delta, stop]));
        assert_eq!(own(&event, "/completion/state"), "complete");
        assert_eq!(own(&event, "/usage/source"), source);
    }
}

#[test]
fn what_gemini_counted_and_does_not_count_again_stays() {
    let said = |usage: Value| {
        json!({"candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}],
            "usageMetadata": usage})
    };
    let first = json!({"promptTokenCount": 5, "thoughtsTokenCount": 30, "totalTokenCount": 35});
    let last = json!({"promptTokenCount": 5, "candidatesTokenCount": 2, "totalTokenCount": 37});
    let event = streamed(GEMINI, &json!([said(first), said(last)]));
    assert_eq!(
        (&event["prompt_tokens"], &event["response_tokens"]),
        (&json!(5), &json!(32))
    );
}
