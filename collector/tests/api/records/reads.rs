//! What the collector gives out, and to whom it gives nothing.

use reqwest::Method;
use serde_json::{Value, json};

use crate::keys::{create_with, key_id, key_of, revoke};
use crate::program::{Answer, Folder, KEY, Program, until_async};
use crate::records::{looks, members, records};
use crate::sample::{event, event_with};

#[tokio::test]
async fn each_of_ten_reads_by_the_api_leaves_one_record() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        let answer = program.record(&event(name)).await;
        ids.push(answer["id"].as_str().unwrap().to_owned());
    }
    let report = json!({"report_type": "decision_audit", "audit_log_id": "a"}).to_string();
    let made = program.post("/v1/reports/generate", report).await;
    let report_id = made.headers["x-report-id"].to_str().unwrap().to_owned();
    for path in [
        "/v1/audit/logs",
        "/v1/audit/logs?text=loan+%22credit+score%22&user_id=user_123&limit=2",
        "/v1/audit/logs?text=nothing+like+it",
        "/v1/audit/logs/b",
        "/v1/audit/values?field=model_name",
        "/v1/audit/completeness",
        "/v1/reports",
        &format!("/v1/reports/{report_id}"),
        "/v1/audit/history?limit=1",
    ] {
        assert_eq!(program.get(path).await.status, 200, "{path}");
    }
    let looks = looks(&folder).await;
    let seen: Vec<Value> = looks
        .iter()
        .map(|look| members(look, &["action", "query", "items"]))
        .collect();
    let asked = json!({"text": "loan \"credit score\"", "user_id": "user_123", "limit": "2"});
    let generated = json!({"report_type": "decision_audit", "audit_log_id": "a"});
    assert_eq!(
        seen,
        [
            json!(["report_made", generated, 1]),
            json!(["events_listed", {}, 3]),
            json!(["events_listed", asked, 2]),
            json!(["events_listed", {"text": "nothing like it"}, 0]),
            json!(["event_read", {"id": "b"}, 1]),
            json!(["values_listed", {"field": "model_name"}, 1]),
            json!(["completeness_read", {}, 0]),
            json!(["reports_listed", {}, 1]),
            json!(["report_read", {"id": report_id}, 1]),
            json!(["history_read", {"limit": "1"}, 1]),
        ]
    );
    assert_eq!(looks[0]["ids"], json!([report_id, ids[0]]));
    assert_eq!(looks[1]["ids"], json!([ids[2], ids[1], ids[0]]));
    assert_eq!(looks[4]["ids"], json!([ids[1]]));
    assert_eq!(looks[4]["organization_id"], "org_456");
    for look in &looks {
        let who = [
            "result", "status", "key_id", "session", "os_user", "address", "times",
        ];
        let expected = json!(["ok", 200, "configured", null, null, "127.0.0.1", 1]);
        assert_eq!(members(look, &who), expected);
        assert!(look["id"].as_str().unwrap().starts_with("access_"));
    }
}

#[tokio::test]
async fn what_was_refused_is_recorded_as_well() {
    let folder = Folder::new();
    Program::start_in(&folder).await.stop().await;
    let ingest = create_with(&folder, &["--role", "ingest", "--all-organizations"]).await;
    let read = key_of(&folder, "read", "one").await;
    let program = Program::start_with(&folder, &[]).await.with_key(&ingest);
    program.get("/v1/audit/logs").await.error(403, "forbidden");
    let program = program.with_key(&read);
    let other = "/v1/audit/logs?organization_id=two";
    program.get(other).await.error(403, "wrong_organization");
    program
        .get("/v1/audit/logs/none")
        .await
        .error(404, "not_found");
    let wrong = "/v1/audit/logs?page=2&page=3";
    program.get(wrong).await.error(400, "invalid_parameter");
    program
        .get("/v1/audit/history")
        .await
        .error(403, "forbidden");
    let looks = looks(&folder).await;
    let seen: Vec<Value> = looks
        .iter()
        .map(|look| {
            members(
                look,
                &["action", "result", "status", "query", "organization_id"],
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            json!(["events_listed", "forbidden", 403, {}, null]),
            json!(["events_listed", "wrong_organization", 403, {"organization_id": "two"}, "one"]),
            json!(["event_read", "not_found", 404, {"id": "none"}, "one"]),
            json!(["events_listed", "invalid_parameter", 400, {"page": ["2", "3"]}, "one"]),
            json!(["history_read", "forbidden", 403, {}, "one"]),
        ]
    );
}

#[tokio::test]
async fn an_export_says_at_its_end_how_much_it_gave_out() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    for number in 0..7 {
        program.record(&event(&number.to_string())).await;
    }
    for path in [
        "/v1/audit/logs?format=ndjson&limit=5",
        "/v1/audit/history?format=csv",
    ] {
        assert_eq!(program.get(path).await.status, 200);
    }
    program.stop().await;
    let looks = looks(&folder).await;
    let seen: Vec<Value> = looks
        .iter()
        .map(|look| members(look, &["action", "items"]))
        .collect();
    // The second one is of the first and of the start.
    assert_eq!(
        seen,
        [
            json!(["events_exported", 5]),
            json!(["history_exported", 2])
        ]
    );
    for look in looks {
        assert!(look["until"].as_str() >= look["timestamp"].as_str());
    }
}

