//! No credential of the call stands in any text of its event.

use super::*;
use crate::credentials::MARK;

const KEY: &str = "sk-test-4f9a7c21e85b4d0c93aa1177";

fn keyed(path: &'static str, body: &str, response: &str) -> Call {
    Call::new(path, body, response).with(|call| {
        let bearer = format!("Bearer {KEY}");
        call.headers.push(("authorization", bearer.into_bytes()));
    })
}

fn has_note(event: &Value) -> bool {
    let notes = own(event, "/capture/notes").as_array().unwrap();
    notes.contains(&json!("credential_removed"))
}

#[test]
fn a_key_that_an_error_repeats_is_not_in_the_event() {
    let error = json!({"error": {
        "type": format!("auth_error_{KEY}"),
        "code": KEY,
        "message": format!("API key {KEY} is invalid"),
    }});
    let event = keyed(OPENAI, ASK, &error.to_string())
        .with(|call| call.status = Some(401))
        .event();
    assert!(!event.to_string().contains(KEY), "{event:#}");
    assert_eq!(
        own(&event, "/completion/error"),
        &json!({
            "type": format!("auth_error_{MARK}"),
            "code": MARK,
            "message": format!("API key {MARK} is invalid"),
        })
    );
    assert!(has_note(&event));
}

#[test]
fn a_key_in_the_query_is_a_credential_too() {
    let error = json!({"error": {"message": "no model at ?key=AIzaSyD-secret-1234"}});
    let event = Call::new(
        "/v1/chat/completions?key=AIzaSyD-secret-1234",
        ASK,
        &error.to_string(),
    )
    .event();
    let message = own(&event, "/completion/error/message");
    assert_eq!(message, &json!(format!("no model at ?key={MARK}")));
}

#[test]
fn a_key_in_an_answer_is_not_in_the_event_wherever_the_answer_is_cut() {
    let choice = |index: u64| {
        let function = json!({"name": "send", "arguments": format!("{{\"key\":\"{KEY}\"}}")});
        let call = json!({"id": format!("call-{KEY}"), "type": "function", "function": function});
        json!({"index": index, "finish_reason": "stop", "message": {
            "role": "assistant",
            "content": format!("Your key is {KEY}, keep it."),
            "refusal": format!("No {KEY}"),
            "reasoning_content": format!("It says {KEY}"),
            "tool_calls": [call],
        }})
    };
    let answer = json!({
        "id": format!("c-{KEY}"), "model": format!("m-{KEY}"), "choices": [choice(0), choice(1)],
    });
    let event = keyed(OPENAI, ASK, &answer.to_string()).event();
    assert!(!event.to_string().contains(KEY), "{event:#}");
    let said = format!("Your key is {MARK}, keep it.");
    assert_eq!(event["response_content"], said);
    let hash = HashForm::Sha256.hash(said.as_bytes());
    assert_eq!(own(&event, "/response/hash"), &json!(hash));
    assert_eq!(
        own(&event, "/response/tool_calls/0/arguments"),
        &json!(format!("{{\"key\":\"{MARK}\"}}"))
    );
    assert!(has_note(&event));
}

#[test]
fn a_key_in_pieces_of_a_stream_is_not_in_the_event() {
    for size in [1, 5, 11, 31] {
        let piece = |piece: &[char]| {
            let piece: String = piece.iter().collect();
            let delta = json!({"content": piece, "tool_calls": [
                {"index": 0, "id": "c", "function": {"name": "f", "arguments": piece}},
            ]});
            let chunk = json!({"choices": [{"index": 0, "delta": delta}]});
            format!("data: {chunk}\n\n")
        };
        let text: Vec<char> = format!("It is {KEY}!").chars().collect();
        let events: String = text.chunks(size).map(piece).collect();
        let stream = format!("{events}data: [DONE]\n\n");
        for cut in [1, 7, usize::MAX] {
            let event = keyed(OPENAI, ASK, &stream)
                .with(|call| call.piece = cut)
                .event();
            let said = format!("It is {MARK}!");
            assert_eq!(event["response_content"], said, "pieces of {size}");
            assert_eq!(
                own(&event, "/response/tool_calls/0/arguments"),
                &json!(said)
            );
            let hash = HashForm::Sha256.hash(said.as_bytes());
            assert_eq!(own(&event, "/response/hash"), &json!(hash));
        }
    }
}

