//! OpenAI's other endpoints: responses, completions and embeddings.

use serde_json::json;

use super::*;

const RESPONSES: &str = "/v1/responses";

const ASK: &str = r#"{"model":"gpt-5","input":"Hi"}"#;

const RESPONSE: &str = r#"{"object":"response","id":"resp_1","model":"gpt-5-2026","status":"completed",
    "error":null,"incomplete_details":null,"output":[
    {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}]},
    {"type":"message","content":[{"type":"output_text","text":"Hé"},{"type":"output_text","text":"llo"}]},
    {"type":"function_call","id":"fc_1","call_id":"call_1","name":"weather","arguments":"{}"},
    {"type":"web_search_call","id":"ws_1","action":{"query":"x"}}],
    "usage":{"input_tokens":7,"input_tokens_details":{"cached_tokens":3},"output_tokens":5,
    "output_tokens_details":{"reasoning_tokens":2},"total_tokens":12}}"#;

fn events(events: &[Value]) -> String {
    let mut text = String::new();
    for event in events {
        text += &format!(
            "event: {}\ndata: {event}\n\n",
            event["type"].as_str().unwrap()
        );
    }
    text
}

fn deltas() -> Vec<Value> {
    vec![
        json!({"type": "response.created", "response": {"id": "resp_1", "model": "gpt-5-2026"}}),
        json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "hm"}),
        json!({"type": "response.output_text.delta", "output_index": 1, "delta": "Hé"}),
        json!({"type": "response.output_text.delta", "output_index": 1, "delta": "llo"}),
        json!({"type": "response.output_text.done", "output_index": 1, "text": "Héllo"}),
        json!({"type": "response.output_item.added", "output_index": 2,
            "item": {"type": "function_call", "call_id": "call_1", "name": "weather"}}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 2, "delta": "{}"}),
        json!({"type": "response.something_new"}),
    ]
}

