//! What counts in sums, whatever an application says of it.

use serde_json::{Value, json};

use super::Stage;
use crate::sample::event_with;

/// An event that says that the gateway in front of it recorded the call as `outer`.
fn inner(id: &str, outer: &str) -> Value {
    let audit_layer = json!({"gateway": {"outer_request_id": outer}});
    event_with(id, json!({"metadata": {"audit_layer": audit_layer}}))
}

async fn figures(stage: &Stage) -> Value {
    let query = json!({
        "report_type": "activity", "organization_id": "org_456",
        "start_date": "2025-02-01", "end_date": "2025-02-01",
    });
    let answer = stage
        .post(&stage.admin, "/v1/reports/generate", query.to_string())
        .await;
    answer.json()["data"].clone()
}

#[tokio::test]
async fn what_an_application_says_takes_nothing_out_of_the_sums() {
    let stage = Stage::new().await;
    // The event that the gateway's names, so that it is not counted.
    stage.record(&stage.gateway, &inner("inner", "outer")).await;
    stage
        .record(&stage.application, &event_with("outer", json!({})))
        .await;
    let marked = figures(&stage).await["recorded_by_outer_gateway"].clone();
    assert_eq!(marked["skipped_events"], 0, "{marked}");
    // What the outer gateway says comes beside it.
    let real = event_with("outer", json!({"reasoning": "real"}));
    assert_eq!(stage.status(&stage.gateway, &real).await, "conflict");
    let data = figures(&stage).await;
    assert_eq!(data["recorded_by_outer_gateway"]["skipped_events"], 1);
    assert_eq!(data["conflicting_events"], 2);
}

#[tokio::test]
async fn an_application_takes_its_own_events_out_of_no_sum() {
    let stage = Stage::new().await;
    stage
        .record(&stage.gateway, &event_with("real", json!({})))
        .await;
    stage
        .record(&stage.application, &inner("hidden", "real"))
        .await;
    let data = figures(&stage).await;
    let none = json!({"skipped_events": 0, "counted_events": 0});
    assert_eq!(
        [
            &data["events"],
            &data["application_events"],
            &data["recorded_by_outer_gateway"]
        ],
        [&json!(2), &json!(1), &none]
    );
    let query = json!({
        "report_type": "decision_audit", "request_id": "hidden", "organization_id": "org_456",
        "format": "csv",
    });
    let report = stage
        .post(&stage.admin, "/v1/reports/generate", query.to_string())
        .await;
    assert!(!report.text.contains("An outer gateway"), "{}", report.text);
}
