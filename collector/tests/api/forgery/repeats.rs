//! What is the same event once more, and what of an erased one is.

use serde_json::json;

use super::{Stage, numbered};
use crate::program::DEADLINE;
use crate::sample::event_with;

#[tokio::test]
async fn a_repeat_is_a_duplicate_however_it_is_written() {
    let stage = Stage::new().await;
    let members =
        json!({"organization_id": null, "reasoning": "é \"quoted\"", "confidence_score": 0.5});
    let sent = event_with("r", members).to_string();
    let first = stage
        .post(&stage.gateway, "/v1/audit/log", sent.clone())
        .await;
    assert_eq!(first.json()["status"], "stored");
    let id = first.json()["id"].clone();
    let exported = stage.get("/v1/audit/logs?format=ndjson").await.text;
    let one = stage.log(&id).await;
    let camel = sent.replace("request_id", "requestId");
    for (key, repeat) in [
        (&stage.gateway, sent.clone()),
        (&stage.gateway, sent.replace(',', " ,\n\t")),
        (&stage.gateway, sent.replace('é', "\\u00e9")),
        (&stage.gateway, camel),
        (&stage.gateway, exported.clone()),
        (&stage.application, exported.clone()),
        (&stage.admin, exported.clone()),
        (&stage.admin, one.to_string()),
    ] {
        let answer = stage
            .post(key, "/v1/audit/log", repeat.clone())
            .await
            .json();
        assert_eq!(
            (&answer["status"], &answer["id"]),
            (&json!("duplicate"), &id),
            "{repeat}"
        );
    }
    for other in [
        sent.replace("0.5", "0.50"),
        sent.replace("quoted", "Quoted"),
        sent.replacen('{', "{\"more\":null,", 1),
    ] {
        let answer = stage
            .post(&stage.gateway, "/v1/audit/log", other.clone())
            .await
            .json();
        assert_eq!(answer["status"], "conflict", "{other}");
        let again = stage
            .post(&stage.gateway, "/v1/audit/log", other)
            .await
            .json();
        assert_eq!(
            (&again["status"], &again["id"]),
            (&json!("duplicate"), &answer["id"])
        );
    }
}

#[tokio::test]
async fn what_was_erased_does_not_come_back_by_a_conflict() {
    let stage = Stage::new().await;
    let original = numbered("r", "w", 1);
    let first = stage.record(&stage.gateway, &original).await;
    stage.erase().await;
    assert_eq!(stage.status(&stage.gateway, &original).await, "duplicate");

    let mut forged = original.clone();
    forged["model_name"] = json!("another");
    forged["prompt_content"] = json!("it is back");
    let answer = stage.record(&stage.application, &forged).await;
    assert_eq!(answer["status"], "conflict");
    assert_eq!(stage.status(&stage.application, &forged).await, "duplicate");
    let log = stage.log(&answer["id"]).await;
    assert_eq!(
        (&log["model_name"], &log["prompt_content"]),
        (&json!("another"), &json!(""))
    );
    assert_eq!(log["conflict_of"], first["id"]);
    assert!(log["erasure"]["erased_at"].is_string());
    assert!(stage.logs("text=back").await.is_empty());
    assert_eq!(stage.logs("recorded_by_kind=application").await.len(), 1);

    // Another user's content was not erased: nobody hides what a gateway says by his own erasure.
    let mut other = original.clone();
    other["user_id"] = json!("somebody else");
    let answer = stage.record(&stage.gateway, &other).await;
    let log = stage.log(&answer["id"]).await;
    assert_eq!(log["prompt_content"], original["prompt_content"]);
}

#[tokio::test]
async fn a_large_record_is_read_once_for_all_that_comes_beside_it() {
    let stage = Stage::new().await;
    let large = event_with("r", json!({"reasoning": "so ".repeat(3 << 20)}));
    assert_eq!(stage.status(&stage.application, &large).await, "stored");
    // Read for each of them, it would keep everybody from recording for minutes.
    let lines = (0..600).map(|number| {
        let event = event_with("r", json!({"reasoning": (number % 5).to_string()}));
        format!("{event}\n")
    });
    let batch = stage.post(&stage.application, "/v1/audit/log/batch", lines.collect());
    let answer = tokio::time::timeout(DEADLINE, batch).await.unwrap();
    let counts = json!({"accepted": 5, "duplicates": 595, "conflicts": 5, "rejected": []});
    assert_eq!(answer.json(), counts);
    assert_eq!(stage.status(&stage.application, &large).await, "duplicate");
}

#[tokio::test]
async fn an_erased_event_of_an_application_still_has_no_writer() {
    let stage = Stage::new().await;
    let answer = stage
        .record(&stage.application, &numbered("r", "w", 1))
        .await;
    stage.erase().await;
    let log = stage.log(&answer["id"]).await;
    assert_eq!(log["writer_not_counted"], true);
    assert_eq!(log["recorded_by"]["kind"], "application");
    assert!(stage.writers().await.is_empty());
}

#[tokio::test]
async fn what_an_application_foresees_takes_nothing_from_whoever_imports_for_a_gateway() {
    let stage = Stage::new().await;
    let event = numbered("r", "w", 1);
    assert_eq!(stage.status(&stage.application, &event).await, "stored");
    assert_eq!(stage.status(&stage.admin, &event).await, "conflict");
    assert_eq!(stage.status(&stage.admin, &event).await, "duplicate");
    let expected = ("org_456".to_owned(), "w".to_owned(), 1, 1, 0);
    assert_eq!(stage.writers().await, [expected]);
    // Nor does what is exported of the application become a gateway's by an import.
    let query = "recorded_by_kind=application&format=ndjson";
    let exported = stage.get(&format!("/v1/audit/logs?{query}")).await.text;
    let exported = exported.replace("\"r\"", "\"elsewhere\"");
    let answer = stage
        .post(&stage.admin, "/v1/audit/log", exported)
        .await
        .json();
    assert_eq!(answer["status"], "stored");
    let log = stage.log(&answer["id"]).await;
    assert_eq!(log["recorded_by"]["kind"], "application");
    assert_eq!(log["writer_not_counted"], true);
    assert_eq!(stage.writers().await[0].2, 1);
    // What applications say for themselves is still known when it comes again.
    let own = event_with("own", json!({}));
    assert_eq!(stage.status(&stage.application, &own).await, "stored");
    assert_eq!(stage.status(&stage.admin, &own).await, "duplicate");
}
