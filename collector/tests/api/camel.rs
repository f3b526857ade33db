//! The event as the TypeScript wrapper sends it.

use serde_json::{Value, json};

use crate::program::Program;
use crate::query::request_ids;
use crate::sample::event;

/// What `wrapWithAudit` makes when only a user is given: members that are undefined are not there.
fn wrapped(request_id: &str) -> Value {
    json!({
        "requestId": request_id,
        "timestamp": "2025-02-01T10:30:00.250Z",
        "durationMs": 1523,
        "userId": "user_123",
        "organizationId": "org_456",
        "promptHash": "9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab",
        "promptContent": "[user] Analyze this loan application",
        "promptTokens": 250,
        "responseContent": "Based on the credit score...",
        "responseTokens": 150,
        "modelProvider": "openai",
        "modelName": "gpt-4-turbo",
        "modelParameters": {"maxTokens": 100},
        "complianceTags": ["SOC2"],
    })
}

#[tokio::test]
async fn an_event_in_camel_case_is_stored_as_one_in_snake_case() {
    let program = Program::start().await;
    let recorded = program.record(&wrapped("a")).await;
    assert_eq!(recorded["status"], "stored");
    let stored = program.get("/v1/audit/logs/a").await.json();
    assert_eq!(stored["request_id"], "a");
    assert_eq!(stored["model_parameters"], json!({"maxTokens": 100}));
    assert_eq!(stored["requestId"], Value::Null);
    for query in [
        "user_id=user_123",
        "compliance_tag=SOC2",
        "text=loan",
        "model_provider=openai",
    ] {
        assert_eq!(request_ids(&program, query).await, ["a"], "{query}");
    }
}

#[tokio::test]
async fn a_batch_may_hold_both_spellings() {
    let program = Program::start().await;
    let mut wrong = wrapped("c");
    wrong["durationMs"] = json!("fast");
    let batch = format!(
        "{}\n{}\n{wrong}\n{}\n",
        wrapped("a"),
        event("b"),
        wrapped("a")
    );
    let answer = program.post("/v1/audit/log/batch", batch).await;
    assert_eq!(answer.status, 207);
    let answer = answer.json();
    assert_eq!(
        (&answer["accepted"], &answer["duplicates"]),
        (&json!(2), &json!(1))
    );
    let rejected = &answer["rejected"][0];
    assert_eq!(
        (&rejected["line"], &rejected["request_id"]),
        (&json!(3), &json!("c"))
    );
    assert_eq!(rejected["error"]["field"], "durationMs");
}
