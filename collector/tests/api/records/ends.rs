//! How what was begun came to its end, and how much of it went out.

use chrono::{TimeDelta, Utc};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use sqlx::Executor;

use crate::keys::{create_with, key_id, revoke};
use crate::program::{Folder, Program, until_async};
use crate::records::{looks, members};
use crate::sample::event_with;

const EVENTS: i64 = 4;

/// Events of which a page has one, and of which more are in an export than fit on its way.
async fn record_large(program: &Program) {
    let large = "x".repeat(12 * 1024 * 1024);
    for number in 0..EVENTS {
        let event = event_with(&number.to_string(), json!({"extra": large}));
        program.record(&event).await;
    }
}

/// An export of which the beginning has arrived.
async fn begin(program: &Program) -> Response {
    let path = "/v1/audit/logs?format=ndjson";
    let mut answer = program.request(Method::GET, path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.chunk().await.unwrap().is_some());
    answer
}

async fn is_broken(mut answer: Response) -> bool {
    loop {
        match answer.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => return false,
            Err(_) => return true,
        }
    }
}

/// The record of the export, when it has ended.
async fn ended(folder: &Folder) -> Value {
    let export = async || {
        let looks = looks(folder).await;
        let found = looks
            .into_iter()
            .find(|look| look["action"] == "events_exported");
        found.unwrap()
    };
    until_async("the export has ended", async || {
        !export().await["items"].is_null()
    })
    .await;
    export().await
}

fn is_part_of_it(look: &Value) -> bool {
    (1..EVENTS).contains(&look["items"].as_i64().unwrap())
}

#[tokio::test]
async fn an_export_whose_client_goes_away_was_cut() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    record_large(&program).await;
    let answer = begin(&program).await;
    let begun = looks(&folder).await;
    let what = members(&begun[0], &["result", "items", "until"]);
    assert_eq!(what, json!(["begun", null, null]));
    drop(answer);
    let look = ended(&folder).await;
    assert_eq!(members(&look, &["result", "status"]), json!(["cut", 200]));
    assert!(is_part_of_it(&look), "{look}");
}

#[tokio::test]
async fn an_export_whose_key_is_revoked_says_so() {
    let folder = Folder::new();
    let key = create_with(&folder, &["--role", "admin", "--organization", "org_456"]).await;
    let program = Program::start_with(&folder, &[]).await.with_key(&key);
    record_large(&program).await;
    let answer = begin(&program).await;
    revoke(&folder, &key_id(&folder, "org_456").await).await;
    until_async("the key is refused", async || {
        program.get("/v1/audit/logs/none").await.status == 401
    })
    .await;
    assert!(is_broken(answer).await);
    let look = ended(&folder).await;
    assert_eq!(look["result"], "key_revoked");
    assert!(is_part_of_it(&look), "{look}");
}

#[tokio::test]
async fn an_export_whose_key_expires_does_not_say_that_it_was_revoked() {
    let folder = Folder::new();
    Program::start_in(&folder).await.stop().await;
    let writing = Program::start_in(&folder).await;
    record_large(&writing).await;
    writing.stop().await;
    let program = Program::start_with(&folder, &[]).await;
    let soon = (Utc::now() + TimeDelta::seconds(10)).to_rfc3339();
    let whose = ["--role", "read", "--all-organizations", "--expires", &soon];
    let key = create_with(&folder, &whose).await;
    let program = program.with_key(&key);
    let answer = begin(&program).await;
    until_async("the key ends", async || {
        program.get("/v1/audit/logs/none").await.status == 401
    })
    .await;
    assert!(is_broken(answer).await);
    assert_eq!(ended(&folder).await["result"], "key_expired");
    let stderr = program.stderr();
    assert!(stderr.contains("the key has expired"), "{stderr}");
    assert!(!stderr.contains("the key was revoked"), "{stderr}");
}

#[tokio::test]
async fn an_export_that_the_database_breaks_off_has_failed() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    record_large(&program).await;
    let answer = begin(&program).await;
    let mut other = folder.beside().open().await;
    other.execute("DROP TABLE events").await.unwrap();
    assert!(is_broken(answer).await);
    let look = ended(&folder).await;
    assert_eq!(look["result"], "storage_unavailable");
    assert!(is_part_of_it(&look), "{look}");
}

#[tokio::test]
async fn an_export_that_is_whole_is_ok() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    record_large(&program).await;
    assert!(!is_broken(begin(&program).await).await);
    let look = ended(&folder).await;
    assert_eq!(members(&look, &["result", "items"]), json!(["ok", EVENTS]));
}

#[tokio::test]
async fn an_export_of_the_history_tells_its_end_too() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let path = "/v1/audit/history?format=csv";
    let head = program.request(Method::HEAD, path).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(program.get(path).await.status, 200);
    program.stop().await;
    let looks = looks(&folder).await;
    let seen: Vec<Value> = looks
        .iter()
        .map(|look| members(look, &["action", "result"]))
        .collect();
    // Of the first nobody wanted the content.
    assert_eq!(
        seen,
        [
            json!(["history_exported", "cut"]),
            json!(["history_exported", "ok"])
        ]
    );
    assert_eq!(looks[0]["items"], 0);
}
