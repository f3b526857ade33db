//! Databases that were written by earlier versions.

use std::path::Path;

use serde_json::json;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, SqliteConnection};

use crate::keys::{create_key, key_of_kind, keys, listed};
use crate::program::{Folder, Program};
use crate::query::{pages, request_ids};
use crate::sample::{event, event_with};

/// A database as the version left it whose last schema this is.
pub(crate) async fn database_of(folder: &Folder, schema: &str) -> SqliteConnection {
    let migrations = folder.path("migrations");
    std::fs::create_dir(&migrations).unwrap();
    let released = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    for file in std::fs::read_dir(released).unwrap() {
        let name = file.as_ref().unwrap().file_name();
        if name.to_str().unwrap() <= schema {
            std::fs::copy(file.unwrap().path(), migrations.join(name)).unwrap();
        }
    }
    let options = SqliteConnectOptions::new()
        .filename(folder.path("audit.db"))
        .create_if_missing(true);
    let mut database = options.connect().await.unwrap();
    let migrator = Migrator::new(migrations).await.unwrap();
    migrator.run(&mut database).await.unwrap();
    database
}

/// Puts an event into a database of the first schema.
async fn insert(database: &mut SqliteConnection, id: &str, timestamp: i64) {
    let members =
        json!({"compliance_tags": ["SOC2", "SOC2", id], "reasoning": format!("why {id}")});
    let text = event_with(id, members).to_string();
    let row = sqlx::query(
        "INSERT INTO events (id, organization_id, request_id, timestamp, received_at, user_id,
            model_provider, model_name, prompt_hash, event)
        VALUES (?, 'org_456', ?, ?, unixepoch() * 1000000, 'user_123', 'openai', 'gpt-4-turbo',
            'sha256:abc123...', ?)",
    );
    let row = row
        .bind(format!("log_{id}"))
        .bind(id)
        .bind(timestamp)
        .bind(text);
    row.execute(database).await.unwrap();
}

#[tokio::test]
async fn a_key_of_the_first_schema_may_still_do_everything() {
    let folder = Folder::new();
    let mut database = database_of(&folder, "0001_events.sql").await;
    insert(&mut database, "old", 0).await;
    // The hash is SHA-256 of the key `al_sk_old`.
    let key = "INSERT INTO api_keys VALUES
        ('key_1', x'2941d803c5ddb694be41070b055b886e88b06c1b8e11793c325f2e698681bb1b', 7)";
    database.execute(key).await.unwrap();
    database.close().await.unwrap();

    let program = Program::start_with(&folder, &[])
        .await
        .with_key("al_sk_old");
    assert_eq!(program.get("/v1/audit/logs/old").await.status, 200);
    assert_eq!(program.record(&event("old")).await["status"], "conflict");
    assert_eq!(program.record(&event("new")).await["status"], "stored");
}

#[tokio::test]
async fn keys_of_before_there_were_kinds_count_as_gateways_until_somebody_says_what_they_are() {
    let folder = Folder::new();
    let mut database = database_of(&folder, "0011_tombstones.sql").await;
    let added = "INSERT INTO keys VALUES
        ('key_1', randomblob(32), 'ingest', 'org_1', 7, NULL), ('key_2', randomblob(32), 'ingest', NULL, 7, NULL),
        ('key_3', randomblob(32), 'ingest', NULL, 7, 8), ('key_4', randomblob(32), 'admin', NULL, 7, NULL)";
    database.execute(added).await.unwrap();
    database.close().await.unwrap();

    let program = Program::start_with(&folder, &[]).await;
    let said = program.stderr();
    let warning = said.lines().find(|line| line.contains("set-kind"));
    assert!(warning.unwrap().contains("keys=2"), "{said}");
    let of = async |id: &str| {
        let entries = listed(&folder).await;
        let entry = entries.iter().find(|entry| entry["id"] == id).unwrap();
        (entry["kind"].clone(), entry["is_kind_chosen"].clone())
    };
    assert_eq!(of("key_1").await, (json!("gateway"), json!(false)));
    assert_eq!(of("key_4").await, (json!(null), json!(null)));
    for (id, kind) in [("key_1", "application"), ("key_2", "gateway")] {
        let output = keys(&folder, "set-kind", &[id, kind]).await;
        assert!(output.status.success(), "{output:?}");
        assert_eq!(of(id).await, (json!(kind), json!(true)));
    }
    program.stop().await;
    let program = Program::start_with(&folder, &[]).await;
    assert!(!program.stderr().contains("set-kind"));
}

