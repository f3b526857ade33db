//! Access records: who looked.

// With their paths, so that the tests on PostgreSQL find them too.
#[path = "records/changes.rs"]
mod changes;
#[path = "records/ends.rs"]
mod ends;
#[path = "records/kept.rs"]
mod kept;
#[path = "records/live.rs"]
mod live;
#[path = "records/reads.rs"]
mod reads;
#[path = "records/shown.rs"]
mod shown;
#[path = "records/told.rs"]
mod told;

use std::process::Output;

use serde_json::Value;

use crate::program::{Folder, audit_layer, run};

/// All access records of a database, oldest first, read by the command, which leaves one itself.
async fn records(folder: &Folder) -> Vec<Value> {
    let output = history(folder, &[]).await;
    assert!(output.status.success(), "{output:?}");
    let entries: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let is_own = |entry: &Value| entry["action"] == "history_read" && entry["key_id"].is_null();
    let entries = entries.into_iter().filter(|entry| !is_own(entry));
    entries.filter(|entry| entry["change"].is_null()).collect()
}

async fn history(folder: &Folder, arguments: &[&str]) -> Output {
    let mut history = audit_layer("history");
    history.args(["--format", "json"]).args(arguments);
    run(history.arg("--database").arg(folder.database())).await
}

/// The same, without those of starting.
async fn looks(folder: &Folder) -> Vec<Value> {
    let mut records = records(folder).await;
    let of_start = ["retention_changed", "key_created", "keys_listed"];
    records.retain(|record| !of_start.iter().any(|action| record["action"] == *action));
    records
}

fn members(record: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| record[name].clone()).collect()
}
