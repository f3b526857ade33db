//! What the erasure of one record does to others of the same call.

use serde_json::{Value, json};

use super::{Stage, in_state, numbered};
use crate::keys::key_of_kind;
use crate::program::{audit_layer, run};
use crate::sample::event_with;

/// Keeps all that there is of the organization, and what comes.
async fn hold(stage: &Stage) {
    let mut hold = audit_layer("holds");
    hold.args(["create", "--organization", "org_456", "--reason", "case"]);
    let output = run(hold.arg("--database").arg(stage.folder.database())).await;
    assert!(output.status.success(), "{output:?}");
}

async fn is_whole(stage: &Stage, answer: &Value, sent: &Value) -> bool {
    let log = stage.log(&answer["id"]).await;
    let is_erased = log["erasure"].is_object();
    assert_eq!(log["prompt_content"] == sent["prompt_content"], !is_erased);
    !is_erased
}

#[tokio::test]
async fn the_erasure_of_an_applications_record_erases_nothing_of_a_gateways() {
    let stage = Stage::new().await;
    for id in ["r", "begun"] {
        let forged = event_with(id, json!({"reasoning": "forged"}));
        assert_eq!(stage.status(&stage.application, &forged).await, "stored");
    }
    stage.erase().await;

    let real = numbered("r", "w", 1);
    let answer = stage.record(&stage.gateway, &real).await;
    assert_eq!(answer["status"], "conflict");
    assert!(is_whole(&stage, &answer, &real).await);
    assert_eq!(stage.status(&stage.gateway, &real).await, "duplicate");
    let begun = in_state("begun", "w", 2, "pending");
    let begun = stage.record(&stage.gateway, &begun).await;
    let ended = numbered("begun", "w", 2);
    let end = stage.record(&stage.gateway, &ended).await;
    assert_eq!(
        (&end["status"], &end["id"]),
        (&json!("stored"), &begun["id"])
    );
    assert!(is_whole(&stage, &end, &ended).await);
    // Who imports for a gateway is asked for as little.
    let imported = numbered("r", "w", 3);
    let answer = stage.record(&stage.admin, &imported).await;
    assert!(is_whole(&stage, &answer, &imported).await);
    assert_eq!(stage.logs("text=forged").await.len(), 0);
}

#[tokio::test]
async fn the_erasure_of_a_gateways_record_erases_nothing_of_another_gateways() {
    let stage = Stage::new().await;
    let rival = key_of_kind(&stage.folder, "gateway", "org_456").await;
    stage.record(&rival, &numbered("r", "rival", 1)).await;
    stage.erase().await;
    let real = numbered("r", "w", 1);
    let answer = stage.record(&stage.gateway, &real).await;
    assert_eq!(answer["status"], "conflict");
    assert!(is_whole(&stage, &answer, &real).await);
    // Its own was erased, and does not come back by what it says beside it.
    let own = numbered("r", "rival", 2);
    let answer = stage.record(&rival, &own).await;
    assert!(!is_whole(&stage, &answer, &own).await);
}

#[tokio::test]
async fn what_is_held_is_kept_whole_though_a_record_of_its_call_was_erased() {
    let stage = Stage::new().await;
    for (key, id) in [(&stage.gateway, "r"), (&stage.application, "own")] {
        stage.record(key, &in_state(id, "w", 1, "pending")).await;
    }
    stage.erase().await;
    hold(&stage).await;
    for (key, id, status) in [
        (&stage.gateway, "r", "stored"),
        (&stage.gateway, "r", "conflict"),
        (&stage.application, "own", "stored"),
    ] {
        let mut sent = numbered(id, "w", 1);
        sent["reasoning"] = json!(status);
        let answer = stage.record(key, &sent).await;
        assert_eq!(answer["status"], status);
        assert!(is_whole(&stage, &answer, &sent).await);
    }
}
