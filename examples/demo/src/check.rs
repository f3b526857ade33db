//! What an event of one of our own calls must hold.

use serde_json::{Value, json};

use crate::calls::Exchange;

/// What the event lacks, one sentence each.
pub(crate) fn missing(event: &Value, exchange: &Exchange) -> Vec<String> {
    let mut missing = Vec::new();
    let mut expect = |pointer: &str, holds: bool| {
        if !holds {
            let value = event.pointer(pointer).unwrap_or(&Value::Null);
            missing.push(format!(
                "the event's {pointer} is not as it should be: {value}"
            ));
        }
    };
    let equals = |pointer: &str, value: Value| event.pointer(pointer) == Some(&value);
    expect("/user_id", equals("/user_id", exchange.user.into()));
    expect(
        "/decision_type",
        equals("/decision_type", exchange.expected.decision_type.into()),
    );
    let tags = json!(exchange.expected.tags);
    expect("/compliance_tags", equals("/compliance_tags", tags));
    let risk = exchange.expected.risk_level.into();
    expect("/risk_level", equals("/risk_level", risk));
    expect(
        "/prompt_content",
        text(event, "/prompt_content").contains(exchange.expected.question),
    );
    expect(
        "/prompt_hash",
        text(event, "/prompt_hash").starts_with("sha256:"),
    );
    expect(STATUS, equals(STATUS, exchange.status.into()));
    if exchange.status == 200 {
        expect(
            "/response_content",
            equals("/response_content", exchange.answer.as_str().into()),
        );
        expect("/prompt_tokens", count(event, "/prompt_tokens") > 0);
        expect("/response_tokens", count(event, "/response_tokens") > 0);
        expect(STATE, equals(STATE, "complete".into()));
    } else {
        expect(ERROR, text(event, ERROR) == exchange.answer);
        expect(STATE, !equals(STATE, "complete".into()));
    }
    missing
}

/// What of a sealed call is there to be read without a key, in a sentence.
pub(crate) fn readable(event: &Value, exchange: &Exchange) -> Option<String> {
    let event = event.to_string();
    let said = [exchange.question, &exchange.answer];
    let is_readable = said.iter().any(|text| event.contains(text));
    is_readable.then(|| "the sealed event can be read without a key".to_owned())
}

fn text<'a>(event: &'a Value, pointer: &str) -> &'a str {
    event
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn count(event: &Value, pointer: &str) -> u64 {
    event
        .pointer(pointer)
        .and_then(Value::as_u64)
        .unwrap_or_default()
}

const STATE: &str = "/metadata/audit_layer/completion/state";
const STATUS: &str = "/metadata/audit_layer/completion/http_status";
const ERROR: &str = "/metadata/audit_layer/completion/error/message";
