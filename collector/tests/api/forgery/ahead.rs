//! Times that are still to come, with which lists would begin for ever.

use serde_json::{Value, json};

use super::{Stage, numbered};

#[tokio::test]
async fn no_event_of_an_application_is_ahead_of_the_clock() {
    let stage = Stage::new().await;
    let hour = chrono::TimeDelta::hours(1);
    for (hours, is_taken) in [(0, true), (23, true), (25, false), (24 * 365 * 200, false)] {
        let time = chrono::Utc::now() + hour * hours;
        let mut sent = numbered(&format!("in {hours}"), "w", 1);
        sent["timestamp"] = json!(time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string());
        sent["metadata"] = json!({});
        let answer = stage
            .post(&stage.application, "/v1/audit/log", sent.to_string())
            .await;
        if is_taken {
            assert_eq!(answer.status, 200, "{}", answer.text);
            continue;
        }
        let error = answer.error(400, "invalid_event");
        assert_eq!(error["field"], "timestamp", "{}", answer.text);
        let batch = stage
            .post(&stage.application, "/v1/audit/log/batch", sent.to_string())
            .await;
        let rejected: &Value = &batch.json()["rejected"][0];
        assert_eq!(rejected["error"]["field"], "timestamp", "{}", batch.text);
        // A gateway's clock may be wrong, and what it saw must not be lost for it.
        sent["request_id"] = json!(format!("gateway's in {hours}"));
        let answer = stage
            .post(&stage.gateway, "/v1/audit/log", sent.to_string())
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}
