//! What somebody with an application's key tries against what a gateway records of the same
//! organization: nothing is replaced, hidden, ended or renumbered, and each attempt shows.

use reqwest::Method;
use serde_json::{Value, json};

use crate::keys::{create_key, create_with, key_id, key_of_kind};
use crate::program::{Answer, Folder, Program};
use crate::sample::{event_with, gateway_event};

/// A collector with a gateway and an application that record for one organization.
struct Stage {
    folder: Folder,
    program: Program,
    gateway: String,
    application: String,
    admin: String,
}

impl Stage {
    async fn new() -> Self {
        let folder = Folder::new();
        let gateway = key_of_kind(&folder, "gateway", "org_456").await;
        Self {
            application: key_of_kind(&folder, "application", "org_456").await,
            admin: create_key(&folder).await,
            program: Program::start_with(&folder, &[]).await,
            folder,
            gateway,
        }
    }

    async fn post(&self, key: &str, path: &str, body: String) -> Answer {
        let request = self.program.anonymous(Method::POST, path);
        Answer::of(request.bearer_auth(key).body(body).send().await.unwrap()).await
    }

    async fn record(&self, key: &str, event: &Value) -> Value {
        let answer = self.post(key, "/v1/audit/log", event.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    async fn status(&self, key: &str, event: &Value) -> String {
        self.record(key, event).await["status"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// What an auditor gets.
    async fn get(&self, path: &str) -> Answer {
        let request = self.program.anonymous(Method::GET, path);
        Answer::of(request.bearer_auth(&self.admin).send().await.unwrap()).await
    }

    async fn log(&self, id: &Value) -> Value {
        let path = format!("/v1/audit/logs/{}", id.as_str().unwrap());
        self.get(&path).await.json()
    }

    async fn logs(&self, query: &str) -> Vec<Value> {
        let answer = self.get(&format!("/v1/audit/logs?{query}")).await.json();
        answer["data"]
            .as_array()
            .unwrap_or_else(|| panic!("{answer}"))
            .clone()
    }

    /// What was received of every writer: organization, name, events, last number, how many are missing.
    async fn writers(&self) -> Vec<(String, String, i64, i64, i64)> {
        let answer = self.get("/v1/audit/completeness").await.json();
        let writers = answer["data"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let number = |value: &Value| value.as_i64().unwrap();
        writers
            .map(|writer| {
                (
                    text(&writer["organization_id"]),
                    text(&writer["writer_id"]),
                    number(&writer["events"]),
                    number(&writer["last_seq"]),
                    number(&writer["missing"]),
                )
            })
            .collect()
    }

    async fn metric(&self, name: &str) -> u64 {
        let text = self.get("/metrics").await.text;
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name}: {text}"))
            .trim()
            .parse()
            .unwrap()
    }
}

fn numbered(request_id: &str, writer: &str, seq: i64) -> Value {
    in_state(request_id, writer, seq, "complete")
}

fn in_state(request_id: &str, writer: &str, seq: i64, state: &str) -> Value {
    let audit_layer = json!({"writer": {"id": writer, "seq": seq}, "completion": {"state": state}});
    event_with(
        request_id,
        json!({"metadata": {"audit_layer": audit_layer}}),
    )
}

fn ids(logs: &[Value]) -> Vec<&str> {
    let mut ids: Vec<&str> = logs.iter().map(|log| log["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn who_records_first_keeps_nothing_out_and_both_are_shown() {
    let stage = Stage::new().await;
    let forged = event_with("r", json!({"response_content": "forged"}));
    let forged = stage.record(&stage.application, &forged).await;
    assert_eq!(forged["status"], "stored");
    let real = stage.record(&stage.gateway, &numbered("r", "w", 1)).await;
    assert_eq!(real["status"], "conflict");
    assert_ne!(real["id"], forged["id"]);
    let other = stage
        .record(&stage.gateway, &numbered("other", "w", 2))
        .await;

    let expected = ("org_456".to_owned(), "w".to_owned(), 2, 2, 0);
    assert_eq!(stage.writers().await, [expected]);
    for (id, kind, key) in [
        (&forged["id"], "application", &stage.application),
        (&real["id"], "gateway", &stage.gateway),
    ] {
        let log = stage.log(id).await;
        assert_eq!(log["conflict_of"], forged["id"], "{log}");
        assert_eq!(log["recorded_by"]["kind"], kind);
        let key_id = log["recorded_by"]["key_id"].as_str().unwrap();
        assert!(key_id.starts_with("key_") && *key_id != **key, "{key_id}");
        let found = stage
            .logs(&format!("recorded_by={key_id}&conflict=true"))
            .await;
        assert_eq!(ids(&found), [id.as_str().unwrap()]);
    }
    let log = stage.log(&other["id"]).await;
    assert_eq!(
        (&log["conflict_of"], &log["writer_not_counted"]),
        (&json!(null), &json!(null))
    );

    let both = [&forged["id"], &real["id"]].map(|id| id.as_str().unwrap());
    assert_eq!(ids(&stage.logs("conflict=true").await), both);
    assert_eq!(
        ids(&stage.logs("conflict=true&user_id=user_123").await),
        both
    );
    assert!(stage.logs("conflict=true&user_id=nobody").await.is_empty());
    assert!(
        stage
            .logs("conflict=true&end_date=2024-01-01")
            .await
            .is_empty()
    );
    assert_eq!(stage.logs("conflict=true&limit=1").await.len(), 1);
    assert_eq!(
        ids(&stage.logs("conflict=false").await),
        [other["id"].as_str().unwrap()]
    );
    assert_eq!(
        ids(&stage.logs("recorded_by_kind=application").await),
        [both[0]]
    );
    assert_eq!(stage.logs("recorded_by_kind=gateway").await.len(), 2);
    for wrong in ["conflict=maybe", "recorded_by_kind=proxy"] {
        let answer = stage.get(&format!("/v1/audit/logs?{wrong}")).await;
        answer.error(400, "invalid_parameter");
    }

    let error = stage
        .get("/v1/audit/logs/r")
        .await
        .error(409, "ambiguous_request_id");
    let mut named = error["log_ids"].as_array().unwrap().clone();
    named.sort_by_key(ToString::to_string);
    assert_eq!(named, both);
    assert_eq!(
        stage
            .metric("audit_layer_collector_events_total{outcome=\"conflict\"}")
            .await,
        1
    );
    assert!(stage.program.stderr().contains("conflict=true"));
}

#[tokio::test]
async fn only_its_own_family_or_an_administrator_ends_what_a_gateway_began() {
    let stage = Stage::new().await;
    let rival = key_of_kind(&stage.folder, "gateway", "org_456").await;
    let pending = |id: &str| in_state(id, "w", 1, "pending");
    let began = stage.record(&stage.gateway, &pending("r")).await;
    for (key, state) in [(&stage.application, "local_reply"), (&rival, "timeout")] {
        assert_eq!(
            stage.status(key, &gateway_event("r", state)).await,
            "conflict"
        );
        assert_eq!(
            stage.log(&began["id"]).await["metadata"]["audit_layer"]["completion"]["state"],
            "pending"
        );
    }
    let again = stage.status(&rival, &gateway_event("r", "timeout")).await;
    assert_eq!(again, "duplicate");
    let end = stage.record(&stage.gateway, &numbered("r", "w", 1)).await;
    assert_eq!(
        end,
        json!({"id": began["id"], "request_id": "r", "status": "stored"})
    );
    let log = stage.log(&began["id"]).await;
    assert_eq!(
        log["metadata"]["audit_layer"]["completion"]["state"],
        "complete"
    );
    assert_eq!(log["conflict_of"], began["id"]);
    assert_eq!(stage.logs("conflict=true").await.len(), 3);
    for (key, status) in [(&stage.gateway, "duplicate"), (&stage.admin, "duplicate")] {
        assert_eq!(stage.status(key, &pending("r")).await, status);
    }

    stage
        .record(&stage.gateway, &numbered("ended", "w", 2))
        .await;
    assert_eq!(
        stage.status(&stage.application, &pending("ended")).await,
        "conflict"
    );

    stage.record(&stage.gateway, &pending("by admin")).await;
    let ended = stage
        .status(&stage.admin, &gateway_event("by admin", "complete"))
        .await;
    assert_eq!(ended, "stored");
    stage.record(&stage.gateway, &pending("rotated")).await;
    let id = key_id(&stage.folder, "org_456").await;
    let successor = create_with(&stage.folder, &["--successor-of", &id]).await;
    let ended = stage
        .status(&successor, &gateway_event("rotated", "complete"))
        .await;
    assert_eq!(ended, "stored");
}

#[tokio::test]
async fn a_gateway_ends_its_own_record_where_an_application_has_begun_one_too() {
    let stage = Stage::new().await;
    stage
        .record(&stage.application, &gateway_event("r", "pending"))
        .await;
    let began = stage
        .record(&stage.gateway, &in_state("r", "w", 1, "pending"))
        .await;
    assert_eq!(began["status"], "conflict");
    let end = stage.record(&stage.gateway, &numbered("r", "w", 1)).await;
    assert_eq!(
        (&end["status"], &end["id"]),
        (&json!("stored"), &began["id"])
    );
    assert_eq!(stage.logs("completion_state=pending").await.len(), 1);
    assert_eq!(stage.logs("conflict=true").await.len(), 2);
    assert_eq!(stage.writers().await[0].2, 1);
}

#[tokio::test]
async fn an_application_has_no_writer_and_fills_no_hole_of_one() {
    let stage = Stage::new().await;
    for seq in [1, 3] {
        stage
            .record(&stage.gateway, &numbered(&format!("g{seq}"), "w", seq))
            .await;
    }
    let before = stage.writers().await;
    assert_eq!(before, [("org_456".to_owned(), "w".to_owned(), 2, 3, 1)]);
    for (id, writer, seq) in [
        ("hole", "w", 2),
        ("end", "w", 4),
        ("far", "w", 1_000_000),
        ("new", "made up", 1),
    ] {
        let forged = numbered(id, writer, seq);
        let answer = stage.record(&stage.application, &forged).await;
        assert_eq!(answer["status"], "stored");
        let log = stage.log(&answer["id"]).await;
        assert_eq!(log["writer_not_counted"], true);
        assert_eq!(log["metadata"], forged["metadata"], "it is stored as sent");
    }
    let mut begun = in_state("begun", "w", 2, "pending");
    stage.record(&stage.application, &begun).await;
    begun["metadata"]["audit_layer"]["completion"]["state"] = json!("complete");
    assert_eq!(stage.status(&stage.application, &begun).await, "stored");
    assert_eq!(stage.writers().await, before);
    assert_eq!(
        stage
            .metric("audit_layer_collector_writers_not_counted_total")
            .await,
        6
    );
    assert!(stage.program.stderr().contains("not their sender's"));
}

#[tokio::test]
async fn a_writer_belongs_to_the_family_that_used_it_first_in_every_organization() {
    let stage = Stage::new().await;
    let rival = key_of_kind(&stage.folder, "gateway", "org_456").await;
    let elsewhere = key_of_kind(&stage.folder, "gateway", "org_789").await;
    stage.record(&stage.gateway, &numbered("1", "w", 1)).await;
    let before = stage.writers().await;
    for (key, organization) in [(&rival, "org_456"), (&elsewhere, "org_789")] {
        let mut claim = numbered("claim", "w", 7);
        claim["organization_id"] = json!(organization);
        claim["request_id"] = json!(organization);
        let answer = stage.record(key, &claim).await;
        assert_eq!(stage.log(&answer["id"]).await["writer_not_counted"], true);
        assert_eq!(stage.writers().await, before);
    }
    let id = key_id(&stage.folder, "org_456").await;
    let successor = create_with(&stage.folder, &["--successor-of", &id]).await;
    stage.record(&successor, &numbered("2", "w", 2)).await;
    // As who imports dead letters does, of a gateway that nothing has come from as well.
    stage.record(&stage.admin, &numbered("3", "w", 3)).await;
    stage.record(&stage.admin, &numbered("4", "dead", 2)).await;
    assert_eq!(
        stage.status(&rival, &numbered("5", "dead", 1)).await,
        "stored"
    );
    let found = stage.writers().await;
    let expected = [("dead", 2, 2, 0), ("w", 3, 3, 0)];
    let expected = expected.map(|(writer, events, last, missing)| {
        (
            "org_456".to_owned(),
            writer.to_owned(),
            events,
            last,
            missing,
        )
    });
    assert_eq!(found, expected);
    // In one batch, of both: each for itself.
    let lines = |from: i64, writer: &str| -> String {
        let lines = (from..from + 3).map(|seq| numbered(&format!("{writer} {seq}"), writer, seq));
        lines.map(|event| format!("{event}\n")).collect()
    };
    let body = lines(3, "dead") + &lines(4, "w");
    let answer = stage
        .post(&stage.gateway, "/v1/audit/log/batch", body)
        .await;
    assert_eq!(answer.json()["accepted"], 6);
    let found = stage.writers().await;
    assert_eq!((found[0].3, found[1].3), (2, 6));
}

#[tokio::test]
async fn a_gateway_that_becomes_an_application_lets_go_of_its_writers() {
    let stage = Stage::new().await;
    stage.record(&stage.gateway, &numbered("1", "w", 1)).await;
    let id = key_id(&stage.folder, "org_456").await;
    let output = crate::keys::keys(&stage.folder, "set-kind", &[&id, "application"]).await;
    assert!(output.status.success(), "{output:?}");
    crate::program::until_async("the kind is known", async || {
        let id = uuid();
        let answer = stage.record(&stage.gateway, &numbered(&id, "w", 9)).await;
        stage.log(&answer["id"]).await["writer_not_counted"] == true
    })
    .await;
    let heir = key_of_kind(&stage.folder, "gateway", "org_456").await;
    stage.record(&heir, &numbered("2", "w", 10)).await;
    assert_eq!(stage.writers().await[0].3, 10);
}

/// An id that is no other's.
fn uuid() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("id {}", NEXT.fetch_add(1, Ordering::Relaxed))
}

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
async fn who_foresees_what_a_gateway_will_say_does_not_take_its_number() {
    let stage = Stage::new().await;
    let real = numbered("r", "w", 1);
    stage.record(&stage.application, &real).await;
    assert_eq!(stage.status(&stage.gateway, &real).await, "conflict");
    assert_eq!(stage.status(&stage.gateway, &real).await, "duplicate");
    assert_eq!(stage.status(&stage.application, &real).await, "duplicate");
    assert_eq!(
        stage.writers().await,
        [("org_456".to_owned(), "w".to_owned(), 1, 1, 0)]
    );
    let kinds: Vec<Value> = stage.logs("conflict=true").await;
    assert_eq!(kinds.len(), 2);
}

#[tokio::test]
async fn nobody_fills_the_disk_under_one_id_or_keeps_a_gateway_out_by_it() {
    let stage = Stage::new().await;
    let forged = |number: usize| event_with("r", json!({"reasoning": number.to_string()}));
    let lines = |numbers: std::ops::Range<usize>| -> String {
        numbers
            .map(|number| format!("{}\n", forged(number)))
            .collect()
    };
    let answer = stage
        .post(&stage.application, "/v1/audit/log/batch", lines(0..10))
        .await;
    let counts = json!({"accepted": 10, "duplicates": 0, "conflicts": 9, "rejected": []});
    assert_eq!(answer.json(), counts);
    let answer = stage
        .post(&stage.application, "/v1/audit/log/batch", lines(8..20))
        .await;
    assert_eq!(answer.status, 207);
    let answer = answer.json();
    assert_eq!(
        (&answer["accepted"], &answer["duplicates"]),
        (&json!(7), &json!(2))
    );
    let lines: Vec<_> = answer["rejected"].as_array().unwrap().iter().collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["line"], 10);
    assert_eq!(lines[0]["request_id"], "r");
    assert_eq!(lines[0]["error"]["code"], "too_many_conflicts");
    let answer = stage
        .post(&stage.application, "/v1/audit/log", forged(99).to_string())
        .await;
    assert_eq!(
        answer.error(409, "too_many_conflicts")["field"],
        "request_id"
    );

    let real = stage.record(&stage.gateway, &numbered("r", "w", 1)).await;
    assert_eq!(real["status"], "conflict");
    assert_eq!(stage.writers().await[0].2, 1);
    assert_eq!(stage.logs("conflict=true").await.len(), 18);
    let refused = "audit_layer_collector_events_total{outcome=\"conflict_refused\"}";
    assert_eq!(stage.metric(refused).await, 4);
    let error = stage
        .get("/v1/audit/logs/r")
        .await
        .error(409, "ambiguous_request_id");
    assert_eq!(error["log_ids"].as_array().unwrap().len(), 18);
}

#[tokio::test]
async fn what_was_erased_does_not_come_back_by_a_conflict() {
    let stage = Stage::new().await;
    let original = numbered("r", "w", 1);
    let first = stage.record(&stage.gateway, &original).await;
    let mut erase = crate::program::audit_layer("erase");
    erase.args([
        "--organization",
        "org_456",
        "--user",
        "user_123",
        "--reason",
        "asked",
        "--yes",
    ]);
    erase.arg("--database").arg(stage.folder.database());
    assert!(crate::program::run(&mut erase).await.status.success());
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
async fn an_erased_event_of_an_application_still_has_no_writer() {
    let stage = Stage::new().await;
    let answer = stage
        .record(&stage.application, &numbered("r", "w", 1))
        .await;
    let mut erase = crate::program::audit_layer("erase");
    erase.args([
        "--organization",
        "org_456",
        "--user",
        "user_123",
        "--reason",
        "asked",
        "--yes",
    ]);
    erase.arg("--database").arg(stage.folder.database());
    assert!(crate::program::run(&mut erase).await.status.success());
    let log = stage.log(&answer["id"]).await;
    assert_eq!(log["writer_not_counted"], true);
    assert_eq!(log["recorded_by"]["kind"], "application");
    assert!(stage.writers().await.is_empty());
}

#[tokio::test]
async fn what_an_application_says_takes_nothing_out_of_the_sums() {
    let stage = Stage::new().await;
    let outer = |id: &str, outer: &str| {
        let audit_layer = json!({"gateway": {"outer_request_id": outer}});
        event_with(id, json!({"metadata": {"audit_layer": audit_layer}}))
    };
    // The event that the gateway's names, so that it is not counted.
    stage.record(&stage.gateway, &outer("inner", "outer")).await;
    stage
        .record(&stage.application, &event_with("outer", json!({})))
        .await;
    let skipped = async || {
        let query = json!({
            "report_type": "activity", "organization_id": "org_456",
            "start_date": "2025-02-01", "end_date": "2025-02-01",
        });
        let answer = stage
            .post(&stage.admin, "/v1/reports/generate", query.to_string())
            .await;
        let data = answer.json()["data"].clone();
        (
            data["recorded_by_outer_gateway"].clone(),
            data["conflicting_events"].clone(),
        )
    };
    let (marked, _) = skipped().await;
    assert_eq!(marked["skipped_events"], 0, "{marked}");
    // What the outer gateway says comes beside it.
    let real = event_with("outer", json!({"reasoning": "real"}));
    assert_eq!(stage.status(&stage.gateway, &real).await, "conflict");
    let (marked, conflicts) = skipped().await;
    assert_eq!(marked["skipped_events"], 1, "{marked}");
    assert_eq!(conflicts, 2);
}

#[tokio::test]
async fn members_that_the_collector_adds_cannot_be_sent() {
    let stage = Stage::new().await;
    let members = json!({
        "recorded_by": {"key_id": "key_1", "kind": "gateway"}, "conflict_of": "log_1",
        "writer_not_counted": false,
    });
    let answer = stage
        .record(&stage.application, &event_with("r", members))
        .await;
    let path = format!("/v1/audit/logs/{}", answer["id"].as_str().unwrap());
    let text = stage.get(&path).await.text;
    assert_eq!(text.matches("recorded_by").count(), 1);
    assert!(!text.contains("conflict_of") && !text.contains("writer_not_counted"));
    assert!(text.contains("\"kind\":\"application\""));
}

#[tokio::test]
async fn an_id_as_long_as_any_may_be_has_conflicts_too() {
    let stage = Stage::new().await;
    let long = "\u{0}␀ ".repeat(200);
    let ids = [
        "r".to_owned(),
        long,
        "x".repeat(1024),
        format!("r{}01", " ".repeat(1021)),
    ];
    for id in &ids {
        let answer = stage
            .record(&stage.application, &event_with(id, json!({})))
            .await;
        assert_eq!(answer["status"], "stored");
        let real = event_with(id, json!({"reasoning": "real"}));
        assert_eq!(stage.status(&stage.gateway, &real).await, "conflict");
        assert_eq!(stage.status(&stage.gateway, &real).await, "duplicate");
    }
    assert_eq!(stage.logs("conflict=true").await.len(), 2 * ids.len());
}
