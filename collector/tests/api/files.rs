//! What is in the files of an SQLite database, and what is not.

use serde_json::json;

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