#[test]
fn a_response_is_read_plain_and_streamed() {
    let body: Value = serde_json::from_str(RESPONSE).unwrap();
    let mut stream = deltas();
    stream.push(json!({"type": "response.completed", "response": body}));
    for answer in [RESPONSE.to_owned(), events(&stream)] {
        let event = Call::new(RESPONSES, ASK, &answer).event();
        assert_eq!(event["response_content"], "Héllo");
        assert_eq!(event["prompt_tokens"], 7);
        assert_eq!(event["response_tokens"], 5);
        assert_eq!(own(&event, "/usage/cache_read"), 3);
        assert_eq!(own(&event, "/usage/reasoning"), 2);
        assert_eq!(own(&event, "/response/reasoning"), "hm");
        assert_eq!(own(&event, "/response/id"), "resp_1");
        assert_eq!(
            own(&event, "/completion/finish_reasons"),
            &json!(["completed"])
        );
        assert_eq!(own(&event, "/completion/state"), "complete");
        assert_eq!(
            own(&event, "/response/tool_calls"),
            &json!([
                {"choice": 0, "id": "call_1", "name": "weather", "arguments": "{}"},
                {"choice": 0, "id": "ws_1", "name": "web_search_call",
                    "arguments": r#"{"query":"x"}"#},
            ])
        );
    }
}

#[test]
fn a_response_that_breaks_off_is_what_came_of_it() {
    let event = Call::new(RESPONSES, ASK, &events(&deltas()))
        .with(|call| {
            call.response_ends = false;
            call.end = aborted(Cause::CallerLeft, "DC", "downstream_remote_disconnect");
        })
        .event();
    assert_eq!(own(&event, "/completion/state"), "client_abort");
    assert_eq!(event["response_content"], "Héllo");
    assert_eq!(own(&event, "/response/tool_calls/0/arguments"), "{}");
    assert_eq!(own(&event, "/usage/source"), "absent");
}

#[test]
fn a_last_event_too_large_to_be_read_still_ends_the_response() {
    let large = json!({"type": "response.completed", "response": {"odd": vec![0; 1 << 20]}});
    let mut stream = deltas();
    stream.push(large);
    let event = Call::new(RESPONSES, ASK, &events(&stream)).event();
    assert_eq!(event["response_content"], "Héllo");
    assert_eq!(own(&event, "/completion/state"), "complete");
    assert_eq!(
        own(&event, "/capture/notes"),
        &json!(["stream_event_truncated", "usage_absent"])
    );
}

#[test]
fn a_response_may_fail_or_stop_early() {
    let failed = json!({"type": "response.failed", "response": {"object": "response",
        "status": "failed", "error": {"code": "server_error", "message": "oops"}}});
    let event = Call::new(RESPONSES, ASK, &events(&[failed])).event();
    assert_eq!(own(&event, "/completion/state"), "upstream_error");
    assert_eq!(own(&event, "/completion/error/code"), "server_error");

    for error in [
        json!({"type": "error", "code": "rate_limit", "message": "slow"}),
        json!({"type": "error", "error": {"code": "rate_limit", "message": "slow"}}),
    ] {
        let event = Call::new(RESPONSES, ASK, &events(&[error])).event();
        assert_eq!(own(&event, "/completion/error/code"), "rate_limit");
    }

    let incomplete = RESPONSE.replace("\"completed\"", "\"incomplete\"").replace(
        "\"incomplete_details\":null",
        "\"incomplete_details\":{\"reason\":\"max_output_tokens\"}",
    );
    let event = Call::new(RESPONSES, ASK, &incomplete).event();
    assert_eq!(
        own(&event, "/completion/finish_reasons"),
        &json!(["max_output_tokens"])
    );
}

#[test]
fn the_input_of_a_response_is_its_prompt() {
    let hash = |item: &Value| HashForm::Sha256.hash(item.to_string().as_bytes());
    let call = json!({"type": "function_call", "name": "f", "arguments": "{}"});
    let input = json!([
        {"role": "user", "content": "Hi"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Yes?"}]},
        call,
        {"type": "function_call_output", "call_id": "c", "output": "sunny"},
    ]);
    for (ask, prompt) in [
        (json!({"input": "Hi"}), "Hi".to_owned()),
        (
            json!({"instructions": "Be kind.", "input": "Hi"}),
            "Be kind.\nHi".to_owned(),
        ),
        (
            json!({"input": input}),
            format!("Hi\nYes?\n[function_call {}]\nsunny", hash(&call)),
        ),
    ] {
        let event = Call::new(RESPONSES, &ask.to_string(), RESPONSE).event();
        assert_eq!(event["prompt_content"], prompt.as_str());
        assert_eq!(own(&event, "/capture/notes"), &json!(["model_absent"]));
    }
    let ask = json!({"input": "Hi", "previous_response_id": "resp_0"}).to_string();
    let event = Call::new(RESPONSES, &ask, RESPONSE).event();
    assert_eq!(
        own(&event, "/capture/notes"),
        &json!(["model_absent", "prompt_continued"])
    );
}

#[test]
fn a_completion_of_a_text_is_read_plain_and_streamed() {
    let ask = r#"{"model":"m","prompt":["a","b"],"suffix":"c","max_tokens":5,"echo":true}"#;
    let plain = r#"{"id":"cmpl-1","model":"m-1","choices":[{"index":1,"text":"B","finish_reason":"stop"},
        {"index":0,"text":"Aa","finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}"#;
    let streamed = "data: {\"id\":\"cmpl-1\",\"choices\":[{\"index\":0,\"text\":\"A\"}]}\n\n\
        data: {\"choices\":[{\"index\":1,\"text\":\"B\",\"finish_reason\":\"stop\"}]}\n\n\
        data: {\"choices\":[{\"index\":0,\"text\":\"a\",\"finish_reason\":\"length\"}]}\n\n\
        data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n";
    for answer in [plain, streamed] {
        let event = Call::new("/v1/completions", ask, answer).event();
        assert_eq!(event["prompt_content"], "a\nb\nc");
        assert_eq!(event["response_content"], "Aa");
        assert_eq!(own(&event, "/response/choices/1/content"), "B");
        assert_eq!(
            own(&event, "/completion/finish_reasons"),
            &json!(["length", "stop"])
        );
        assert_eq!(event["response_tokens"], 2);
        assert_eq!(
            event["model_parameters"],
            json!({"max_tokens": 5, "echo": true})
        );
    }
}

#[test]
fn an_embedding_is_a_call_without_an_answer() {
    let answer = r#"{"object":"list","model":"e-1","data":[{"index":0,"embedding":[0.1]}],
        "usage":{"prompt_tokens":4,"total_tokens":4}}"#;
    let tokens = format!("[tokens {}]", HashForm::Sha256.hash(b"[1,2,[3]]"));
    for (input, prompt) in [
        (json!("Hi"), "Hi"),
        (json!(["a", "b"]), "a\nb"),
        (json!([1, 2, [3]]), tokens.as_str()),
    ] {
        let ask = json!({"model": "e", "input": input, "dimensions": 8}).to_string();
        let event = Call::new("/v1/embeddings", &ask, answer).event();
        assert_eq!(event["prompt_content"], prompt);
        assert_eq!(
            (&event["prompt_tokens"], &event["response_tokens"]),
            (&json!(4), &json!(0))
        );
        assert_eq!(own(&event, "/usage/source"), "reported");
        assert_eq!(own(&event, "/capture/notes"), &json!(["answer_not_text"]));
        assert!(!event.to_string().contains("0.1]"));
    }
}
