//! To which writers events count.

use serde_json::json;

use super::{Stage, in_state, numbered};
use crate::keys::{create_with, key_id, key_of_kind, keys};
use crate::program::until_async;

#[tokio::test]
async fn an_application_has_no_writer_and_fills_no_hole_of_one() {
    let stage = Stage::new().await;
    for seq in [1, 3] {
        stage
            .record(&stage.gateway, &numbered(&format!("g{seq}"), "w", seq))
            .await;
    }
    let before = stage.writers().await;
    assert_eq!(before, [("org_456".to_owned(), "w".to_owned(), 2, 3, 1)]);
    for (id, writer, seq) in [
        ("hole", "w", 2),
        ("end", "w", 4),
        ("far", "w", 1_000_000),
        ("new", "made up", 1),
    ] {
        let forged = numbered(id, writer, seq);
        let answer = stage.record(&stage.application, &forged).await;
        assert_eq!(answer["status"], "stored");
        let log = stage.log(&answer["id"]).await;
        assert_eq!(log["writer_not_counted"], true);
        assert_eq!(log["metadata"], forged["metadata"], "it is stored as sent");
    }
    let mut begun = in_state("begun", "w", 2, "pending");
    stage.record(&stage.application, &begun).await;
    begun["metadata"]["audit_layer"]["completion"]["state"] = json!("complete");
    assert_eq!(stage.status(&stage.application, &begun).await, "stored");
    assert_eq!(stage.writers().await, before);
    assert_eq!(
        stage
            .metric("audit_layer_collector_writers_not_counted_total")
            .await,
        6
    );
    assert!(
        stage
            .program
            .stderr()
            .contains("does not belong to their sender")
    );
}

#[tokio::test]
async fn a_writer_that_there_cannot_be_has_the_mark_too() {
    let stage = Stage::new().await;
    let writers = [
        json!({"id": "w", "seq": 0}),
        json!({"id": "w", "seq": 1.5}),
        json!({"id": "w", "seq": 1_u64 << 53}),
        json!({"id": "w"}),
        json!(["w", 1]),
        json!("w"),
    ];
    for (number, writer) in writers.into_iter().enumerate() {
        for key in [&stage.application, &stage.gateway] {
            let mut event = numbered(&format!("{number} of {key}"), "w", 1);
            event["metadata"]["audit_layer"]["writer"] = writer.clone();
            let answer = stage.record(key, &event).await;
            let log = stage.log(&answer["id"]).await;
            assert_eq!(log["writer_not_counted"], true, "{writer}");
        }
    }
    assert!(stage.writers().await.is_empty());
    let mut none = numbered("none", "w", 1);
    none["metadata"]["audit_layer"]["writer"] = json!(null);
    let answer = stage.record(&stage.application, &none).await;
    let log = stage.log(&answer["id"]).await;
    assert_eq!(log["writer_not_counted"], json!(null));
}

#[tokio::test]
async fn a_writer_belongs_to_the_family_that_used_it_first_in_every_organization() {
    let stage = Stage::new().await;
    let rival = key_of_kind(&stage.folder, "gateway", "org_456").await;
    let elsewhere = key_of_kind(&stage.folder, "gateway", "org_789").await;
    stage.record(&stage.gateway, &numbered("1", "w", 1)).await;
    let before = stage.writers().await;
    for (key, organization) in [(&rival, "org_456"), (&elsewhere, "org_789")] {
        let mut claim = numbered("claim", "w", 7);
        claim["organization_id"] = json!(organization);
        claim["request_id"] = json!(organization);
        let answer = stage.record(key, &claim).await;
        assert_eq!(stage.log(&answer["id"]).await["writer_not_counted"], true);
        assert_eq!(stage.writers().await, before);
    }
    let id = key_id(&stage.folder, "org_456").await;
    let successor = create_with(&stage.folder, &["--successor-of", &id]).await;
    stage.record(&successor, &numbered("2", "w", 2)).await;
    // As who imports dead letters does, of a gateway that nothing has come from as well.
    stage.record(&stage.admin, &numbered("3", "w", 3)).await;
    stage.record(&stage.admin, &numbered("4", "dead", 2)).await;
    assert_eq!(
        stage.status(&rival, &numbered("5", "dead", 1)).await,
        "stored"
    );
    let found = stage.writers().await;
    let expected = [("dead", 2, 2, 0), ("w", 3, 3, 0)];
    let expected = expected.map(|(writer, events, last, missing)| {
        (
            "org_456".to_owned(),
            writer.to_owned(),
            events,
            last,
            missing,
        )
    });
    assert_eq!(found, expected);
    // In one batch, of both: each for itself.
    let lines = |from: i64, writer: &str| -> String {
        let lines = (from..from + 3).map(|seq| numbered(&format!("{writer} {seq}"), writer, seq));
        lines.map(|event| format!("{event}\n")).collect()
    };
    let body = lines(3, "dead") + &lines(4, "w");
    let answer = stage
        .post(&stage.gateway, "/v1/audit/log/batch", body)
        .await;
    assert_eq!(answer.json()["accepted"], 6);
    let found = stage.writers().await;
    assert_eq!((found[0].3, found[1].3), (2, 6));
}

#[tokio::test]
async fn a_gateway_that_becomes_an_application_lets_go_of_its_writers() {
    let stage = Stage::new().await;
    stage.record(&stage.gateway, &numbered("1", "w", 1)).await;
    let id = key_id(&stage.folder, "org_456").await;
    let output = keys(&stage.folder, "set-kind", &[&id, "application"]).await;
    assert!(output.status.success(), "{output:?}");
    until_async("the kind is known", async || {
        let id = uuid();
        let answer = stage.record(&stage.gateway, &numbered(&id, "w", 9)).await;
        stage.log(&answer["id"]).await["writer_not_counted"] == true
    })
    .await;
    let heir = key_of_kind(&stage.folder, "gateway", "org_456").await;
    stage.record(&heir, &numbered("2", "w", 10)).await;
    assert_eq!(stage.writers().await[0].3, 10);
}

/// An id that is no other's.
fn uuid() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("id {}", NEXT.fetch_add(1, Ordering::Relaxed))
}
