//! An audit API that is down, busy, closed to us, or something else altogether.

use serde_json::json;

use crate::import::fake::{Fake, answer, stored};
use crate::import::{Imported, file, import, import_to, line};
use crate::keys::create_with;
use crate::program::{Folder, Program};
use crate::sample::event;

fn letters(count: usize) -> String {
    (0..count).map(|id| line(&event(&id.to_string()))).collect()
}

/// Imports this many letters, and gives a failing batch this long.
async fn import_letters(url: &str, count: usize, retry_for: u64) -> Imported {
    let folder = Folder::new();
    let log = file(&folder, "envoy.log", letters(count));
    let mut command = import_to(url);
    let retry_for = format!("--retry-for={retry_for}");
    Imported::of(command.arg(retry_for).arg(log)).await
}

#[tokio::test]
async fn a_collector_that_is_down_is_tried_again_and_then_told_of() {
    let imported = import_letters("http://127.0.0.1:1/v1", 2, 1).await;
    assert_eq!(imported.counts(), [0, 0, 0]);
    assert!(
        imported.stdout.contains("\"unsent\":2"),
        "{}",
        imported.stdout
    );
    assert!(imported.stdout.contains("\"complete\":false"));
    let words = [
        "http://127.0.0.1:1/v1",
        "refused",
        "attempts",
        "--retry-for",
        "The 0 events",
    ];
    imported.assert_complaint(&words);
    assert!(!imported.stderr.contains("after 1 attempts"));
}

#[tokio::test]
async fn a_wrong_key_is_told_of_and_not_tried_again() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let log = file(&folder, "envoy.log", letters(1));
    let mut command = import(&program);
    // The dead letters are by another key than the one that is sent.
    command.env("AUDIT_LAYER_API_KEY", "al_sk_wrong").arg(log);
    let imported = Imported::of(&mut command).await;
    imported.assert_complaint(&["refused the API key", "401", "AUDIT_LAYER_API_KEY"]);
    assert!(!imported.stderr.contains("al_sk_wrong"));
    assert_eq!(program.get("/v1/audit/logs/0").await.status, 404);
}

#[tokio::test]
async fn a_key_that_may_not_record_is_told_which_one_may() {
    let folder = Folder::new();
    let key = create_with(&folder, &["--role", "read", "--all-organizations"]).await;
    let program = Program::start_with(&folder, &[]).await;
    let log = file(&folder, "envoy.log", letters(1));
    let mut command = import(&program);
    let imported = Imported::of(command.env("AUDIT_LAYER_API_KEY", &key).arg(log)).await;
    imported.assert_complaint(&[
        "403",
        "the role read",
        "ingest",
        "gateway's own key",
        "admin",
    ]);
    assert!(!imported.stderr.contains(&key));
}

#[tokio::test]
async fn a_proxy_of_the_environment_is_not_asked_for_this_machine() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let log = file(&folder, "envoy.log", letters(1));
    let mut command = import(&program);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env(name, "http://127.0.0.1:1");
    }
    assert_eq!(Imported::of(command.arg(log)).await.counts(), [1, 0, 0]);
}

#[tokio::test]
async fn a_busy_audit_api_is_asked_until_it_takes_the_batch() {
    let fake = Fake::start(|before, events| match before {
        0 => answer(429, ""),
        1 => answer(503, "{\"error\":{\"message\":\"later\"}}"),
        _ => stored(events),
    })
    .await;
    let imported = import_letters(&fake.url, 3, 60).await;
    assert_eq!((imported.code, imported.counts()), (Some(0), [3, 0, 0]));
    assert_eq!(fake.batches(), [3, 3, 3]);
}

#[tokio::test]
async fn a_long_log_goes_out_in_batches_and_a_failure_tells_how_far_it_came() {
    let fake = Fake::start(|before, events| match before {
        0 | 1 => stored(events),
        _ => answer(500, "{\"error\":{\"message\":\"disk full\"}}"),
    })
    .await;
    let imported = import_letters(&fake.url, 2500, 0).await;
    assert_eq!(fake.batches(), [1000, 1000, 500]);
    assert_eq!(imported.counts(), [2000, 0, 0]);
    assert!(imported.stdout.contains("\"unsent\":500"));
    let words = [
        "answered 500: disk full",
        "The 2000 events before it are stored",
        "again",
    ];
    imported.assert_complaint(&words);
}

#[tokio::test]
async fn the_letter_that_a_full_batch_has_no_room_for_is_counted() {
    let fake = Fake::start(|_, _| answer(500, "")).await;
    let imported = import_letters(&fake.url, 1002, 0).await;
    assert_eq!(fake.batches(), [1000]);
    let summary = &imported.stdout;
    assert!(summary.contains("\"unsent\":1001"), "{summary}");
    assert!(summary.contains("\"dead_letters\":1001"), "{summary}");
}

#[tokio::test]
async fn a_batch_that_is_too_large_for_the_audit_api_is_halved() {
    let fake = Fake::start(|_, events| match events {
        1 => stored(1),
        _ => answer(413, ""),
    })
    .await;
    let imported = import_letters(&fake.url, 5, 0).await;
    assert_eq!((imported.code, imported.counts()), (Some(0), [5, 0, 0]));

    let fake = Fake::start(|_, _| answer(413, "")).await;
    let imported = import_letters(&fake.url, 2, 0).await;
    assert_eq!(imported.counts(), [0, 0, 2]);
    imported.assert_complaint(&["envoy.log:1: the audit API refused the event: it answered 413"]);
}

#[tokio::test]
async fn an_event_that_only_the_audit_api_refuses_is_named_by_its_line_in_the_log() {
    let fake = Fake::start(|_, _| {
        let refused = json!([{"line": 2, "error": {"message": "unknown organization"}}]);
        let counts = json!({"accepted": 1, "duplicates": 1, "rejected": refused});
        answer(207, counts.to_string())
    })
    .await;
    let imported = import_letters(&fake.url, 3, 0).await;
    assert_eq!(imported.counts(), [1, 1, 1]);
    imported.assert_complaint(&["envoy.log:2: ", "refused the event: unknown organization"]);
}

#[tokio::test]
async fn what_is_no_audit_api_is_not_believed() {
    for (status, body, word) in [
        (200, "<html>welcome</html>", "without the number of events"),
        (204, "", "without the number of events"),
        (404, "", "answered 404"),
        (405, "", "answered 405"),
        (308, "", "answered 308"),
    ] {
        let fake = Fake::start(move |_, _| {
            let mut answer = answer(status, body);
            let elsewhere = "http://127.0.0.1:1/".parse().unwrap();
            answer.headers_mut().insert("location", elsewhere);
            answer
        })
        .await;
        let imported = import_letters(&fake.url, 1, 0).await;
        imported.assert_complaint(&[&fake.url, word, "check that this is the root"]);
        assert_eq!(fake.batches(), [1]);
    }
}
