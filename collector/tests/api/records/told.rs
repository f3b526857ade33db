//! Whatever an answer shows is in its record, and so is what a refused request has asked for.

use reqwest::Method;
use serde_json::{Value, json};

use crate::keys::{create_with, key_of_kind};
use crate::program::{Answer, Folder, KEY, Program};
use crate::records::{looks, members};
use crate::sample::{event, event_with};

fn strings(value: &Value) -> Vec<&str> {
    let values = value.as_array().unwrap().iter();
    values.map(|value| value.as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_comes_near_is_in_the_record_of_a_page_that_found_nothing() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let of_alice = json!({"user_id": "alice", "session_id": "bob"});
    program.record(&event_with("a", of_alice)).await;
    let query = "/v1/audit/logs?organization_id=org_456&user_id=alcie&model_name=alice&model_provider=openai";
    let page = program.get(query).await.json();
    assert_eq!(page["near"]["filters"].as_array().unwrap().len(), 4);
    assert!(page.to_string().contains("\"alice\""), "{page}");
    let looks = looks(&folder).await;
    let look = looks.last().unwrap();
    // What comes near is of all organizations that the key reaches.
    assert_eq!(
        members(look, &["action", "items", "organization_id"]),
        json!(["events_listed", 0, null])
    );
    let mut ids = strings(&look["ids"]);
    ids.sort_unstable();
    let page = program.get("/v1/audit/logs?text=loan+zebra").await;
    assert!(page.text.contains("\"loan\""), "{}", page.text);
    let searched = self::looks(&folder).await;
    assert_eq!(searched.last().unwrap()["ids"], json!(["text=loan"]));
    let expected = [
        "model_provider=openai",
        "organization_id=org_456",
        "user_id=alice",
    ];
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn the_log_ids_that_an_ambiguous_id_names_are_in_the_record() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    for organization in ["one", "two"] {
        let members = json!({"organization_id": organization});
        program.record(&event_with("same", members)).await;
    }
    let answer = program.get("/v1/audit/logs/same").await;
    let told = answer.error(409, "ambiguous_request_id")["log_ids"].clone();
    assert_eq!(told.as_array().unwrap().len(), 2);
    let report = json!({"report_type": "decision_audit", "audit_log_id": "same"}).to_string();
    let answer = program.post("/v1/reports/generate", report).await;
    answer.error(409, "ambiguous_request_id");
    for look in looks(&folder).await {
        let what = members(&look, &["result", "status", "ids"]);
        assert_eq!(what, json!(["ambiguous_request_id", 409, told]));
    }
}

#[tokio::test]
async fn each_list_names_the_first_of_what_it_gave_out() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let writer = json!({"metadata": {"audit_layer": {"writer": {"id": "w1", "seq": 1}}}});
    program.record(&event_with("a", writer)).await;
    for path in [
        "/v1/audit/values?field=user_id",
        "/v1/audit/completeness",
        "/v1/audit/history?action=values_listed",
    ] {
        assert_eq!(program.get(path).await.status, 200, "{path}");
    }
    let looks = looks(&folder).await;
    assert_eq!(looks[0]["ids"], json!(["user_id=user_123"]));
    assert_eq!(looks[1]["ids"], json!(["w1"]));
    assert_eq!(looks[2]["ids"], json!([looks[0]["id"]]));
}

#[tokio::test]
async fn a_report_that_was_refused_says_what_was_asked_for() {
    let folder = Folder::new();
    Program::start_in(&folder).await.stop().await;
    let admin = create_with(&folder, &["--role", "admin", "--all-organizations"]).await;
    let ingest = create_with(&folder, &["--role", "ingest", "--all-organizations"]).await;
    let program = Program::start_with(&folder, &[]).await.with_key(&admin);
    let asked = json!({"report_type": "decision_audit", "audit_log_id": "none"});
    let unknown = json!({"report_type": "summary", "user_id": "alice", "incomplete": true});
    let long = format!("{{\"report_type\": \"{}\"}}", "x".repeat(20_000));
    for (body, status) in [
        (asked.to_string(), 404),
        (unknown.to_string(), 400),
        ("alice, please".to_owned(), 400),
        (long, 413),
    ] {
        let answer = program.post("/v1/reports/generate", body).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    let program = program.with_key(&ingest);
    let answer = program
        .post("/v1/reports/generate", asked.to_string())
        .await;
    answer.error(403, "forbidden");
    let mut queries: Vec<Value> = looks(&folder)
        .await
        .into_iter()
        .map(|mut look| look["query"].take())
        .collect();
    let cut = queries[3]["body"].take();
    let cut = cut.as_str().unwrap();
    assert!(cut.starts_with("{\"report_type\": \"xxx") && cut.ends_with("x…"));
    assert_eq!(
        queries,
        [
            asked.clone(),
            unknown,
            json!({"body": "alice, please"}),
            json!({"body": null}),
            asked,
        ]
    );
}

/// A batch as the importer sends one.
async fn import(program: &Program, key: &str, body: String) -> Answer {
    let request = program
        .anonymous(Method::POST, "/v1/audit/log/batch")
        .bearer_auth(key)
        .header("audit-layer-import", "import_1")
        .body(body);
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn only_who_may_import_leaves_a_record_of_it_and_only_of_events() {
    let folder = Folder::new();
    Program::start_in(&folder).await.stop().await;
    let application = key_of_kind(&folder, "application", "org_456").await;
    let gateway = key_of_kind(&folder, "gateway", "org_456").await;
    let program = Program::start_with(&folder, &[]).await;
    let refused = import(&program, &application, event("a").to_string()).await;
    let error = refused.error(403, "forbidden");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("role admin"), "{message}");
    for body in [String::new(), "not an event".to_owned()] {
        import(&program, &gateway, body).await;
    }
    for new in [true, false] {
        let answer = import(&program, &gateway, event("b").to_string()).await;
        assert_eq!(answer.json()["accepted"], usize::from(new));
    }
    program.stop().await;
    let looks = looks(&folder).await;
    let seen: Vec<Value> = looks
        .iter()
        .map(|look| members(look, &["action", "items", "ids"]))
        .collect();
    // What is known already may come again because the first record could not be written.
    let expected = [1, 0].map(|items| json!(["events_imported", items, ["import_1"]]));
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_browser_that_logs_in_again_ends_its_old_session_in_the_history() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let log_in = async |cookie: &str| {
        let request = program
            .anonymous(Method::POST, "/session")
            .header("cookie", cookie)
            .body(format!("key={KEY}"));
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        cookie.split_once(';').unwrap().0.to_owned()
    };
    let first = log_in("").await;
    log_in(&first).await;
    let looks = looks(&folder).await;
    let seen: Vec<Value> = looks
        .iter()
        .map(|look| members(look, &["action", "session", "key_id"]))
        .collect();
    let (old, new) = (&looks[0]["session"], &looks[2]["session"]);
    assert_ne!(old, new);
    assert_eq!(
        seen,
        [
            json!(["logged_in", old, "configured"]),
            json!(["logged_out", old, "configured"]),
            json!(["logged_in", new, "configured"]),
        ]
    );
}
