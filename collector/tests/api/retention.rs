//! How long events are kept.

use std::process::Output;

use serde_json::{Value, json};

use crate::program::{Folder, KEY, Program, audit_layer, run, until_async};
use crate::query::pages;
use crate::sample::event_with;

/// Records events of these names on a day that has long been over.
async fn record(program: &Program, ids: &[&str], members: Value) {
    for id in ids {
        let mut event = event_with(id, members.clone());
        event["reasoning"] = json!(id);
        program.record(&event).await;
    }
}

/// Lets events have arrived as long ago as they happened, which no client can say.
pub(crate) async fn age(folder: &Folder, ids: &[&str]) {
    let mut database = folder.beside().open().await;
    for id in ids {
        sqlx::query("UPDATE events SET received_at = timestamp WHERE request_id = $1")
            .bind(id)
            .execute(&mut database)
            .await
            .unwrap();
    }
}

async fn start(folder: &Folder, retention: &[&str]) -> Program {
    Program::start_with(folder, &[&["--api-key", KEY], retention].concat()).await
}

/// Waits until an event is gone that comes after all others that may go.
pub(crate) async fn until_gone(program: &Program, id: &str) {
    let path = format!("/v1/audit/logs/{id}");
    until_async("it is removed", async || {
        program.get(&path).await.status == 404
    })
    .await;
}

async fn holds(folder: &Folder, command: &str, arguments: &[&str]) -> Output {
    let mut holds = audit_layer("holds");
    holds.arg(command).args(arguments).arg("--database");
    run(holds.arg(folder.database())).await
}

#[tokio::test]
async fn what_is_over_is_removed_with_all_that_finds_it() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let audit_layer = json!({"writer": {"id": "w", "seq": 2}});
    let members = json!({"compliance_tags": ["t"], "metadata": {"audit_layer": audit_layer}});
    record(&program, &["old"], members).await;
    // It happened long ago and arrived just now: nobody could have looked at it before.
    record(&program, &["late"], json!({"compliance_tags": ["t"]})).await;
    record(
        &program,
        &["last"],
        json!({"timestamp": "2025-02-02T00:00:00Z"}),
    )
    .await;
    let completeness = program.get("/v1/audit/completeness").await.text;
    program.stop().await;
    age(&folder, &["old", "last"]).await;

    let program = start(&folder, &[]).await;
    until_gone(&program, "last").await;
    assert_eq!(pages(&program, "").await, ["late"]);
    assert_eq!(pages(&program, "compliance_tag=t").await, ["late"]);
    assert_eq!(pages(&program, "text=old").await, [""; 0]);
    // It was received, and is not missing.
    assert_eq!(
        program.get("/v1/audit/completeness").await.text,
        completeness
    );
    let metrics = program.get("/metrics").await.text;
    assert!(
        metrics.contains("audit_layer_collector_events_expired_total 2"),
        "{metrics}"
    );
}

#[tokio::test]
async fn each_organization_keeps_as_long_as_it_says() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    for organization in ["a", "b", "c"] {
        let members = json!({"organization_id": organization});
        record(&program, &[organization], members).await;
    }
    program.stop().await;
    age(&folder, &["a", "b", "c"]).await;
    let retention = [
        "--retention-days",
        "forever",
        "--retention",
        "a=20000",
        "--retention",
        "c=200",
    ];
    let program = start(&folder, &retention).await;
    until_gone(&program, "c").await;
    assert_eq!(pages(&program, "").await, ["b", "a"]);
}

#[tokio::test]
async fn more_than_one_step_is_removed_while_events_come_in() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let lines = (0..1050).map(|number| format!("{}\n", event_with(&number.to_string(), json!({}))));
    program.record_lines(lines).await;
    program.stop().await;
    let names: Vec<String> = (0..1050).map(|number| number.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    age(&folder, &names).await;

    let program = start(&folder, &[]).await;
    record(
        &program,
        &["new"],
        json!({"timestamp": "2025-02-03T00:00:00Z"}),
    )
    .await;
    until_gone(&program, "1049").await;
    assert_eq!(pages(&program, "").await, ["new"]);
}

#[tokio::test]
async fn what_is_held_stays_until_it_is_released() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    record(&program, &["ann"], json!({"user_id": "ann"})).await;
    record(
        &program,
        &["other ann"],
        json!({"user_id": "ann", "organization_id": "o"}),
    )
    .await;
    record(&program, &["bob"], json!({"user_id": "bob"})).await;
    program.stop().await;
    age(&folder, &["ann", "other ann", "bob"]).await;
    let arguments = [
        "--organization",
        "org_456",
        "--user",
        "ann",
        "--reason",
        "case 7",
    ];
    let created = holds(&folder, "create", &arguments).await;
    assert!(created.status.success(), "{created:?}");
    let id = String::from_utf8(created.stdout)
        .unwrap()
        .trim_end()
        .to_owned();

    let program = start(&folder, &[]).await;
    until_gone(&program, "bob").await;
    assert_eq!(pages(&program, "").await, ["ann"]);
    program.stop().await;
    for _ in 0..2 {
        let released = holds(&folder, "release", &[&id]).await;
        assert!(released.status.success(), "{released:?}");
    }
    let program = start(&folder, &[]).await;
    until_gone(&program, "ann").await;

    let listed = holds(&folder, "list", &["--format", "json"]).await;
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed[0]["id"], id);
    assert_eq!(listed[0]["reason"], "case 7");
    assert!(listed[0]["released_at"].is_string());
    let human = String::from_utf8(holds(&folder, "list", &[]).await.stdout).unwrap();
    assert!(
        human.contains("user \"ann\" of organization \"org_456\""),
        "{human}"
    );
    assert!(human.ends_with(": \"case 7\"\n"), "{human}");
}

#[tokio::test]
async fn everything_can_be_held() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    record(&program, &["a", "b"], json!({})).await;
    program.stop().await;
    age(&folder, &["a", "b"]).await;
    holds(
        &folder,
        "create",
        &["--all-organizations", "--reason", "audit"],
    )
    .await;
    let program = start(&folder, &["--log", "audit_layer_collector=debug"]).await;
    until_async("it has looked", async || {
        program.stderr().contains("old enough")
    })
    .await;
    assert_eq!(pages(&program, "").await, ["b", "a"]);
}

#[tokio::test]
async fn less_than_half_a_year_has_to_be_insisted_on() {
    let folder = Folder::new();
    for retention in [["--retention-days", "182"], ["--retention", "a=1"]] {
        let mut serve = audit_layer("serve");
        serve
            .args(["--listen", "127.0.0.1:0", "--database"])
            .arg(folder.database());
        let output = run(serve.args(retention)).await;
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains("--allow-short-retention"), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        start(
            &folder,
            &[retention.as_slice(), &["--allow-short-retention"]].concat(),
        )
        .await;
    }
    for retention in [
        ["--retention-days", "0"],
        ["--retention", "a"],
        ["--retention", "a=b"],
    ] {
        let output = run(audit_layer("serve").args(retention)).await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
}

#[tokio::test]
async fn a_hold_that_is_none_is_explained() {
    let folder = Folder::new();
    let output = holds(&folder, "list", &[]).await;
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("there is no audit-layer database")
    );
    Program::start_in(&folder).await.stop().await;
    let output = holds(&folder, "release", &["hold_1"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("holds list")
    );
    for arguments in [
        ["--reason", "x"].as_slice(),
        &["--organization", "a"],
        &["--organization", "a", "--reason", ""],
        &["--organization", "a", "--reason", "x", "--user", ""],
    ] {
        let output = holds(&folder, "create", arguments).await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
}
