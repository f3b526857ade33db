use super::*;

fn config(level: &str) -> String {
    json!({
        "organization_id": "org_1", "audit_api": {"cluster": "audit"},
        "capture": {"content": level, "hash_key": "k", "hash": "hmac-sha256"},
        "identity": {"user_id": [{"body_member": "/metadata/user"}], "trust": "none"},
        "decision": {
            "decision_type": [{"body_member": "/metadata/type"}],
            "decision_outcome": [{"tool_call": {"name": "decide", "member": "/outcome"}},
                {"answer_member": "/outcome"}, {"response_member": "/error/code"}],
            "confidence_score": [{"answer_member": "/confidence"}, "log_probabilities"],
            "reasoning": [{"answer_member": "/because"}],
            "compliance_tags": [{"response_header": "x-guard-policies"}],
            "risk_level": [{"header": "x-risk"}],
        },
    })
    .to_string()
}

const ASKED: &str = r#"{"model":"m","metadata":{"user":"u-7","type":"credit"},"logprobs":true,
    "messages":[{"role":"user","content":"Hi"}]}"#;

fn call(level: &str, answer: &str) -> Call {
    Call::new(OPENAI, ASKED, answer).with(|call| {
        call.config = config(level);
        call.headers = vec![("x-risk", b"High".to_vec())];
        call.response_headers = vec![("X-Guard-Policies", "pii, pci")];
    })
}

fn answer(message: &Value) -> String {
    json!({"choices": [{"index": 0, "finish_reason": "stop", "message": message,
        "logprobs": {"content": [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1.5}]}}]})
    .to_string()
}

#[test]
fn a_decision_is_read_where_the_configuration_points() {
    let text = r#"{"outcome":"approve","because":"The income is sufficient."}"#;
    let event = call("full", &answer(&json!({"content": text}))).event();
    assert_eq!(event["user_id"], "u-7");
    assert_eq!(
        own(&event, "/identity/user_id"),
        &json!({"source": "body", "name": "/metadata/user"})
    );
    assert_eq!(event["decision_type"], "credit");
    assert_eq!(event["decision_outcome"], "approve");
    assert_eq!(event["confidence_score"].to_string(), "0.3679");
    assert_eq!(event["reasoning"], "The income is sufficient.");
    assert_eq!(event["compliance_tags"], json!(["pii", "pci"]));
    assert_eq!(event["risk_level"], "high");
    let by = own(&event, "/decision");
    assert_eq!(
        by["decision_outcome"],
        json!({"source": "answer_member", "name": "/outcome"})
    );
    assert_eq!(
        by["confidence_score"],
        json!({"source": "log_probabilities"})
    );
    assert_eq!(
        by["compliance_tags"],
        json!({"source": "response_header", "name": "x-guard-policies"})
    );
    let arguments = r#"{"outcome":"deny"}"#;
    let message = json!({"content": text, "tool_calls": [{"id": "c", "function": {"name": "decide", "arguments": arguments}}]});
    let event = call("full", &answer(&message)).event();
    assert_eq!(event["decision_outcome"], "deny");
    let by = own(&event, "/decision/decision_outcome");
    assert_eq!(
        by,
        &json!({"source": "tool_call", "name": "decide/outcome"})
    );
}

#[test]
fn a_guard_that_blocks_decides() {
    let blocked = r#"{"error":{"code":"policy_7","message":"blocked"}}"#;
    let event = call("full", blocked)
        .with(|call| call.status = Some(403))
        .event();
    assert_eq!(event["decision_outcome"], "policy_7");
    assert_eq!(
        own(&event, "/decision/decision_outcome/name"),
        "/error/code"
    );
}

#[test]
fn a_stream_decides_when_it_is_whole() {
    let pieces = [r#"{"outco"#, r#"me":"approve"}"#].map(|piece| {
        let event = json!({"choices": [{"index": 0, "delta": {"content": piece},
            "logprobs": {"content": [{"logprob": -1.0}]}}]});
        format!("data: {event}\n\n")
    });
    let event = call("full", &(pieces.concat() + "data: [DONE]\n\n")).event();
    assert_eq!(event["decision_outcome"], "approve");
    assert_eq!(event["confidence_score"].to_string(), "0.3679");
    let event = call("full", &pieces[0]).event();
    assert_eq!(event["decision_outcome"], Value::Null);
}

#[test]
fn what_is_withheld_of_an_answer_is_withheld_of_its_decision() {
    let text = r#"{"outcome":"approve","because":"The income is sufficient.","confidence":0.9}"#;
    for level in ["hash", "none"] {
        let event = call(level, &answer(&json!({"content": text}))).event();
        assert_eq!(event["decision_outcome"], "approve");
        assert_eq!(event["confidence_score"].to_string(), "0.9");
        assert_eq!(event["reasoning"], Value::Null);
        assert_eq!(own(&event, "/decision").get("reasoning"), None);
    }
    let text = r#"{"outcome":"write to ann@example.com"}"#;
    let event = call("redacted", &answer(&json!({"content": text}))).event();
    assert_eq!(event["decision_outcome"], "write to [EMAIL:1]");
    let event = call("hash", &answer(&json!({"content": text}))).event();
    assert_eq!(event["decision_outcome"], Value::Null);
}

#[test]
fn what_is_too_long_or_of_another_kind_is_left_out_and_noted() {
    let long = "x".repeat(20_000);
    for text in [json!({"confidence": "very"}), json!({"because": long})] {
        let event = call("full", &answer(&json!({"content": text.to_string()}))).event();
        assert_eq!(event["reasoning"], Value::Null);
        let notes = own(&event, "/capture/notes").to_string();
        assert!(notes.contains("source_unreadable"), "{notes}");
    }
}
