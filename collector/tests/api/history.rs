//! `audit-layer history`

use chrono::Utc;
use serde_json::{Value, json};

use crate::program::{Folder, KEY, Program, audit_layer, run};
use crate::retention::{age, until_gone};
use crate::sample::{event, event_with};

async fn history(folder: &Folder, format: &str) -> String {
    let mut history = audit_layer("history");
    history.args(["--action", "removed", "--action", "erased"]);
    history.args(["--format", format, "--database"]);
    let output = run(history.arg(folder.database())).await;
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn what_was_removed_and_erased_can_be_told() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    program.record(&event("old")).await;
    program
        .record(&event_with("ann", json!({"user_id": "ann"})))
        .await;
    program.stop().await;
    let nothing = "no matching entries\n";
    assert_eq!(history(&folder, "human").await, nothing);
    assert_eq!(history(&folder, "json").await, "[]\n");

    age(&folder, &["old"]).await;
    let before = Utc::now();
    let program = Program::start_with(&folder, &["--api-key", KEY]).await;
    until_gone(&program, "old").await;
    let mut erase = audit_layer("erase");
    erase.args(["--all-organizations", "--user", "ann", "--yes"]);
    erase.args(["--reason", "request 12", "--database"]);
    assert!(run(erase.arg(folder.database())).await.status.success());
    let after = Utc::now();

    let entries: Value = serde_json::from_str(&history(&folder, "json").await).unwrap();
    let [removed, erased] = entries.as_array().unwrap().as_slice() else {
        panic!("{entries}");
    };
    let day = removed["day"].as_str().unwrap();
    // The test may run around midnight.
    let days = [before, after].map(|time| time.date_naive().to_string());
    assert!(days.iter().any(|one| one == day), "{day}");
    assert_eq!(
        *removed,
        json!({
            "change": "removed", "day": day, "cause": "retention",
            "organization_id": "org_456", "events": 1,
        })
    );
    let erased_at = erased["erased_at"].as_str().unwrap();
    assert_eq!(
        *erased,
        json!({
            "change": "erased", "erased_at": erased_at, "organization_id": null,
            "user_id": "ann", "reason": "request 12", "events": 1,
        })
    );

    let expected = format!(
        "{day}            removed 1 event of organization \"org_456\": retention\n\
         {erased_at}  erased content of 1 event of user \"ann\" of all organizations: \"request 12\"\n"
    );
    assert_eq!(history(&folder, "human").await, expected);
}

#[tokio::test]
async fn without_a_database_there_is_no_history() {
    let folder = Folder::new();
    let mut history = audit_layer("history");
    let output = run(history.arg("--database").arg(folder.database())).await;
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("there is no audit-layer database"),
        "{stderr}"
    );
    assert!(!folder.beside().is_made().await);
}
