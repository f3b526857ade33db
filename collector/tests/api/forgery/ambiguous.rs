//! A `request_id` that many events have.

use serde_json::json;

use super::{Stage, numbered};
use crate::keys::create_with;
use crate::sample::event_with;

/// Log ids that an answer lists at most.
const LISTED_MAX: usize = 50;

#[tokio::test]
async fn the_ids_of_gateways_come_first_however_many_an_application_adds() {
    let stage = Stage::new().await;
    let everywhere = [
        "--role",
        "ingest",
        "--kind",
        "application",
        "--all-organizations",
    ];
    let everywhere = create_with(&stage.folder, &everywhere).await;
    let lines = (0..70).map(|number| {
        let organization = json!({"organization_id": format!("org_{number:03}")});
        format!("{}\n", event_with("r", organization))
    });
    let answer = stage
        .post(&everywhere, "/v1/audit/log/batch", lines.collect())
        .await;
    assert_eq!(answer.json()["accepted"], 70);
    let real = stage.record(&stage.gateway, &numbered("r", "w", 1)).await;
    let error = stage
        .get("/v1/audit/logs/r")
        .await
        .error(409, "ambiguous_request_id");
    let listed = error["log_ids"].as_array().unwrap();
    assert_eq!((listed.len(), &listed[0]), (LISTED_MAX, &real["id"]));
    assert_eq!(error["more_log_ids"], 71 - LISTED_MAX);

    let forged = event_with("r", json!({}));
    stage.record(&stage.application, &forged).await;
    let error = stage
        .get("/v1/audit/logs/r?organization_id=org_456")
        .await
        .error(409, "ambiguous_request_id");
    assert_eq!(error["log_ids"].as_array().unwrap().len(), 2);
    assert_eq!(error["more_log_ids"], 0);
}
