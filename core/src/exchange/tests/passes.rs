//! One call is one call, however often the proxy or another one sends it on.

use super::*;

use crate::hop::HEADER;
use crate::host::Host;

const KEYED: &str =
    r#"{"organization_id":"org_1","audit_api":{"cluster":"audit","api_key":"al_sk_1"}}"#;

fn policy(config: &str) -> Arc<Policy> {
    Arc::new(Policy::read(config.as_bytes(), &|_| None, &Host::default()).unwrap())
}

fn at(ms: u64) -> Timestamp {
    Timestamp::from_unix_ms(1_738_405_800_000 + ms)
}

fn head(path: &str, further: &[(&str, &str)]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut head = pairs(&[(":method", "POST"), (":path", path), (":authority", "h:1")]);
    head.extend(pairs(further));
    head
}

fn begin(config: &str, path: &str, further: &[(&str, &str)]) -> Option<Exchange> {
    Exchange::begin(
        &policy(config),
        Headers(&head(path, further)),
        [7; 10],
        at(0),
    )
}

fn upstream(attempts: u64) -> End {
    End {
        cause: Cause::Finished,
        details: Some("via_upstream".to_owned()),
        upstream_attempts: Some(attempts),
        ..End::default()
    }
}

fn answered(mut exchange: Exchange, end: End) -> Value {
    exchange.response_head(Headers(&pairs(&[(":status", "200")])));
    exchange.response_body(OPENAI_ANSWER.as_bytes(), at(20));
    exchange.response_end();
    serde_json::to_value(exchange.end(end, at(30)).unwrap()).unwrap()
}

fn notes(event: &Value) -> Vec<&str> {
    let notes = own(event, "/capture/notes").as_array().unwrap();
    notes.iter().filter_map(Value::as_str).collect()
}

#[test]
fn a_redirect_that_the_gateway_follows_is_one_call_with_the_last_answer() {
    let user = [("x-audit-user-id", "alice")];
    let mut exchange = begin(MINIMAL, "/v1/chat/completions/", &user).unwrap();
    exchange.request_body(ASK.as_bytes());
    exchange.request_end();
    // Without the caller's fields, which were removed.
    let again = head("/v1/chat/completions", &[]);
    exchange.redirected(Headers(&again), tried(1));
    exchange.request_body(ASK.as_bytes());
    exchange.request_end();
    let event = answered(exchange, upstream(2));
    assert_eq!(event["user_id"], "alice");
    assert_eq!(event["prompt_content"], "Hi");
    assert_eq!(event["response_content"], "Hello");
    assert_eq!(own(&event, "/completion/state"), "complete");
    assert_eq!(own(&event, "/gateway/path"), "/v1/chat/completions/");
    assert_eq!(own(&event, "/gateway/upstream_attempts"), 3);
    assert_eq!(event["timestamp"], "2025-02-01T10:30:00.000Z");
    assert_eq!(own(&event, "/capture/request_bytes"), ASK.len());
    assert_eq!(notes(&event), ["redirect_followed"]);
}

#[test]
fn a_redirect_may_turn_a_call_into_a_request_without_a_body() {
    let mut exchange = begin(MINIMAL, OPENAI, &[]).unwrap();
    exchange.request_body(ASK.as_bytes());
    exchange.request_end();
    let mut again = head("/v1/answers/7", &[]);
    again[0].1 = b"GET".to_vec();
    exchange.redirected(Headers(&again), End::default());
    exchange.request_end();
    let event = answered(exchange, upstream(1));
    assert_eq!(event["prompt_content"], "Hi");
    assert_eq!(event["response_content"], "Hello");
}

#[test]
fn a_redirect_to_another_format_is_read_as_that() {
    let mut exchange = begin(MINIMAL, "/v1/messages", &[]).unwrap();
    exchange.request_body(b"[]");
    exchange.request_end();
    exchange.redirected(Headers(&head("/v1/chat/completions", &[])), tried(1));
    exchange.request_body(ASK.as_bytes());
    exchange.request_end();
    let event = answered(exchange, upstream(1));
    assert_eq!(own(&event, "/capture/api"), "openai.chat_completions");
    assert_eq!(event["prompt_content"], "Hi");
    assert_eq!(notes(&event), ["redirect_followed"]);
}

#[test]
fn a_redirect_does_not_make_a_call_uncertain() {
    let mut exchange = begin(MINIMAL, OPENAI, &[]).unwrap();
    exchange.request_body(b"no JSON");
    exchange.request_end();
    exchange.redirected(Headers(&head("/predictions", &[])), tried(1));
    exchange.request_body(b"no JSON");
    exchange.request_end();
    assert!(exchange.end(upstream(1), at(30)).is_some());
}

