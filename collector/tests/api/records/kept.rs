//! Records are kept, or nothing is read; and not for ever.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Executor;

use crate::database::REFUSE_RECORDS;
use crate::program::{Answer, Folder, KEY, Program, until_async};
use crate::records::{history, looks, members};
use crate::sample::{event, event_with};

#[tokio::test]
async fn what_cannot_be_recorded_is_not_read() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    program
        .record(&event_with("a", json!({"prompt_content": "CANARY"})))
        .await;
    let mut database = folder.beside().open().await;
    database.execute(REFUSE_RECORDS).await.unwrap();
    for path in [
        "/v1/audit/logs",
        "/v1/audit/logs?format=csv",
        "/v1/audit/logs/a",
        "/v1/audit/logs/none",
        "/v1/audit/values",
        "/v1/audit/completeness",
        "/v1/audit/history",
        "/v1/reports",
    ] {
        let answer = program.get(path).await;
        answer.error(503, "unrecorded");
        assert_eq!(answer.headers["retry-after"], "1");
    }
    let report = json!({"report_type": "decision_audit", "audit_log_id": "a"}).to_string();
    let made = program.post("/v1/reports/generate", report).await;
    made.error(503, "unrecorded");
    let form = program
        .anonymous(Method::POST, "/session")
        .body(format!("key={KEY}"));
    let answer = Answer::of(form.send().await.unwrap()).await;
    answer.error(503, "unrecorded");
    assert!(!answer.headers.contains_key("set-cookie"));
    // What is sent is taken.
    program.record(&event("b")).await;
    database
        .execute("DROP TRIGGER refuse_records ON access_records")
        .await
        .ok();
    database.execute("DROP TRIGGER refuse_records").await.ok();
    assert_eq!(program.get("/v1/audit/logs/a").await.status, 200);
    let looks = looks(&folder).await;
    assert_eq!(looks.len(), 1, "{looks:?}");
}

#[tokio::test]
async fn a_record_is_never_changed_and_removed_only_by_its_retention() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    program.get("/v1/audit/logs").await;
    let mut database = folder.beside().open().await;
    for statement in [
        "UPDATE access_records SET key_id = 'other'",
        "UPDATE access_records SET items = 7",
        "UPDATE access_records SET items = NULL",
        "UPDATE access_records SET until = 7",
        "DELETE FROM access_records",
        "DELETE FROM access_records WHERE action = 'events_listed'",
    ] {
        let refused = database.execute(statement).await.unwrap_err().to_string();
        assert!(
            refused.contains("an access record is"),
            "{statement}: {refused}"
        );
    }
    assert_eq!(looks(&folder).await.len(), 1);
}

#[tokio::test]
async fn what_was_begun_gets_its_end_once_and_is_not_changed_otherwise() {
    let folder = Folder::new();
    Program::start_in(&folder).await.stop().await;
    let mut database = folder.beside().open().await;
    database.execute(BEGUN).await.unwrap();
    let end = "UPDATE access_records SET result = 'cut', items = 7, until = 8, times = 2, ids = '[\"a\"]'";
    for (change, is_taken) in [
        ("UPDATE access_records SET items = 7".to_owned(), false),
        ("UPDATE access_records SET times = 2".to_owned(), false),
        (format!("{end}, key_id = 'other'"), false),
        (format!("{end}, query = '{{}}'"), false),
        (end.to_owned(), true),
        (end.to_owned(), false),
        ("UPDATE access_records SET result = 'ok'".to_owned(), false),
        (
            "UPDATE access_records SET result = 'begun'".to_owned(),
            false,
        ),
    ] {
        let change = format!("{change} WHERE action = 'events_exported'");
        let changed = database.execute(sqlx::AssertSqlSafe(change.clone())).await;
        assert_eq!(changed.is_ok(), is_taken, "{change}: {changed:?}");
    }
    let looks = looks(&folder).await;
    let what = ["result", "items", "times", "ids", "query"];
    assert_eq!(members(&looks[0], &what), json!(["cut", 7, 2, ["a"], null]));
}

const BEGUN: &str = "
    INSERT INTO access_records (at, id, action, result, ids, times)
    VALUES (1, 'access_1', 'events_exported', 'begun', '[]', 1)";

#[tokio::test]
async fn records_have_a_retention_of_their_own_and_what_is_removed_is_recorded() {
    let folder = Folder::new();
    Program::start_in(&folder).await.stop().await;
    let mut database = folder.beside().open().await;
    let day = 24 * 60 * 60 * 1_000_000_i64;
    let now = chrono::Utc::now().timestamp_micros();
    for (number, days) in [(1, 1200), (2, 1102), (3, 1098)] {
        sqlx::query(OLD)
            .bind(now - days * day)
            .bind(format!("access_{number}"))
            .execute(&mut database)
            .await
            .unwrap();
    }
    let left = async || {
        let output = history(
            &folder,
            &["--action", "event_read", "--action", "records_removed"],
        );
        let entries: Vec<Value> = serde_json::from_slice(&output.await.stdout).unwrap();
        entries
    };
    let program = Program::start_in(&folder).await;
    until_async("the old ones are removed", async || left().await.len() == 2).await;
    let entries = left().await;
    assert_eq!(entries[0]["id"], "access_3");
    assert_eq!(
        members(&entries[1], &["action", "items"]),
        json!(["records_removed", 2])
    );
    assert!(
        entries[1]["until"]
            .as_str()
            .unwrap()
            .ends_with("T00:00:00.000000Z")
    );
    program.stop().await;

    let changes = async || {
        let output = history(&folder, &["--action", "retention_changed"]).await;
        let entries: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        entries
            .iter()
            .map(|entry| entry["query"].clone())
            .collect::<Vec<_>>()
    };
    let first = json!({"retention_days": "400", "retention": {}, "history_days": "1100"});
    assert_eq!(changes().await, std::slice::from_ref(&first));
    let other = [
        "--api-key",
        KEY,
        "--retention-days",
        "500",
        "--history-days",
        "forever",
    ];
    Program::start_with(&folder, &other).await.stop().await;
    Program::start_with(&folder, &other).await.stop().await;
    let second = json!({"retention_days": "500", "retention": {}, "history_days": "forever"});
    assert_eq!(changes().await, [first, second]);
}

const OLD: &str = "
    INSERT INTO access_records (at, id, action, result, ids, items, times)
    VALUES ($1, $2, 'event_read', 'ok', '[]', 1, 1)";
