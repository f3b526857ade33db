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
    let answer: Value = serde_json::from_str(answer).unwrap();
    let event = Call::new("/api/chat", &ask.to_string(), &answer.to_string()).event();
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
fn a_stream_of_lines_is_read_and_one_line_is_no_stream() {
    let ask = r#"{"model":"llama3","messages":[{"role":"user","content":"Hi"}]}"#;
    let line =
        |text: &str| format!("{{\"model\":\"llama3\",\"message\":{{\"content\":\"{text}\"}}}}\n");
    let last =
        "{\"done\":true,\"done_reason\":\"length\",\"prompt_eval_count\":5,\"eval_count\":2}";
    for piece in [1, 7, usize::MAX] {
        let stream = [line("Hé"), line("llo"), last.to_owned()].concat();
        let event = Call::new("/api/chat", ask, &stream)
            .with(|call| call.piece = piece)
            .event();
        assert_eq!(event["response_content"], "Héllo");
        assert_eq!(event["response_tokens"], 2);
        assert_eq!(own(&event, "/capture/streamed"), true);
        assert_eq!(
            own(&event, "/completion/finish_reasons"),
            &json!(["length"])
        );
    }
    let cut = Call::new("/api/chat", ask, &[line("Hé"), line("llo")].concat()).event();
    assert_eq!(own(&cut, "/completion/state"), "upstream_abort");
    let event = Call::new("/api/chat", ask, last).event();
    assert_eq!(own(&event, "/capture/streamed"), false);
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