#[test]
fn a_redirect_of_which_no_more_is_seen_says_so() {
    let mut exchange = begin(MINIMAL, OPENAI, &[]).unwrap();
    exchange.request_body(ASK.as_bytes());
    exchange.request_end();
    let end = End {
        cause: Cause::Redirected,
        details: Some("internal_redirect".to_owned()),
        http_status: Some(307),
        ..End::default()
    };
    assert!(end.is_redirect());
    let event = serde_json::to_value(exchange.end(end, at(30)).unwrap()).unwrap();
    assert_eq!(own(&event, "/completion/state"), "redirected");
    assert_eq!(own(&event, "/completion/http_status"), &Value::Null);
}

#[test]
fn the_second_gateway_marks_its_event_with_the_first_ones_id() {
    let outer = begin(KEYED, OPENAI, &[]).unwrap();
    let hop = outer.hop().unwrap();
    let inner = begin(KEYED, OPENAI, &[(HEADER, &hop)]).unwrap();
    let event = answered(inner, upstream(1));
    let id = outer.request_id().unwrap();
    assert_eq!(own(&event, "/gateway/outer_request_id"), id);
    assert!(notes(&event).contains(&"recorded_by_outer_gateway"));
}

#[test]
fn what_is_not_proven_marks_nothing() {
    let hop = begin(KEYED, OPENAI, &[]).unwrap().hop().unwrap();
    let other_key = KEYED.replace("al_sk_1", "al_sk_2");
    for (config, values) in [
        (MINIMAL, vec![(HEADER, &*hop)]),
        (&*other_key, vec![(HEADER, &*hop)]),
        (KEYED, vec![(HEADER, "forged")]),
        (KEYED, vec![(HEADER, &*hop), (HEADER, &*hop)]),
    ] {
        let event = answered(begin(config, OPENAI, &values).unwrap(), upstream(1));
        assert_eq!(own(&event, "/gateway/outer_request_id"), &Value::Null);
        assert!(notes(&event).contains(&"hop_header_ignored"));
        assert!(!notes(&event).contains(&"recorded_by_outer_gateway"));
    }
}

#[test]
fn the_header_needs_a_key_and_can_be_switched_off() {
    let off = KEYED.replacen('{', r#"{"gateway":{"hop_header":false},"#, 1);
    for (config, is_sent) in [(KEYED, true), (MINIMAL, false), (&*off, false)] {
        let exchange = begin(config, OPENAI, &[]).unwrap();
        assert_eq!(exchange.hop().is_some(), is_sent, "{config}");
    }
    // What another one says is believed all the same.
    let hop = begin(KEYED, OPENAI, &[]).unwrap().hop().unwrap();
    let event = answered(begin(&off, OPENAI, &[(HEADER, &hop)]).unwrap(), upstream(1));
    assert!(notes(&event).contains(&"recorded_by_outer_gateway"));
}

#[test]
fn a_call_that_was_refused_before_gives_an_event_of_what_is_known() {
    for (path, expected) in [
        (OPENAI, &["request_not_seen"][..]),
        ("/predictions", &["call_uncertain", "request_not_seen"]),
    ] {
        let user = head(path, &[("x-audit-user-id", "alice")]);
        let policy = policy(MINIMAL);
        let mut exchange = Exchange::unseen(&policy, Headers(&user), [7; 10], at(0)).unwrap();
        exchange.unseen_answer(Headers(&pairs(&[(":status", "403")])));
        let end = End {
            is_local: true,
            details: Some("rbac_access_denied".to_owned()),
            http_status: Some(403),
            ..End::default()
        };
        let event = serde_json::to_value(exchange.end(end, at(3)).unwrap()).unwrap();
        assert_eq!(event["user_id"], "alice");
        assert_eq!(event["prompt_content"], "");
        assert_eq!(own(&event, "/completion/state"), "local_reply");
        assert_eq!(own(&event, "/completion/http_status"), 403);
        assert_eq!(notes(&event), expected);
    }
    let other = head("/", &[]);
    let other = Exchange::unseen(&policy(MINIMAL), Headers(&other), [7; 10], at(0));
    assert!(other.is_none());
}

#[test]
fn a_client_that_left_before_the_request_came_here_is_one_that_left() {
    let head = head(OPENAI, &[]);
    let exchange = Exchange::unseen(&policy(MINIMAL), Headers(&head), [7; 10], at(0)).unwrap();
    let end = aborted(Cause::CallerLeft, "DC", "downstream_remote_disconnect");
    let event = serde_json::to_value(exchange.end(end, at(3)).unwrap()).unwrap();
    assert_eq!(own(&event, "/completion/state"), "client_abort");
}

/// What the host says of a first request that it sent on so many times.
fn tried(attempts: u64) -> End {
    End {
        upstream_attempts: Some(attempts),
        ..End::default()
    }
}
