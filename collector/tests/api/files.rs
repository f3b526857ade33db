//! What is in the files of an SQLite database, and what is not.

use serde_json::json;
use sqlx::Executor;

use crate::erasure::{ANN, SECRET, erase, event_of, said};
use crate::keys::create_key;
use crate::program::{Folder, Program};
use crate::query::pages;
use crate::sample::event_with;

#[tokio::test]
async fn the_database_does_not_hold_a_key_itself() {
    let folder = Folder::new();
    let key = create_key(&folder).await;
    let bytes = std::fs::read(folder.path("audit.db")).unwrap();
    assert!(
        !bytes
            .windows(key.len())
            .any(|window| window == key.as_bytes())
    );
}

fn is_in_files(folder: &Folder) -> bool {
    let secret = &SECRET.as_bytes()[SECRET.len() - 14..];
    ["audit.db", "audit.db-wal"].into_iter().any(|name| {
        let bytes = std::fs::read(folder.path(name)).unwrap_or_default();
        bytes.windows(secret.len()).any(|window| window == secret)
    })
}

#[tokio::test]
async fn no_byte_of_it_stays_in_the_files() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let mut event = event_of("ann", "one", "a", 1);
    // Over many pages, and a word that nobody else uses.
    let long = format!("xylophonist {SECRET} ").repeat(2000);
    event["prompt_content"] = json!(long);
    program.record(&event).await;
    program
        .record(&event_with("b", json!({"prompt_content": "another word"})))
        .await;
    assert!(is_in_files(&folder));
    let output = erase(&folder, &ANN).await;
    assert!(output.status.success(), "{output:?}");
    assert!(!is_in_files(&folder), "{}", said(&output));

    assert_eq!(pages(&program, "text=xylophonist").await, [""; 0]);
    program
        .record(&event_with("c", json!({"prompt_content": "new word"})))
        .await;
    assert_eq!(pages(&program, "text=word").await, ["c", "b"]);
}

#[tokio::test]
async fn nothing_is_left_of_a_report_that_shows_what_was_erased() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    program.record(&event_of("ann", "one", "a", 1)).await;
    let body = json!({"report_type": "decision_audit", "audit_log_id": "a", "format": "html"});
    let answer = program.post("/v1/reports/generate", body.to_string()).await;
    assert!(answer.text.contains(SECRET), "{}", answer.text);
    assert!(erase(&folder, &ANN).await.status.success());
    program.stop().await;
    for name in ["audit.db", "audit.db-wal"] {
        let bytes = std::fs::read(folder.path(name)).unwrap_or_default();
        let mut windows = bytes.windows(SECRET.len());
        assert!(!windows.any(|window| window == SECRET.as_bytes()), "{name}");
    }
}

#[tokio::test]
async fn completeness_of_many_writers_with_many_holes_is_bounded() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let mut database = folder.beside().open().await;
    let many = "
        WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 60)
        INSERT INTO writers (organization_id, writer_id, events, received, last_seq, first_timestamp,
            last_timestamp)
        SELECT 'o', printf('w%03d', n), 1100, 1100, 2200, 1, 2 FROM n;
        WITH RECURSIVE n(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < 1100)
        INSERT INTO writer_runs (organization_id, writer_id, first_seq, last_seq)
        SELECT 'o', writer_id, 2 * n, 2 * n FROM writers, n";
    database.execute(many).await.unwrap();
    let answer = program.get("/v1/audit/completeness?limit=500").await.json();
    let writers = answer["data"].as_array().unwrap();
    let listed = |number: usize| writers[number]["holes"].as_array().unwrap().len();
    assert_eq!(
        [listed(0), listed(49), listed(50), listed(59)],
        [1000, 1000, 0, 0]
    );
    assert!(
        writers
            .iter()
            .all(|writer| writer["has_more_holes"] == true)
    );
    assert!(writers.iter().all(|writer| writer["missing"] == 1100));
    let report = json!({"report_type": "completeness", "format": "json"});
    let report = program
        .post("/v1/reports/generate", report.to_string())
        .await
        .json();
    let writers = report["data"]["writers"].as_array().unwrap();
    assert!(
        writers
            .iter()
            .all(|writer| writer["holes"].as_array().unwrap().len() == 100)
    );
}
