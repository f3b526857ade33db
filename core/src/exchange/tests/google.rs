//! Google's generateContent.

use serde_json::json;

use super::*;

const PLAIN: &str = "/v1beta/models/gemini-3-pro:generateContent?key=secret";
const STREAM: &str = "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse";

const ASK: &str = r#"{"systemInstruction":{"parts":[{"text":"Be kind."}]},
    "contents":[{"parts":[{"text":"Hi"},{"text":"there"}]}],
    "generationConfig":{"temperature":0.2,"maxOutputTokens":9,"responseSchema":{}}}"#;

const ANSWER: &str = r#"{"responseId":"r1","modelVersion":"gemini-3-pro-001","candidates":[{"index":0,
    "content":{"role":"model","parts":[{"text":"hm","thought":true},{"text":"Hé"},{"text":"llo"},
    {"functionCall":{"name":"f","args":{"a":1}}}]},"finishReason":"STOP"}],
    "usageMetadata":{"promptTokenCount":6,"toolUsePromptTokenCount":1,"candidatesTokenCount":4,
    "thoughtsTokenCount":2,"cachedContentTokenCount":3,"totalTokenCount":13}}"#;

fn pieces() -> [Value; 4] {
    let content = |parts: Value| json!({"candidates": [{"content": {"parts": parts}}]});
    let mut first = content(json!([{"text": "hm", "thought": true}, {"text": "Hé"}]));
    first["usageMetadata"] = json!({"trafficType": "ON_DEMAND"});
    let mut last = content(json!([{"functionCall": {"name": "f", "args": {"a": 1}}}]));
    last["candidates"][0]["finishReason"] = json!(1);
    last["usageMetadata"] = serde_json::from_str::<Value>(ANSWER).unwrap()["usageMetadata"].take();
    last["responseId"] = json!("r1");
    let early = json!({"usageMetadata": {"promptTokenCount": 8}});
    [first, early, content(json!([{"text": "llo"}])), last]
}

#[test]
fn an_answer_is_read_plain_and_streamed() {
    let sse: String = pieces()
        .iter()
        .map(|piece| format!("data: {piece}\r\n\r\n"))
        .collect();
    let array = format!(
        "[{}\r\n]",
        pieces().map(|piece| piece.to_string()).join("\n,\r\n")
    );
    for (path, answer) in [(PLAIN, ANSWER.to_owned()), (STREAM, sse), (STREAM, array)] {
        let event = Call::new(path, ASK, &answer).event();
        assert_eq!(event["model_provider"], "gemini");
        assert_eq!(event["model_name"], "gemini-3-pro");
        assert_eq!(event["prompt_content"], "Be kind.\nHi\nthere");
        assert_eq!(
            event["model_parameters"],
            json!({"temperature": 0.2, "maxOutputTokens": 9})
        );
        assert_eq!(event["response_content"], "Héllo");
        assert_eq!(
            (&event["prompt_tokens"], &event["response_tokens"]),
            (&json!(7), &json!(6))
        );
        assert_eq!(own(&event, "/usage/reasoning"), 2);
        assert_eq!(own(&event, "/usage/cache_read"), 3);
        assert_eq!(own(&event, "/response/reasoning"), "hm");
        assert_eq!(own(&event, "/response/tool_calls/0/arguments"), "{\"a\":1}");
        assert_eq!(own(&event, "/completion/finish_reasons"), &json!(["STOP"]));
        assert_eq!(own(&event, "/completion/state"), "complete");
        assert_eq!(own(&event, "/capture/notes"), &json!([]));
        assert!(!event.to_string().contains("secret"));
    }
}

#[test]
fn members_may_be_written_in_snake_case() {
    let ask = r#"{"system_instruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"text":"u"}]}],
        "generation_config":{"top_k":3},"cached_content":"c/1"}"#;
    let answer = ANSWER
        .replace("usageMetadata", "usage_metadata")
        .replace("finishReason", "finish_reason");
    let event = Call::new(PLAIN, ask, &answer).event();
    assert_eq!(event["prompt_content"], "s\nu");
    assert_eq!(event["model_parameters"], json!({"top_k": 3}));
    assert_eq!(event["prompt_tokens"], 7);
    assert_eq!(own(&event, "/capture/notes"), &json!(["prompt_continued"]));
}

#[test]
fn what_is_not_text_stands_as_its_hash() {
    let part = json!({"inlineData": {"mimeType": "image/png", "data": "AAAA"}});
    let hash = HashForm::Sha256.hash(part.to_string().as_bytes());
    let ask = json!({"contents": {"parts": [{"text": "Look:"}, part]}}).to_string();
    let event = Call::new(PLAIN, &ask, ANSWER).event();
    assert_eq!(
        event["prompt_content"],
        format!("Look:\n[inlineData {hash}]")
    );
}

#[test]
fn a_blocked_prompt_and_an_error_are_told() {
    let blocked = r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":3,"totalTokenCount":3}}"#;
    let event = Call::new(PLAIN, ASK, blocked).event();
    assert_eq!(
        own(&event, "/completion/finish_reasons"),
        &json!(["SAFETY"])
    );
    assert_eq!(
        (&event["response_content"], &event["response_tokens"]),
        (&json!(""), &json!(0))
    );

    let error = r#"{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED"}}"#;
    let event = Call::new(STREAM, ASK, error)
        .with(|call| call.status = Some(429))
        .event();
    assert_eq!(
        own(&event, "/completion/error"),
        &json!({"type": "RESOURCE_EXHAUSTED", "code": "429", "message": "quota"})
    );
}
