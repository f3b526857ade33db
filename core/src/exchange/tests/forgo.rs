//! Calls for whose bodies there is no memory.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::*;

use crate::host::Host;

fn at(ms: u64) -> Timestamp {
    Timestamp::from_unix_ms(1_738_405_800_000 + ms)
}

fn begin(path: &str) -> Exchange {
    let policy = Arc::new(Policy::read(MINIMAL.as_bytes(), &|_| None, &Host::default()).unwrap());
    let head = pairs(&[(":method", "POST"), (":path", path), (":authority", "h:1")]);
    Exchange::begin(&policy, Headers(&head), [7; 10], at(0)).unwrap()
}

fn answered(mut exchange: Exchange, answer: &str) -> Value {
    exchange.request_end();
    exchange.response_head(Headers(&pairs(&[(":status", "200")])));
    exchange.response_body(answer.as_bytes(), at(30));
    exchange.response_end();
    serde_json::to_value(exchange.end(End::default(), at(250)).unwrap()).unwrap()
}

#[test]
fn a_request_that_is_forgone_has_size_and_hash_and_no_prompt() {
    for from in [0, 10, ASK.len()] {
        let mut exchange = begin(OPENAI);
        let (first, second) = ASK.as_bytes().split_at(from);
        exchange.request_body(first);
        assert!(exchange.forgo_request());
        assert!(!exchange.forgo_request(), "it is told once");
        exchange.request_body(second);
        let event = answered(exchange, OPENAI_ANSWER);
        assert_eq!(own(&event, "/capture/notes"), &json!(["memory_short"]));
        assert_eq!(own(&event, "/capture/truncated"), true);
        assert_eq!(event["prompt_content"], "");
        assert_eq!(event["prompt_hash"], "");
        assert_eq!(event["response_content"], "Hello");
        assert_eq!(own(&event, "/capture/request_bytes"), ASK.len());
        let hash = Sha256::digest(ASK.as_bytes());
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            own(&event, "/capture/request_hash"),
            &json!(format!("sha256:{hash}"))
        );
    }
}

/// Where only a body shows that it is a call of a model, a call whose body is forgone may be one.
#[test]
fn a_request_that_is_forgone_may_be_a_call() {
    let mut exchange = begin("/generate");
    exchange.request_body(br#"{"inputs":"Hi"}"#);
    exchange.forgo_request();
    let event = answered(exchange, "{}");
    let notes = own(&event, "/capture/notes").to_string();
    assert!(notes.contains("memory_short") && notes.contains("call_uncertain"));
}

#[test]
fn of_a_stream_that_is_forgone_what_was_read_stays() {
    let mut exchange = begin(OPENAI);
    exchange.request_body(ASK.as_bytes());
    exchange.request_end();
    exchange.response_head(Headers(&pairs(&[(":status", "200")])));
    let end = OPENAI_STREAM.find("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\"");
    let (first, second) = OPENAI_STREAM.split_at(end.unwrap());
    exchange.response_body(first.as_bytes(), at(10));
    assert!(exchange.forgo_response());
    assert!(!exchange.forgo_response(), "it is told once");
    exchange.response_body(second.as_bytes(), at(20));
    exchange.response_end();
    let event = exchange.end(End::default(), at(250)).unwrap();
    let event = serde_json::to_value(event).unwrap();
    assert_eq!(event["response_content"], "Hé");
    assert_eq!(event["prompt_content"], "Hi");
    let notes = own(&event, "/capture/notes").to_string();
    assert!(notes.contains("memory_short"), "{notes}");
    assert_eq!(own(&event, "/capture/response_bytes"), OPENAI_STREAM.len());
}
