//! Whose reports a key reaches.

use serde_json::{Value, json};

use super::{activity, call, completeness, decision, refused, report};
use crate::keys::key_of;
use crate::program::{Folder, Program};

async fn with_two_organizations(folder: &Folder) -> Program {
    let key = key_of(folder, "admin", "org_1").await;
    let other = key_of(folder, "admin", "org_2").await;
    let program = Program::start_with(folder, &[]).await.with_key(&key);
    program.record(&call("one", 1, json!({}))).await;
    let program = program.with_key(&other);
    program
        .record(&call("two", 1, json!({"organization_id": "org_2"})))
        .await;
    program.with_key(&key)
}

#[tokio::test]
async fn an_ingest_key_gets_no_report_and_a_read_key_does() {
    let folder = Folder::new();
    let [ingest, read] = [
        key_of(&folder, "ingest", "org_1").await,
        key_of(&folder, "read", "org_1").await,
    ];
    let program = Program::start_with(&folder, &[]).await.with_key(&ingest);
    refused(&program, completeness("json"))
        .await
        .error(403, "forbidden");
    program.get("/v1/reports").await.error(403, "forbidden");
    let program = program.with_key(&read);
    let document = report(&program, completeness("json")).await;
    let key_id = document.json()["generated_by"]["key_id"].clone();
    assert!(key_id.as_str().unwrap().starts_with("key_"), "{key_id}");
}

#[tokio::test]
async fn a_report_is_of_the_keys_organization_alone() {
    let folder = Folder::new();
    let program = with_two_organizations(&folder).await;
    refused(&program, decision("two", "pdf"))
        .await
        .error(404, "not_found");
    let all = report(&program, activity("json")).await.json();
    assert_eq!(all["organization_id"], "org_1");
    assert_eq!(all["data"]["events"], 1);
    let mut asked = completeness("json");
    asked["organization_id"] = json!("org_2");
    refused(&program, asked)
        .await
        .error(403, "wrong_organization");
    let writers = report(&program, completeness("json")).await.json()["data"]["writers"].clone();
    assert_eq!(writers.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_one_organization_asked_for_does_not_exist_for_another() {
    let folder = Folder::new();
    let everything = folder.clone();
    let program = with_two_organizations(&folder).await;
    let id = report(&program, decision("one", "json"))
        .await
        .id()
        .to_owned();
    let listed = async |program: &Program| -> Vec<Value> {
        let list = program.get("/v1/reports").await.json();
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|report| report["id"].clone())
            .collect()
    };
    assert_eq!(listed(&program).await, [json!(id)]);

    let other = key_of(&everything, "read", "org_2").await;
    let program = program.with_key(&other);
    assert!(listed(&program).await.is_empty());
    program
        .get(&format!("/v1/reports/{id}"))
        .await
        .error(404, "not_found");
}
