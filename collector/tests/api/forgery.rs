//! What somebody with an application's key tries against what a gateway records of the same
//! organization: nothing is replaced, hidden, ended or renumbered, and each attempt shows.

// With their paths, so that the tests on PostgreSQL find them too.
#[path = "forgery/ahead.rs"]
mod ahead;
#[path = "forgery/ambiguous.rs"]
mod ambiguous;
#[path = "forgery/erased.rs"]
mod erased;
#[path = "forgery/kept.rs"]
mod kept;
#[path = "forgery/repeats.rs"]
mod repeats;
#[path = "forgery/sums.rs"]
mod sums;
#[path = "forgery/twins.rs"]
mod twins;
#[path = "forgery/writers.rs"]
mod writers;

use reqwest::Method;
use serde_json::{Value, json};

use crate::keys::{create_key, create_with, key_id, key_of_kind};
use crate::program::{Answer, Folder, Program, audit_layer, run};
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

    /// The same on its database once more, when somebody has changed that without it.
    async fn restarted(self, change: &'static str, id: &Value) -> Self {
        self.program.stop().await;
        let mut database = self.folder.beside().open().await;
        let change = sqlx::query(change).bind(id.as_str().unwrap());
        assert_eq!(
            change.execute(&mut database).await.unwrap().rows_affected(),
            1
        );
        drop(database);
        Self {
            program: Program::start_with(&self.folder, &[]).await,
            ..self
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

    /// Erases the content of the sample's user.
    async fn erase(&self) {
        let mut erase = audit_layer("erase");
        erase.args(["--organization", "org_456", "--user", "user_123"]);
        erase.args(["--reason", "asked", "--yes", "--database"]);
        let output = run(erase.arg(self.folder.database())).await;
        assert!(output.status.success(), "{output:?}");
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
