//! Ollama's own API.

use serde_json::json;

use super::*;

#[test]
fn a_chat_is_read_from_one_body_and_from_its_prompt() {
    let image = json!("AAAA");
    let hash = HashForm::Sha256.hash(image.to_string().as_bytes());
    let ask = json!({"model": "llama3", "options": {"temperature": 0.5, "mirostat": 1},
        "messages": [{"role": "user", "content": "Look:", "images": [image]}]});
    let answer = r#"{"model":"llama3","message":{"role":"assistant","content":"Héllo","thinking":"hm",
        "tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},"done":true,"done_reason":"stop",
        "prompt_eval_count":5,"eval_count":2}"#;
    let event = Call::new("/api/chat", &ask.to_string(), answer).event();
    assert_eq!(event["model_provider"], "ollama");
    assert_eq!(event["prompt_content"], format!("Look:\n[image {hash}]"));
    assert_eq!(event["model_parameters"], json!({"temperature": 0.5}));
    assert_eq!(event["response_content"], "Héllo");
    assert_eq!(
        (&event["prompt_tokens"], &event["response_tokens"]),
        (&json!(5), &json!(2))
    );
    assert_eq!(own(&event, "/response/tool_calls/0/arguments"), "{\"a\":1}");
    assert_eq!(own(&event, "/response/reasoning"), "hm");
    assert_eq!(own(&event, "/capture/notes"), &json!([]));
}

#[test]
fn a_completion_and_an_error_are_read() {
    let ask = r#"{"model":"llama3","system":"s","prompt":"p","context":[1,2]}"#;
    let answer =
        r#"{"model":"llama3","response":"Hi","done":true,"prompt_eval_count":5,"eval_count":2}"#;
    let event = Call::new("/api/generate", ask, answer).event();
    assert_eq!(event["prompt_content"], "s\np");
    assert_eq!(event["response_content"], "Hi");
    assert_eq!(own(&event, "/capture/notes"), &json!(["prompt_continued"]));

    let error = r#"{"error":"model not found"}"#;
    let event = Call::new("/api/generate", ask, error)
        .with(|call| call.status = Some(404))
        .event();
    assert_eq!(own(&event, "/completion/error/message"), "model not found");
}