#[tokio::test]
async fn a_browser_is_known_by_its_session() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    program.record(&event("a")).await;
    let form = program
        .anonymous(Method::POST, "/session")
        .body(format!("key={KEY}"));
    let answer = Answer::of(form.send().await.unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    for path in ["/v1/audit/logs/a", "/v1/audit/logs"] {
        let request = program
            .anonymous(Method::GET, path)
            .header("cookie", &cookie)
            .header("x-forwarded-for", "192.0.2.7");
        assert_eq!(request.send().await.unwrap().status(), 200, "{path}");
    }
    let out = program
        .anonymous(Method::DELETE, "/session")
        .header("cookie", &cookie);
    assert_eq!(out.send().await.unwrap().status(), 204);
    program.stop().await;
    let looks = looks(&folder).await;
    let actions: Vec<&Value> = looks.iter().map(|look| &look["action"]).collect();
    assert_eq!(
        actions,
        ["logged_in", "event_read", "events_listed", "logged_out"]
    );
    let session = looks[0]["session"].as_str().unwrap();
    assert!(
        session.starts_with("session_") && !cookie.contains(session),
        "{session}"
    );
    for look in &looks {
        assert_eq!(look["session"], session);
        assert_eq!(look["key_id"], "configured");
        let is_read = look["action"].as_str().unwrap().starts_with("event");
        let claimed = if is_read {
            json!("192.0.2.7")
        } else {
            Value::Null
        };
        assert_eq!(look["forwarded_for"], claimed);
    }
}

#[tokio::test]
async fn keys_that_are_refused_are_recorded_and_bounded() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let wrong = "al_sk_wrong_wrong_wrong_wrong";
    for _ in 0..30 {
        let request = program
            .anonymous(Method::GET, "/v1/audit/logs")
            .bearer_auth(wrong);
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    let form = program
        .anonymous(Method::POST, "/session")
        .body(format!("key={wrong}"));
    assert_eq!(form.send().await.unwrap().status(), 401);
    program.stop().await;
    let looks = looks(&folder).await;
    let times: i64 = looks
        .iter()
        .map(|look| look["times"].as_i64().unwrap())
        .sum();
    assert_eq!(times, 31);
    // Those of a minute, or of two if the test takes as long, and of those that were counted one.
    assert!(looks.len() <= 22, "{}", looks.len());
    // What was only counted has in common that the key is unknown.
    let (own, counted): (Vec<_>, Vec<_>) = looks
        .iter()
        .partition(|look| look["address"] != json!(null));
    assert!(own.len() >= 10 && !counted.is_empty());
    assert!(counted.iter().all(|look| look["query"] == json!(null)));
    for look in own {
        let what = members(
            look,
            &["action", "result", "status", "key_id", "address", "query"],
        );
        let begins = json!({"key_begins_with": "al_sk_wron"});
        let expected = json!([
            "key_refused",
            "unauthorized",
            401,
            null,
            "127.0.0.1",
            begins
        ]);
        assert_eq!(what, expected);
    }
}

#[tokio::test]
async fn a_key_that_was_revoked_is_told_by_its_name_when_it_comes_again() {
    let folder = Folder::new();
    Program::start_in(&folder).await.stop().await;
    let whose = ["--role", "read", "--organization", "one", "--name", "Ann"];
    let key = create_with(&folder, &whose).await;
    let id = key_id(&folder, "one").await;
    revoke(&folder, &id).await;
    let program = Program::start_with(&folder, &[]).await.with_key(&key);
    program
        .get("/v1/audit/logs")
        .await
        .error(401, "unauthorized");
    program.stop().await;
    let records = records(&folder).await;
    let last = members(records.last().unwrap(), &["action", "key_id", "key_name"]);
    assert_eq!(last, json!(["key_refused", id, "Ann"]));
}

#[tokio::test]
async fn no_content_gets_into_a_record_but_what_was_asked_for() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let canary = json!({
        "prompt_content": "CANARY one", "response_content": "CANARY two", "reasoning": "CANARY three",
        "metadata": {"note": "CANARY four"}, "model_parameters": {"stop": "CANARY five"},
    });
    program.record(&event_with("a", canary)).await;
    for path in [
        "/v1/audit/logs",
        "/v1/audit/logs/a",
        "/v1/audit/logs?format=csv",
        "/v1/audit/values",
        "/v1/audit/logs?text=canary",
    ] {
        assert_eq!(program.get(path).await.status, 200);
    }
    let records = records(&folder).await;
    assert!(!json!(records).to_string().contains("CANARY"));
    assert_eq!(records.last().unwrap()["query"], json!({"text": "canary"}));
}

#[tokio::test]
async fn a_session_whose_key_was_revoked_is_told_when_it_comes_again() {
    let folder = Folder::new();
    Program::start_in(&folder).await.stop().await;
    let key = key_of(&folder, "read", "one").await;
    let id = key_id(&folder, "one").await;
    let program = Program::start_with(&folder, &[]).await;
    let form = program
        .anonymous(Method::POST, "/session")
        .body(format!("key={key}"));
    let answer = Answer::of(form.send().await.unwrap()).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    revoke(&folder, &id).await;
    until_async("the session is refused", async || {
        let request = program.anonymous(Method::GET, "/v1/audit/logs");
        let answer = request.header("cookie", &cookie).send().await.unwrap();
        answer.status() == 401
    })
    .await;
    program.stop().await;
    let looks = looks(&folder).await;
    let of = |action: &str| looks.iter().find(|look| look["action"] == action).unwrap();
    let refused = of("key_refused");
    assert_eq!(
        members(refused, &["key_id", "result", "query", "organization_id"]),
        json!([id, "unauthorized", {}, "one"])
    );
    assert_eq!(refused["session"], of("logged_in")["session"]);
}
