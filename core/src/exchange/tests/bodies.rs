//! Bodies that are large, cut, encoded or no JSON, and what of them an event may hold.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::*;

#[test]
fn a_body_that_cannot_be_read_is_still_an_audited_call() {
    for (body, expected) in [
        ("", "request_body_empty"),
        ("not json", "request_unreadable"),
        ("[1,2]", "request_unreadable"),
        ("{\"model\":\"m\"}", "request_unreadable"),
    ] {
        let event = Call::new(OPENAI, body, OPENAI_ANSWER).event();
        assert_eq!(own(&event, "/capture/notes"), &json!([expected]), "{body}");
        assert_eq!(
            (&event["prompt_hash"], &event["prompt_content"]),
            (&json!(""), &json!(""))
        );
        assert_eq!(event["response_content"], "Hello");
        assert_eq!(
            own(&event, "/capture/request_hash").is_null(),
            body.is_empty()
        );
    }
    for (response, expected) in [
        ("", "response_body_empty"),
        ("<html>", "response_unreadable"),
        ("id: 1\n\n", "response_unreadable"),
        ("internal error", "response_unreadable"),
    ] {
        let event = Call::new(OPENAI, ASK, response).event();
        assert!(
            own(&event, "/capture/notes").to_string().contains(expected),
            "{response}"
        );
        assert_eq!(own(&event, "/completion/state"), "complete");
        assert_eq!(own(&event, "/capture/streamed"), false);
    }
}

#[test]
fn a_large_prompt_is_hashed_whole_and_kept_up_to_the_limit() {
    let limit = 1 << 20;
    for (size, is_cut) in [
        (limit - 1, false),
        (limit, false),
        (limit + 1, true),
        (2 * limit, true),
    ] {
        let prompt = "x".repeat(size);
        let body = json!({"model": "m", "messages": [{"role": "user", "content": &prompt}]});
        let event = Call::new(OPENAI, &body.to_string(), OPENAI_ANSWER).event();
        assert_eq!(
            event["prompt_hash"],
            HashForm::Sha256.hash(prompt.as_bytes())
        );
        assert_eq!(
            event["prompt_content"].as_str().unwrap().len(),
            size.min(limit)
        );
        assert_eq!(own(&event, "/capture/truncated"), is_cut);
    }
}

#[test]
fn a_body_over_the_limit_is_read_as_far_as_it_was_kept() {
    let config = MINIMAL.replacen('{', r#"{"capture":{"limits":{"request_bytes":1024}},"#, 1);
    let prompt = "A long text. ".repeat(200);
    let body = json!({"model": "m", "messages": [{"role": "user", "content": prompt}]});
    let event = Call::new(OPENAI, &body.to_string(), OPENAI_ANSWER)
        .with(|call| call.config = config)
        .event();
    assert_eq!(
        own(&event, "/capture/notes"),
        &json!(["long_strings_skipped", "request_body_truncated"])
    );
    assert_eq!(event["prompt_hash"], "");
    let content = event["prompt_content"].as_str().unwrap();
    assert!(content.len() > 300 && content.starts_with("A long text."));
    let hash = HashForm::Sha256.hash(prompt.as_bytes());
    assert!(content.ends_with(&format!("[cut {hash}]")), "{content}");
    assert_eq!(
        own(&event, "/capture/request_hash"),
        &HashForm::Sha256.hash(body.to_string().as_bytes())
    );
}

#[test]
fn only_hashes_are_left_of_content_on_every_path() {
    let config = MINIMAL.replacen('{', r#"{"capture":{"content":"hash","hash":"sha256"},"#, 1);
    let ask = r#"{"model":"m","messages":[{"role":"user","content":"canary"}],"stop":["canary"],
        "response_format":{"canary":1},"temperature":1}"#;
    let answers = [
        r#"{"choices":[{"message":{"content":"canary","refusal":"canary","reasoning":"canary",
            "tool_calls":[{"function":{"name":"f","arguments":"canary"}}]}},{"index":1,"message":{"content":"canary"}}]}"#,
        r#"{"error":{"type":"t","message":"canary"}}"#,
        "data: {\"choices\":[{\"delta\":{\"content\":\"canary\",\"reasoning\":\"canary\"}}]}\n\n",
    ];
    for answer in answers {
        for ends in [true, false] {
            let event = Call::new(OPENAI, ask, answer)
                .with(|call| {
                    call.config = config.clone();
                    call.response_ends = ends;
                })
                .event();
            assert!(!event.to_string().contains("canary"), "{event}");
            assert_eq!(event["prompt_hash"], HashForm::Sha256.hash(b"canary"));
            assert_eq!(event["model_parameters"], json!({"temperature": 1}));
        }
    }
}

#[test]
fn an_encoding_that_cannot_be_decoded_is_told_and_never_read() {
    // The first byte of what lzma writes.
    let event = Call::new(OPENAI, ASK, "]\0\0\u{80}")
        .with(|call| call.response_headers = vec![("content-encoding", "lzma")])
        .event();
    assert_eq!(event["response_content"], "");
    assert_eq!(own(&event, "/capture/encoding"), "lzma");
    assert!(
        own(&event, "/capture/notes")
            .to_string()
            .contains("response_encoding_unsupported")
    );
}