#[test]
fn hashes_alone_are_of_texts_without_the_key() {
    let function = json!({"name": "send", "arguments": format!("\"{KEY}\"")});
    let message = json!({"content": KEY, "tool_calls": [{"id": "c", "function": function}]});
    let answer = json!({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]});
    let event = keyed(OPENAI, ASK, &answer.to_string())
        .with(|call| {
            let hash_only = r#"{"capture":{"content":"hash","hash":"sha256"},"#;
            call.config = MINIMAL.replacen('{', hash_only, 1);
        })
        .event();
    assert_eq!(
        own(&event, "/response/hash"),
        &json!(HashForm::Sha256.hash(MARK.as_bytes()))
    );
    let arguments = HashForm::Sha256.hash(format!("\"{MARK}\"").as_bytes());
    assert_eq!(
        own(&event, "/response/tool_calls/0/arguments"),
        &json!(arguments)
    );
    assert!(has_note(&event));
}

#[test]
fn a_key_that_the_caller_repeats_is_covered_and_the_prompts_hash_stays() {
    let prompt = format!("My key is {KEY}. Is it good?");
    let ask = json!({
        "model": format!("m-{KEY}"), "user": KEY, "stop": ["\u{1}", KEY],
        "messages": [{"role": "user", "content": prompt}],
    });
    let event = keyed(OPENAI, &ask.to_string(), OPENAI_ANSWER)
        .with(|call| {
            let metadata = json!({"note": KEY, KEY: {"deep": [KEY]}}).to_string();
            call.headers.extend([
                ("x-audit-metadata", metadata.into_bytes()),
                ("x-audit-session-id", KEY.into()),
                ("x-audit-compliance-tags", KEY.into()),
                ("user-agent", format!("curl ({KEY})").into_bytes()),
                ("x-request-id", KEY.into()),
            ]);
        })
        .event();
    assert!(!event.to_string().contains(&KEY[..20]), "{event:#}");
    assert_eq!(
        event["prompt_hash"],
        HashForm::Sha256.hash(prompt.as_bytes())
    );
    let content = event["prompt_content"].as_str().unwrap();
    assert_eq!(content.len(), prompt.len());
    assert!(
        content.starts_with("My key is [credential]***"),
        "{content}"
    );
    assert!(content.ends_with("*. Is it good?"), "{content}");
    assert!(has_note(&event));
}

#[test]
fn a_key_in_a_part_of_the_conversation_is_covered() {
    let function = json!({"name": "send", "arguments": format!("{{\"key\":\"{KEY}\"}}")});
    let call = json!({"id": KEY, "type": "function", "function": function});
    let ask = json!({"model": "m", "messages": [
        {"role": "user", "content": format!("Send {KEY}.")},
        {"role": "assistant", "content": null, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": KEY, "content": format!("Sent {KEY}.")},
    ]});
    let with = keyed(OPENAI, &ask.to_string(), OPENAI_ANSWER).event();
    assert!(!with.to_string().contains(&KEY[..20]), "{with:#}");
    let without = Call::new(OPENAI, &ask.to_string(), OPENAI_ANSWER).event();
    assert_eq!(own(&with, "/prompt/hash"), own(&without, "/prompt/hash"));
    for part in 0..3 {
        for member in ["at", "bytes"] {
            let pointer = format!("/prompt/parts/{part}/{member}");
            assert_eq!(own(&with, &pointer), own(&without, &pointer));
        }
    }
    let arguments = own(&with, "/prompt/parts/1/arguments").as_str().unwrap();
    assert!(arguments.contains(MARK), "{arguments}");
}

#[test]
fn a_caller_cannot_break_an_event_by_what_it_calls_a_key() {
    for word in [
        "audit-layer/1",
        "openai.chat_completions",
        "upstream_error",
        "prompt_content",
        r#"","prompt_hash":""#,
        "sha256:3639efcd08abb273b1619e82e78c29a7df02c1051b1820e99fc395dcaa3326b8",
    ] {
        let plain = Call::new(OPENAI, ASK, OPENAI_ANSWER).event();
        let event = Call::new(OPENAI, ASK, OPENAI_ANSWER)
            .with(|call| call.headers.push(("x-api-key", word.into())))
            .event();
        assert_eq!(event, plain, "{word}");
    }
}

#[test]
fn without_credentials_nothing_is_removed() {
    let event = Call::new(OPENAI, ASK, OPENAI_ANSWER).event();
    assert!(!has_note(&event));
}