#[tokio::test]
async fn what_was_recorded_before_keys_were_noted_only_a_gateway_goes_on_with() {
    let folder = Folder::new();
    let mut database = database_of(&folder, "0011_tombstones.sql").await;
    let began = numbered("began", 1, "pending");
    let add = sqlx::query(
        "INSERT INTO events (position, id, organization_id, request_id, timestamp, received_at,
            user_id, model_provider, model_name, completion_state, prompt_hash, writer_id,
            writer_seq, event)
        VALUES (1738405800000000000, 'log_1', 'org_456', 'began', 1738405800000000,
            unixepoch() * 1000000, 'user_123', 'openai', 'gpt-4-turbo', 'pending', 'h', 'w', 1, ?)",
    );
    add.bind(began.to_string())
        .execute(&mut database)
        .await
        .unwrap();
    let writer = "INSERT INTO writers VALUES ('org_456', 'w', 1, 1, 1, 7, 7);
        INSERT INTO writer_runs VALUES ('org_456', 'w', 1, 1);
        INSERT INTO unindexed VALUES (1738405800000000000)";
    database.execute(writer).await.unwrap();
    database.close().await.unwrap();

    let program = Program::start_with(&folder, &[]).await;
    let application = key_of_kind(&folder, "application", "org_456").await;
    let program = program.with_key(&application);
    let forged = program.record(&numbered("began", 1, "complete")).await;
    assert_eq!(forged["status"], "conflict");
    let [gateway, rival] = [
        key_of_kind(&folder, "gateway", "org_456").await,
        key_of_kind(&folder, "gateway", "org_456").await,
    ];
    let program = program.with_key(&gateway);
    let mut end = numbered("began", 1, "complete");
    end["reasoning"] = json!("real");
    let answer = program.record(&end).await;
    assert_eq!(
        answer,
        json!({"id": "log_1", "request_id": "began", "status": "stored"})
    );
    program.record(&numbered("next", 2, "complete")).await;
    let program = program.with_key(&rival);
    program.record(&numbered("rival", 9, "complete")).await;

    let admin = create_key(&folder).await;
    let program = program.with_key(&admin);
    let answer = program.get("/v1/audit/completeness").await.json();
    let writer = &answer["data"][0];
    assert_eq!(
        (&writer["last_seq"], &writer["events"]),
        (&json!(2), &json!(2))
    );
    let rival = program.get("/v1/audit/logs/rival").await.json();
    assert_eq!(rival["writer_not_counted"], true);
}

fn numbered(request_id: &str, seq: i64, state: &str) -> serde_json::Value {
    let audit_layer = json!({"writer": {"id": "w", "seq": seq}, "completion": {"state": state}});
    event_with(
        request_id,
        json!({"metadata": {"audit_layer": audit_layer}}),
    )
}

#[tokio::test]
async fn events_of_the_first_schema_keep_their_order_and_are_found_by_what_is_new() {
    let folder = Folder::new();
    let mut database = database_of(&folder, "0001_events.sql").await;
    let (before, at, after) = (
        1_738_405_799_999_999,
        1_738_405_800_000_000,
        1_738_405_800_000_001,
    );
    // More of one microsecond than it has places, and times that have none.
    for number in 0..1500 {
        insert(&mut database, &format!("m{number:04}"), at).await;
    }
    insert(&mut database, "a-after", after).await;
    insert(&mut database, "z-before", before).await;
    insert(&mut database, "first", i64::MIN).await;
    insert(&mut database, "last", i64::MAX).await;
    database.close().await.unwrap();

    let program = Program::start_in(&folder).await;
    let mut expected = vec!["last".to_owned(), "a-after".to_owned()];
    expected.extend((0..1500).rev().map(|number| format!("m{number:04}")));
    expected.extend(["z-before".to_owned(), "first".to_owned()]);
    assert_eq!(pages(&program, "limit=500").await, expected);

    let instant = "start_date=2025-02-01T10:30:00Z&end_date=2025-02-01T10:30:00Z&limit=500";
    assert_eq!(pages(&program, instant).await, expected[2..1502]);
    assert_eq!(
        request_ids(&program, "compliance_tag=m0007").await,
        ["m0007"]
    );
    assert_eq!(request_ids(&program, "text=m0008").await, ["m0008"]);
    let new = event_with("new", json!({"timestamp": "2025-02-01T10:30:01Z"}));
    program.record(&new).await;
    let newest = request_ids(&program, "limit=3").await;
    assert_eq!(newest, ["last", "new", "a-after"]);
}

#[tokio::test]
async fn events_of_the_first_schema_count_as_received() {
    let folder = Folder::new();
    let mut database = database_of(&folder, "0001_events.sql").await;
    for (number, seq) in [2, 3, 3, 7, 8, 0].into_iter().enumerate() {
        insert(&mut database, &number.to_string(), 1_738_405_800_000_000).await;
        sqlx::query("UPDATE events SET writer_id = 'w', writer_seq = ? WHERE request_id = ?")
            .bind(seq)
            .bind(number.to_string())
            .execute(&mut database)
            .await
            .unwrap();
    }
    database.close().await.unwrap();

    let program = Program::start_in(&folder).await;
    let answer = program.get("/v1/audit/completeness").await.json();
    let writer = &answer["data"][0];
    let hole = |first: i64, last: i64| json!({"first_seq": first, "last_seq": last});
    assert_eq!(writer["holes"], json!([hole(1, 1), hole(4, 6)]));
    assert_eq!(
        (&writer["events"], &writer["missing"]),
        (&json!(5), &json!(4))
    );

    let audit_layer = json!({"writer": {"id": "w", "seq": 4}});
    let late = event_with("late", json!({"metadata": {"audit_layer": audit_layer}}));
    program.record(&late).await;
    let answer = program.get("/v1/audit/completeness").await.json();
    assert_eq!(answer["data"][0]["holes"], json!([hole(1, 1), hole(5, 6)]));
}

#[tokio::test]
async fn an_earlier_erasure_in_all_organizations_is_one_of_unknown_events() {
    let folder = Folder::new();
    let mut database = database_of(&folder, "0008_reports.sql").await;
    let erasures = "INSERT INTO erasures VALUES
        ('erasure_1', NULL, 'ann', 'request 12', 1738405800000000, 7),
        ('erasure_2', 'org_1', 'ann', 'request 13', 1738405800000000, 2)";
    database.execute(erasures).await.unwrap();
    database.close().await.unwrap();

    let program = Program::start_in(&folder).await;
    let query = json!({
        "report_type": "activity", "organization_id": "org_1",
        "start_date": "2025-02-01", "end_date": "2025-02-28",
    });
    let report = program.post("/v1/reports/generate", query.to_string());
    assert_eq!(
        report.await.json()["data"]["removed"],
        json!({
            "expired_events": 0, "erasures": 1, "erased_events": 2, "unattributed_erasures": 1,
        })
    );
}