#[test]
fn a_request_that_broke_off_is_read_as_far_as_it_came() {
    let event = Call::new(OPENAI, &ASK[..ASK.len() - 4], "")
        .with(|call| {
            call.request_ends = false;
            call.response_ends = false;
            call.status = None;
            call.end = aborted(Cause::CallerLeft, "DC", "downstream_remote_disconnect");
        })
        .event();
    assert_eq!(
        own(&event, "/capture/notes"),
        &json!(["request_incomplete"])
    );
    assert_eq!(
        (&event["model_name"], &event["prompt_content"]),
        (&json!("gpt-4"), &json!("Hi"))
    );
    assert_eq!(event["prompt_hash"], "");
    assert_eq!(own(&event, "/completion/http_status"), &Value::Null);
}

#[test]
fn a_compressed_exchange_is_read_like_a_plain_one() {
    let plain = Call::new(OPENAI, ASK, OPENAI_STREAM).event();
    let gzip = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    for piece in [1, 7, usize::MAX] {
        let event = Call::new(OPENAI, "", "")
            .with(|call| {
                call.body = gzip(ASK);
                call.response = gzip(OPENAI_STREAM);
                call.headers = vec![("content-encoding", b"gzip".to_vec())];
                call.response_headers = vec![("content-encoding", "GZIP")];
                call.piece = piece;
            })
            .event();
        for member in [
            "prompt_hash",
            "response_content",
            "prompt_tokens",
            "model_name",
        ] {
            assert_eq!(event[member], plain[member], "{member}");
        }
        assert_eq!(own(&event, "/capture/encoding"), "GZIP");
        assert_eq!(own(&event, "/capture/notes"), &json!([]));
    }
}

#[test]
fn a_body_that_is_text_is_read_whatever_coding_its_header_names() {
    let plain = Call::new(OPENAI, ASK, OPENAI_STREAM).event();
    for (name, notes) in [
        ("gzip", json!(["encoding_not_applied"])),
        ("snappy", json!(["encoding_not_applied"])),
        ("none", json!([])),
        ("binary", json!([])),
    ] {
        for piece in [1, 7, usize::MAX] {
            let event = Call::new(OPENAI, ASK, OPENAI_STREAM)
                .with(|call| {
                    call.headers = vec![("content-encoding", name.as_bytes().to_vec())];
                    call.response_headers = vec![("content-encoding", name)];
                    call.piece = piece;
                })
                .event();
            for member in ["prompt_hash", "response_content", "prompt_tokens"] {
                assert_eq!(event[member], plain[member], "{name} {member}");
            }
            assert_eq!(own(&event, "/capture/notes"), &notes, "{name}");
        }
    }
}

#[test]
fn a_body_that_is_not_of_its_encoding_is_told() {
    let event = Call::new(OPENAI, "no text of JSON", "no text of JSON")
        .with(|call| {
            call.headers = vec![("content-encoding", b"gzip".to_vec())];
            call.response_headers = vec![("content-encoding", "gzip")];
        })
        .event();
    let notes = own(&event, "/capture/notes").to_string();
    assert!(
        notes.contains("request_encoding_broken") && notes.contains("response_encoding_broken")
    );
    assert_eq!(
        (&event["prompt_hash"], &event["response_content"]),
        (&json!(""), &json!(""))
    );
}

#[test]
fn an_answer_in_which_no_words_are_found_is_told_to_be_empty() {
    for (response, is_empty) in [
        (
            r#"{"id":"c","usage":{"prompt_tokens":5,"completion_tokens":2}}"#,
            true,
        ),
        (
            "data: {\"id\":\"c\",\"odd\":\"Hi\"}\n\ndata: [DONE]\n\n",
            true,
        ),
        (OPENAI_ANSWER, false),
    ] {
        let event = Call::new(OPENAI, ASK, response).event();
        assert_eq!(own(&event, "/completion/state"), "complete");
        let notes = own(&event, "/capture/notes").to_string();
        assert_eq!(notes.contains("answer_empty"), is_empty, "{notes}");
    }
}

#[test]
fn a_body_that_the_host_has_decoded_is_read_as_it_is_and_its_encoding_is_told() {
    let policy = Arc::new(Policy::read(MINIMAL.as_bytes(), &|_| None, &Host::default()).unwrap());
    let at = Timestamp::from_unix_ms;
    let head = pairs(&[(":method", "POST"), (":path", OPENAI), (":authority", "h")]);
    // Of these, one is known, one is not, and the last are more than are decoded.
    for encoding in ["gzip", "snappy", "gzip, gzip, gzip, gzip, gzip, gzip, gzip"] {
        let mut exchange = Exchange::begin(&policy, Headers(&head), [7; 10], at(0)).unwrap();
        exchange.request_body(ASK.as_bytes());
        exchange.request_end();
        let answer = pairs(&[(":status", "200"), ("content-encoding", encoding)]);
        exchange.response_head_of_decoded(Headers(&answer));
        exchange.response_body(OPENAI_ANSWER.as_bytes(), at(1));
        exchange.response_end();
        let event = serde_json::to_value(exchange.end(End::default(), at(2)).unwrap()).unwrap();
        assert_eq!(event["response_content"], "Hello");
        assert_eq!(own(&event, "/capture/encoding"), encoding);
        assert_eq!(own(&event, "/capture/notes"), &json!([]));
    }
}
