//! Commands, and what is brought by an import.

use std::process::Output;

use serde_json::{Value, json};

use crate::keys::{create_with, key_id};
use crate::program::{Folder, KEY, Program, audit_layer, run};
use crate::records::{history, looks, members, records};
use crate::sample::event;

#[tokio::test]
async fn each_of_ten_commands_leaves_one_record() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    program.record(&event("a")).await;
    let before = records(&folder).await.len();
    let key = ["--role", "read", "--organization", "one", "--name", "Ann's"];
    create_with(&folder, &key).await;
    let id = key_id(&folder, "one").await;
    let hold = ["--organization", "one", "--reason", "case 7"];
    let made = command(&folder, "holds", &[&["create"], &hold[..]].concat()).await;
    let hold = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    command(&folder, "holds", &["list"]).await;
    command(&folder, "holds", &["release", &hold]).await;
    command(&folder, "keys", &["revoke", &id]).await;
    let erasure = [
        "--organization",
        "org_456",
        "--user",
        "user_123",
        "--reason",
        "request 12",
    ];
    command(&folder, "erase", &erasure).await;
    command(&folder, "erase", &[&erasure[..], &["--yes"]].concat()).await;
    let nobody = [
        "--all-organizations",
        "--user",
        "nobody",
        "--reason",
        "r",
        "--yes",
    ];
    command(&folder, "erase", &nobody).await;
    let output = history(&folder, &["--action", "key_revoked"]).await;
    assert!(output.status.success(), "{output:?}");

    let all: Value = serde_json::from_slice(&history(&folder, &[]).await.stdout).unwrap();
    let all = all.as_array().unwrap().iter();
    let all = all.filter(|entry| entry["change"].is_null());
    // After those before, and the reading of them.
    let all: Vec<&Value> = all.skip(before + 1).collect();
    let seen: Vec<Value> = all
        .iter()
        .map(|look| members(look, &["action", "result", "organization_id", "items"]))
        .collect();
    assert_eq!(
        seen,
        [
            json!(["key_created", "ok", "one", 0]),
            json!(["keys_listed", "ok", null, 1]),
            json!(["hold_created", "ok", "one", 0]),
            json!(["holds_listed", "ok", null, 1]),
            json!(["hold_released", "ok", "one", 0]),
            json!(["key_revoked", "ok", "one", 0]),
            json!(["erasure_counted", "ok", "org_456", 1]),
            json!(["erasure_made", "ok", "org_456", 1]),
            json!(["erasure_made", "no_events", null, 0]),
            json!(["history_read", "ok", null, 1]),
        ]
    );
    for look in all {
        let user = look["os_user"].as_str().unwrap();
        assert!(user.contains("uid "), "{user}");
        assert!(
            look["address"]
                .as_str()
                .is_some_and(|host| !host.is_empty())
        );
        assert_eq!(members(look, &["key_id", "status"]), json!([null, null]));
    }
}

async fn command(folder: &Folder, name: &str, arguments: &[&str]) -> Output {
    let mut command = audit_layer(name);
    run(command
        .args(arguments)
        .arg("--database")
        .arg(folder.database()))
    .await
}

#[tokio::test]
async fn what_is_only_recorded_leaves_no_record_and_an_import_does() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let batch: String = (0..1000)
        .map(|number| format!("{}\n", event(&number.to_string())))
        .collect();
    assert_eq!(
        program
            .post("/v1/audit/log/batch", batch.clone())
            .await
            .status,
        200
    );
    program.record(&event("one")).await;
    assert_eq!(looks(&folder).await, [Value::Null; 0]);
    let log = format!(
        "audit-layer dead-letter reason=max_age event={}\n",
        event("imported")
    );
    std::fs::write(folder.path("envoy.log"), log).unwrap();
    let mut import = audit_layer("import");
    let url = format!("{}/v1", program.base());
    import
        .arg(folder.path("envoy.log"))
        .arg("--unchecked")
        .args(["--url", &url, "--api-key", KEY]);
    let output = run(&mut import).await;
    assert!(output.status.success(), "{output:?}");
    let looks = looks(&folder).await;
    let [look] = looks.as_slice() else {
        panic!("{looks:?}")
    };
    let what = members(look, &["action", "query", "items", "key_id"]);
    let counts = json!({"accepted": 1, "duplicates": 0, "conflicts": 0, "rejected": 0});
    assert_eq!(what, json!(["events_imported", counts, 1, "configured"]));
    assert!(look["ids"][0].as_str().unwrap().starts_with("import_"));
}
