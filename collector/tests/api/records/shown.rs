//! Who gets to see which records, by `GET /v1/audit/history`.

use serde_json::{Value, json};

use crate::keys::{create_with, key_of};
use crate::program::{Folder, Program};
use crate::records::members;
use crate::sample::{event, event_with};

#[tokio::test]
async fn an_auditor_of_an_organization_sees_its_records_and_not_what_others_were_asked() {
    let folder = Folder::new();
    Program::start_in(&folder).await.stop().await;
    let all = create_with(
        &folder,
        &["--role", "admin", "--all-organizations", "--name", "Zoe"],
    )
    .await;
    let (one, two) = (
        key_of(&folder, "read", "one").await,
        key_of(&folder, "read", "two").await,
    );
    let auditor = key_of(&folder, "auditor", "one").await;
    let program = Program::start_with(&folder, &[]).await.with_key(&all);
    for name in ["one", "two"] {
        let members = json!({"organization_id": name, "user_id": format!("user of {name}")});
        program.record(&event_with(name, members)).await;
    }
    for path in [
        "/v1/audit/logs/one",
        "/v1/audit/logs/two",
        "/v1/audit/logs?user_id=user+of+two",
    ] {
        assert_eq!(program.get(path).await.status, 200);
    }
    let program = program.with_key(&one);
    assert_eq!(program.get("/v1/audit/logs?user_id=me").await.status, 200);
    let program = program.with_key(&two);
    assert_eq!(program.get("/v1/audit/logs").await.status, 200);

    let program = program.with_key(&auditor);
    // An auditor reads events as well, and records none.
    assert_eq!(program.get("/v1/audit/logs/one").await.status, 200);
    program
        .post("/v1/audit/log", event("x").to_string())
        .await
        .error(403, "forbidden");
    let page = program.get("/v1/audit/history?start_date=2025-01-01").await;
    assert!(!page.text.contains("two"), "{}", page.text);
    let page = page.json();
    let looks = page["data"].as_array().unwrap().iter().filter(|look| {
        let action = look["action"].as_str().unwrap();
        action.starts_with("event")
    });
    let seen: Vec<Value> = looks
        .map(|look| {
            members(
                look,
                &[
                    "action",
                    "organization_id",
                    "query",
                    "ids",
                    "is_withheld",
                    "key_name",
                ],
            )
        })
        .map(|mut look| {
            let ids = look[3].as_array().unwrap().len();
            look[3] = json!(ids);
            look
        })
        .collect();
    assert_eq!(
        seen,
        [
            json!(["event_read", "one", {"id": "one"}, 1, false, null]),
            json!(["events_listed", "one", {"user_id": "me"}, 0, false, null]),
            json!(["events_listed", null, null, 0, true, "Zoe"]),
            json!(["event_read", "one", {"id": "one"}, 1, false, "Zoe"]),
        ]
    );
    let exported = program.get("/v1/audit/history?format=csv").await;
    assert!(!exported.text.contains("two"), "{}", exported.text);
    let lines = program
        .get("/v1/audit/history?format=ndjson&action=event_read")
        .await;
    assert_eq!(lines.text.lines().count(), 2);
}

#[tokio::test]
async fn records_are_found_by_time_key_and_action_and_paged() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    for _ in 0..5 {
        program.get("/v1/audit/logs").await;
    }
    program.get("/v1/audit/completeness").await;
    let mut cursor = String::new();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let path = format!("/v1/audit/history?action=events_listed&limit=2{cursor}");
        let page = program.get(&path).await.json();
        let data = page["data"].as_array().unwrap().iter();
        ids.extend(data.map(|record| record["id"].as_str().unwrap().to_owned()));
        cursor = page["next_cursor"]
            .as_str()
            .map_or(String::new(), |next| format!("&cursor={next}"));
    }
    assert_eq!((ids.len(), cursor.as_str()), (5, ""));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5);
    for (query, count) in [
        ("key_id=configured&action=completeness_read", 1),
        ("key_id=key_1", 0),
        ("end_date=2025-01-01", 0),
        ("action=event_read", 0),
    ] {
        let page = program
            .get(&format!("/v1/audit/history?{query}"))
            .await
            .json();
        assert_eq!(page["data"].as_array().unwrap().len(), count, "{query}");
    }
    program
        .get("/v1/audit/history?action=nothing")
        .await
        .error(400, "invalid_parameter");
}
