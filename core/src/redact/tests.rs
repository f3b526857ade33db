use serde_json::{Value, json};

use super::tokens::Tokens;
use super::{Pattern, RedactPolicy};
use crate::digest::HmacKey;
use crate::sensitive::Sensitive;

fn policy(patterns: &[(&str, &str)]) -> RedactPolicy {
    let pattern = |(name, pattern): &(&str, &str)| Pattern::new(name, pattern).unwrap();
    RedactPolicy {
        patterns: patterns.iter().map(pattern).collect(),
        ..RedactPolicy::default()
    }
}

fn redacted(policy: &RedactPolicy, text: &str) -> String {
    let clean = Tokens::new(policy).replaced(text);
    clean.unwrap_or_else(|| text.to_owned())
}

#[test]
fn the_same_value_has_the_same_token_however_it_is_written() {
    let text = "Ann@example.com, 4111 1111 1111 1111; bob@example.com, ann@example.com, \
        4111-1111-1111-1111";
    assert_eq!(
        redacted(&policy(&[]), text),
        "[EMAIL:1], [CARD:1]; [EMAIL:2], [EMAIL:1], [CARD:1]"
    );
}

#[test]
fn keyed_tokens_are_the_same_in_every_event_and_differ_by_key() {
    let of = |key: &[u8], text: &str| {
        let policy = RedactPolicy {
            key: HmacKey::new(key),
            ..policy(&[])
        };
        redacted(&policy, text)
    };
    let one = of(b"k", "ann@example.com");
    assert_eq!(
        one,
        of(b"k", "bob@example.com Ann@example.com")
            .split(' ')
            .next_back()
            .unwrap()
    );
    assert_ne!(one, of(b"other", "ann@example.com"));
    assert_eq!(one.len(), "[EMAIL:]".len() + 16);
}

#[test]
fn patterns_of_the_operators_come_first_and_nothing_of_what_they_touch_is_left() {
    let policy = policy(&[("staff", r"EMP-\d{4}"), ("line", r"example\.com;[a-z]+")]);
    assert_eq!(
        redacted(&policy, "EMP-1234 and EMP-12"),
        "[STAFF:1] and EMP-12"
    );
    assert_eq!(redacted(&policy, "ann@example.com;secret."), "[EMAIL:1].");
}

#[test]
fn only_the_kinds_that_are_named_are_replaced() {
    let policy = RedactPolicy {
        kinds: vec![Sensitive::Card],
        ..policy(&[])
    };
    let text = "ann@example.com 4111111111111111";
    assert_eq!(redacted(&policy, text), "ann@example.com [CARD:1]");
}

#[test]
fn json_stays_json_however_it_is_escaped() {
    let policy = policy(&[]);
    for (json, expected) in [
        (r#"{"to":"ann@example.com"}"#, json!({"to": "[EMAIL:1]"})),
        (
            r#"{"to":"ann\u0040example.com","n":1}"#,
            json!({"to": "[EMAIL:1]", "n": 1}),
        ),
        (r#"{"card":4111111111111111}"#, json!({"card": "[CARD:1]"})),
        (r#"[4111111111111111, 5]"#, json!(["[CARD:1]", 5])),
        (r#"{"ann@example.com":true}"#, json!({"[EMAIL:1]": true})),
        (
            r#"{"q":"say \"hi\" to ann@example.com"}"#,
            json!({"q": "say \"hi\" to [EMAIL:1]"}),
        ),
    ] {
        let clean = Tokens::new(&policy).replaced_in_json(json).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&clean).unwrap(),
            expected,
            "{json}"
        );
    }
    assert_eq!(
        Tokens::new(&policy).replaced_in_json(r#"{"n": 1.5, "s": "x"}"#),
        None
    );
}

#[test]
fn what_broke_off_within_json_is_looked_through_too() {
    let policy = policy(&[]);
    let clean = Tokens::new(&policy).replaced_in_json(r#"{"a":"x","to":"ann\u0040example.com and"#);
    assert_eq!(clean.as_deref(), Some(r#"{"a":"x","to":"[EMAIL:1] and"#));
    let clean = Tokens::new(&policy).replaced_in_json("not json: ann@example.com");
    assert_eq!(clean.as_deref(), Some(r#"not json: [EMAIL:1]"#));
}

#[test]
fn a_pattern_that_cannot_be_used_is_refused() {
    for (pattern, reason) in [
        ("a(", "is no regular expression: "),
        ("a*", "matches the empty text"),
        ("(a{1000}){1000}", "is no regular expression: "),
        (&"a".repeat(2000), "must be at most 1024 bytes long"),
    ] {
        let error = Pattern::new("p", pattern).unwrap_err().to_string();
        assert!(error.starts_with(reason), "{error}");
    }
}
