//! What is left of records whose neighbors are gone, or are from before.

use serde_json::{Value, json};

use super::{Stage, numbered};
use crate::keys::key_of_kind;
use crate::program::until_async;
use crate::sample::event_with;
use crate::whole::{stub_of, whole};

/// Lets an event have arrived as long ago as it happened.
const AGE: &str = "UPDATE events SET received_at = timestamp WHERE id = $1";

async fn until_gone(stage: &Stage, id: &Value) {
    let path = format!("/v1/audit/logs/{}", id.as_str().unwrap());
    until_async("it is removed", async || {
        stage.get(&path).await.status == 404
    })
    .await;
}

#[tokio::test]
async fn what_comes_when_the_first_record_is_over_is_in_conflict_all_the_same() {
    let stage = Stage::new().await;
    let forged = |what: &str| event_with("r", json!({"reasoning": what}));
    let first = stage.record(&stage.application, &forged("first")).await;
    let second = stage.record(&stage.application, &forged("second")).await;
    let real = stage.record(&stage.gateway, &numbered("r", "w", 1)).await;
    let stage = stage.restarted(AGE, &first["id"]).await;
    until_gone(&stage, &first["id"]).await;
    // A gateway's is the first now.
    for left in [&second, &real] {
        assert_eq!(stage.log(&left["id"]).await["conflict_of"], real["id"]);
    }
    let repeat = stage.record(&stage.application, &forged("second")).await;
    assert_eq!(
        (&repeat["status"], &repeat["id"]),
        (&json!("duplicate"), &second["id"])
    );
    let new = stage.record(&stage.application, &forged("new")).await;
    assert_eq!(new["status"], "conflict");
    assert_eq!(stage.log(&new["id"]).await["conflict_of"], real["id"]);
    assert_eq!(stage.logs("conflict=true").await.len(), 3);

    // Of the last that is left it is still known that others said something else.
    let stage = stage.restarted(AGE, &second["id"]).await;
    until_gone(&stage, &second["id"]).await;
    let stage = stage.restarted(AGE, &real["id"]).await;
    until_gone(&stage, &real["id"]).await;
    assert_eq!(stage.log(&new["id"]).await["conflict_of"], new["id"]);
    assert_eq!(stage.get("/v1/audit/logs/r").await.status, 200);
    assert_eq!(
        stage.status(&stage.gateway, &numbered("r", "w", 1)).await,
        "conflict"
    );
}

#[tokio::test]
async fn an_event_of_before_that_has_members_which_the_collector_adds_has_them_once() {
    let stage = Stage::new().await;
    let sent = event_with("r", json!({}));
    let answer = stage.record(&stage.application, &sent).await;
    let old = "UPDATE events SET recorded_by = NULL, recorded_kind = NULL,
        event = '{\"recorded_by\":{\"kind\":\"gateway\"},\"conflict_of\":1,\"id\":7,\"writer_not_counted\":0,'
            || substr(event, 2)
        WHERE id = $1";
    let stage = stage.restarted(old, &answer["id"]).await;
    let path = format!("/v1/audit/logs/{}", answer["id"].as_str().unwrap());
    for text in [
        stage.get(&path).await.text,
        stage.get("/v1/audit/logs").await.text,
        stage.get("/v1/audit/logs?format=ndjson").await.text,
    ] {
        assert!(text.contains("\"recorded_by\":null"), "{text}");
        for (name, count) in [
            ("recorded_by", 1),
            ("id", 1),
            ("conflict_of", 0),
            ("writer_not_counted", 0),
            ("prompt_content", 1),
        ] {
            let name = format!("\"{name}\":");
            assert_eq!(text.matches(&name).count(), count, "{name} {text}");
        }
    }
}

/// Records what a log without content has of an event, with white space that the plugin does not write.
async fn log_without_content(stage: &Stage, key: &str, event: &Value) -> Value {
    let stub = stub_of(event).replace("\":", "\": ");
    let answer = stage.post(key, "/v1/audit/log", stub).await.json();
    assert_eq!(answer["status"], "stored");
    answer
}

#[tokio::test]
async fn a_gateways_event_takes_no_place_of_what_another_gateway_logged_without_content() {
    let stage = Stage::new().await;
    let rival = key_of_kind(&stage.folder, "gateway", "org_456").await;
    let event = whole("r", "Hello");
    let logged = log_without_content(&stage, &stage.gateway, &event).await;
    let other = stage.record(&rival, &event).await;
    assert_eq!(other["status"], "conflict");
    let log = stage.log(&logged["id"]).await;
    assert_eq!(
        log["metadata"]["audit_layer"]["capture"]["content"],
        "not_logged"
    );
    // Its own takes its place, as does that of whoever imports, and what was imported gives way.
    let own = stage.record(&stage.gateway, &event).await;
    assert_eq!(own["id"], other["id"]);
    for (imports, sends) in [
        (&stage.admin, &stage.gateway),
        (&stage.gateway, &stage.admin),
    ] {
        let id = format!("{sends} sends");
        let event = whole(&id, "Hello");
        let logged = log_without_content(&stage, imports, &event).await;
        let answer = stage.record(sends, &event).await;
        assert_eq!(
            (&answer["status"], &answer["id"]),
            (&json!("stored"), &logged["id"])
        );
        assert_eq!(stage.log(&answer["id"]).await["prompt_content"], "Hello");
    }
}
