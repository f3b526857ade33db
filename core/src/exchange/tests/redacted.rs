use super::*;

const REDACTED: &str = r#"{"organization_id":"org_1","audit_api":{"cluster":"audit"},
    "capture":{"content":"redacted","hash_key":"k"},"redact":{"risk":{"card":"high"}}}"#;

fn redacted(ask: &str, answer: &str) -> Value {
    Call::new(OPENAI, ask, answer)
        .with(|call| call.config = REDACTED.to_owned())
        .event()
}

#[test]
fn what_is_sensitive_is_replaced_in_every_text() {
    let ask = r#"{"model":"gpt-4","user":"u-1","stop":["ann@example.com"],"messages":[
        {"role":"system","content":"Ann is ann@example.com."},
        {"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function",
            "function":{"name":"mail","arguments":"{\"to\":\"bob\\u0040example.com\",\"card\":4111111111111111}"}}]},
        {"role":"tool","tool_call_id":"c1","content":"sent to bob@example.com"},
        {"role":"user","content":"Write to ann@example.com again"}]}"#;
    let answer = r#"{"id":"c-1","model":"m","choices":[{"index":0,"finish_reason":"stop","message":{
        "role":"assistant","content":"Done: ANN@example.com","reasoning_content":"ann@example.com it is",
        "tool_calls":[{"id":"c2","function":{"name":"pay","arguments":"{\"card\":\"4111 1111 1111 1111\"}"}}]}}]}"#;
    let event = redacted(ask, answer);
    let text = event.to_string();
    for secret in ["ann@", "bob@", "bob\\u0040", "4111"] {
        assert!(!text.to_lowercase().contains(secret), "{secret}: {text}");
    }
    assert_eq!(event["response_content"], "Done: [EMAIL:1]");
    assert_eq!(
        own(&event, "/capture/redacted"),
        &json!({"card": 1, "email": 2})
    );
    assert_eq!(event["risk_level"], "high");
    assert_eq!(
        own(&event, "/capture/set_by_policy"),
        &json!(["risk_level"])
    );
    assert_eq!(event["user_id"], "u-1");
    // Each part tells its place in the text as it stands in the event.
    let content = event["prompt_content"].as_str().unwrap();
    let mut texts = Vec::new();
    for part in own(&event, "/prompt/parts").as_array().unwrap() {
        if let (Some(at), Some(bytes)) = (part["at"].as_u64(), part["bytes"].as_u64()) {
            let (at, bytes) = (
                usize::try_from(at).unwrap(),
                usize::try_from(bytes).unwrap(),
            );
            texts.push(&content[at..at + bytes]);
        }
    }
    assert_eq!(
        texts,
        [
            "Ann is [EMAIL:1].",
            "sent to [EMAIL:2]",
            "Write to [EMAIL:1] again"
        ]
    );
}

#[test]
fn what_a_stream_brings_in_pieces_is_found() {
    let pieces = ["4111 1", "111 11", "11 1111 ok"];
    let events = pieces.map(|piece| {
        let event = json!({"choices": [{"index": 0, "delta": {"content": piece}}]});
        format!("data: {event}\n\n")
    });
    let event = redacted(ASK, &events.concat());
    assert_eq!(event["response_content"], "[CARD:1] ok");
}

#[test]
fn what_a_limit_cuts_does_not_leave_the_beginning_of_something() {
    let limits = r#""limits":{"content_bytes":1024},"hash_key""#;
    for cut in 0..20 {
        let filler = "x ".repeat(506) + &"y".repeat(cut % 2) + &" ".repeat(cut);
        let prompt = format!("{filler}4111111111111111 and more").repeat(2);
        let body = json!({"model": "m", "messages": [{"role": "user", "content": prompt}]});
        let event = Call::new(OPENAI, &body.to_string(), OPENAI_ANSWER)
            .with(|call| call.config = REDACTED.replace(r#""hash_key""#, limits))
            .event();
        let content = event["prompt_content"].as_str().unwrap();
        assert!(!content.contains("411"), "{content}");
        assert!(!content.is_empty());
        assert!(own(&event, "/prompt/parts/0/hash").is_string());
    }
}

#[test]
fn prompt_and_answer_have_levels_of_their_own() {
    let config = REDACTED.replace(r#""redacted""#, r#"{"prompt":"redacted","answer":"full"}"#);
    let ask = ASK.replace("Hi", "ann@example.com");
    let answer = OPENAI_ANSWER.replace("Hello", "ann@example.com");
    let event = Call::new(OPENAI, &ask, &answer)
        .with(|call| call.config = config)
        .event();
    assert_eq!(event["prompt_content"], "[EMAIL:1]");
    assert_eq!(event["response_content"], "ann@example.com");
}

#[test]
fn hashes_are_of_what_was_sent() {
    let ask = ASK.replace("Hi", "ann@example.com");
    let event = redacted(&ask, OPENAI_ANSWER);
    let key = crate::digest::HmacKey::new(b"k").unwrap();
    assert_eq!(
        event["prompt_hash"],
        HashForm::Hmac(key).hash(b"ann@example.com")
    );
}

#[test]
fn an_answer_that_breaks_off_within_a_number_does_not_keep_its_beginning() {
    let event = json!({"choices": [{"index": 0, "delta": {"content": "card 4111 1111 1111 11"}}]});
    let event = Call::new(OPENAI, ASK, &format!("data: {event}\n\n"))
        .with(|call| {
            call.config = REDACTED.to_owned();
            call.response_ends = false;
            call.end = aborted(Cause::CallerLeft, "DC", "downstream_remote_disconnect");
        })
        .event();
    assert_eq!(event["response_content"], "card");
}
