//! Who may use the API.

// With its path, so that the tests on PostgreSQL find it too.
#[path = "keys/label.rs"]
mod label;

use std::process::{Output, Stdio};

use reqwest::Method;
use serde_json::{Value, json};

use crate::program::{Answer, Folder, KEY, Program, audit_layer, run, until_async};
use crate::sample::{event, event_with};

async fn is_accepted(program: &Program, key: &str) -> bool {
    let request = program
        .anonymous(Method::GET, "/v1/audit/logs")
        .bearer_auth(key);
    request.send().await.unwrap().status() == 200
}

/// Makes a key that may do everything, beside a program that may be running.
pub(crate) async fn create_key(folder: &Folder) -> String {
    create_with(folder, &["--role", "admin", "--all-organizations"]).await
}

pub(crate) async fn create_with(folder: &Folder, arguments: &[&str]) -> String {
    let output = keys(folder, "create", arguments).await;
    assert!(output.status.success(), "{output:?}");
    let key = String::from_utf8(output.stdout).unwrap();
    key.trim_end().to_owned()
}

pub(crate) async fn key_of(folder: &Folder, role: &str, organization: &str) -> String {
    create_with(folder, &["--role", role, "--organization", organization]).await
}

/// A key of an organization that only records: a gateway's or an application's.
pub(crate) async fn key_of_kind(folder: &Folder, kind: &str, organization: &str) -> String {
    let arguments = ["--role", "ingest", "--kind", kind];
    create_with(
        folder,
        &[&arguments[..], &["--organization", organization]].concat(),
    )
    .await
}

/// The id of the key of an organization, by which it is revoked.
pub(crate) async fn key_id(folder: &Folder, organization: &str) -> String {
    let entries = listed(folder).await;
    let mut entries = entries.iter();
    let entry = entries.find(|entry| entry["organization_id"] == organization);
    entry.unwrap()["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn revoke(folder: &Folder, id: &str) {
    let output = keys(folder, "revoke", &[id]).await;
    assert!(output.status.success(), "{output:?}");
}

pub(crate) async fn keys(folder: &Folder, command: &str, arguments: &[&str]) -> Output {
    let mut keys = audit_layer("keys");
    keys.arg(command).args(arguments).arg("--database");
    run(keys.arg(folder.database())).await
}

pub(crate) async fn listed(folder: &Folder) -> Vec<Value> {
    let output = keys(folder, "list", &["--format", "json"]).await;
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The one line in which a command says why it failed.
fn complaint(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let stderr = str::from_utf8(&output.stderr).unwrap();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr
}

fn printed_key(stderr: &str) -> Option<&str> {
    stderr
        .split([' ', ':', ','])
        .find(|word| word.starts_with("al_sk_"))
}

#[tokio::test]
async fn a_key_of_the_database_is_not_given_for_more_than_it_was_made() {
    let folder = Folder::new();
    let key = key_of(&folder, "ingest", "one").await;
    let mut serve = audit_layer("serve");
    serve.args(["--listen", "127.0.0.1:0", "--api-key", &key]);
    let output = run(serve.arg("--database").arg(folder.database())).await;
    let id = key_id(&folder, "one").await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(&id), "{said}");

    let program = Program::start_in(&folder).await;
    assert!(!is_accepted(&program, &key).await);
    assert!(program.stderr().contains("keys=1"), "{}", program.stderr());
}

#[tokio::test]
async fn without_the_right_key_everything_below_v1_is_401() {
    let program = Program::start().await;
    for (method, path) in [
        (Method::POST, "/v1/audit/log"),
        (Method::POST, "/v1/audit/log/batch"),
        (Method::GET, "/v1/audit/logs"),
        (Method::GET, "/v1/audit/logs/log_1"),
        (Method::PUT, "/v1/audit/log"),
        (Method::GET, "/v1/nothing"),
    ] {
        for header in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer wrong",
            "Basic al_sk_test",
            "al_sk_test",
        ] {
            let request = program
                .anonymous(method.clone(), path)
                .header("authorization", header);
            let answer = Answer::of(request.send().await.unwrap()).await;
            answer.error(401, "unauthorized");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
        let request = program.anonymous(method, path);
        Answer::of(request.send().await.unwrap())
            .await
            .error(401, "unauthorized");
    }
    let page = program.get("/v1/audit/logs").await.json();
    assert_eq!(page["data"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_refused_client_sees_why_even_after_a_large_body() {
    let program = Program::start().await;
    let request = program
        .anonymous(Method::POST, "/v1/audit/log")
        .body(vec![b'x'; 8 * 1024 * 1024]);
    Answer::of(request.send().await.unwrap())
        .await
        .error(401, "unauthorized");
}

#[tokio::test]
async fn health_needs_no_key() {
    let program = Program::start().await;
    for path in ["/healthz", "/readyz"] {
        let answer = program.anonymous(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }
}

#[tokio::test]
async fn several_keys_can_be_configured() {
    let arguments = ["--api-key", "one", "--api-key", "two"];
    let program = Program::start_with(&Folder::new(), &arguments).await;
    assert!(is_accepted(&program, "one").await);
    assert!(is_accepted(&program, "two").await);
    assert!(!is_accepted(&program, "three").await);
}

#[tokio::test]
async fn without_any_key_one_is_made_and_printed_once() {
    let folder = Folder::new();
    let program = Program::start_with(&folder, &[]).await;
    let stderr = program.stderr();
    let key = printed_key(&stderr).unwrap().to_owned();
    assert_eq!(stderr.matches(&key).count(), 1);
    let program = program.with_key(&key);
    program.record(&event("a")).await;
    assert_eq!(program.get("/v1/audit/logs/a").await.status, 200);
    program.stop().await;
    let [entry] = listed(&folder).await.try_into().unwrap();
    assert_eq!(entry["role"], "admin");
    assert_eq!(entry["organization_id"], Value::Null);

    let program = Program::start_with(&folder, &[]).await;
    assert_eq!(printed_key(&program.stderr()), None);
    assert!(is_accepted(&program, &key).await);
    assert!(!is_accepted(&program, KEY).await);
}

#[tokio::test]
async fn a_key_that_is_made_later_works_without_a_restart() {
    let folder = Folder::new();
    let program = Program::start_with(&folder, &[]).await;
    let key = create_key(&folder).await;
    assert!(is_accepted(&program, &key).await);
    assert!(is_accepted(&program, printed_key(&program.stderr()).unwrap()).await);
}

#[tokio::test]
async fn configured_keys_exclude_those_of_the_database() {
    let folder = Folder::new();
    let key = create_key(&folder).await;
    let program = Program::start_in(&folder).await;
    assert!(!is_accepted(&program, &key).await);
    assert!(is_accepted(&program, KEY).await);
    assert_eq!(printed_key(&program.stderr()), None);
}

#[tokio::test]
async fn an_ingest_key_reads_nothing() {
    let folder = Folder::new();
    let key = key_of(&folder, "ingest", "org_456").await;
    let program = Program::start_with(&folder, &[]).await.with_key(&key);
    program.record(&event("a")).await;
    for path in ["/v1/audit/logs", "/v1/audit/logs/a", "/v1/audit/logs/nope"] {
        let error = program.get(path).await.error(403, "forbidden");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("ingest") && message.contains("needs read"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_read_key_records_nothing() {
    let folder = Folder::new();
    let key = key_of(&folder, "read", "org_456").await;
    let program = Program::start_with(&folder, &[]).await.with_key(&key);
    // Larger than what a client can send before somebody reads it.
    let body = event_with("a", json!({"reasoning": "x".repeat(8 * 1024 * 1024)})).to_string();
    for path in ["/v1/audit/log", "/v1/audit/log/batch"] {
        let error = program
            .post(path, body.clone())
            .await
            .error(403, "forbidden");
        assert!(error["message"].as_str().unwrap().contains("needs ingest"));
    }
    assert_eq!(program.get("/v1/audit/logs/a").await.status, 404);
}

#[tokio::test]
async fn an_organization_does_not_see_the_events_of_another() {
    let folder = Folder::new();
    let [one, two] = [
        key_of(&folder, "admin", "one").await,
        key_of(&folder, "admin", "two").await,
    ];
    let program = Program::start_with(&folder, &[]).await.with_key(&one);
    let recorded = program
        .record(&event_with("r", json!({"organization_id": "one"})))
        .await;
    let id = recorded["id"].as_str().unwrap();

    let program = program.with_key(&two);
    for path in [
        format!("/v1/audit/logs/{id}"),
        "/v1/audit/logs/r".to_owned(),
    ] {
        program.get(&path).await.error(404, "not_found");
    }
    for query in ["", "?organization_id=two", "?user_id=user_123"] {
        let page = program.get(&format!("/v1/audit/logs{query}")).await.json();
        assert_eq!(page["data"], json!([]), "{query}");
    }
    let answer = program.get("/v1/audit/logs?organization_id=one").await;
    assert_eq!(
        answer.error(403, "wrong_organization")["field"],
        "organization_id"
    );

    program
        .record(&event_with("r", json!({"organization_id": "two"})))
        .await;
    let found = program.get("/v1/audit/logs/r").await.json();
    assert_eq!(found["organization_id"], "two");
    let path = "/v1/audit/logs/r?organization_id=one";
    program.get(path).await.error(403, "wrong_organization");
}

#[tokio::test]
async fn a_key_records_no_events_of_another_organization() {
    let folder = Folder::new();
    let key = key_of(&folder, "admin", "one").await;
    let program = Program::start_with(&folder, &[]).await.with_key(&key);
    let foreign = event_with("a", json!({"organization_id": "two"}));
    let answer = program.post("/v1/audit/log", foreign.to_string()).await;
    assert_eq!(
        answer.error(403, "wrong_organization")["field"],
        "organization_id"
    );

    let own = event_with("b", json!({"organization_id": "one"}));
    let answer = program
        .post("/v1/audit/log/batch", format!("{foreign}\n{own}\n"))
        .await;
    assert_eq!(answer.status, 207);
    assert_eq!(answer.json()["accepted"], 1);
    let rejected = &answer.json()["rejected"][0];
    assert_eq!(rejected["line"], 1);
    assert_eq!(rejected["error"]["code"], "wrong_organization");
    assert_eq!(rejected["error"]["field"], "organization_id");
}

#[tokio::test]
async fn an_event_that_names_no_organization_belongs_to_that_of_its_key() {
    let folder = Folder::new();
    let key = key_of(&folder, "admin", "one").await;
    let program = Program::start_with(&folder, &[]).await.with_key(&key);
    program
        .record(&event_with("empty", json!({"organization_id": ""})))
        .await;
    program
        .record(&event_with("null", json!({"organization_id": null})))
        .await;
    for id in ["empty", "null"] {
        let stored = program.get(&format!("/v1/audit/logs/{id}")).await.json();
        assert_eq!(stored["organization_id"], "one");
    }
    let page = program
        .get("/v1/audit/logs?organization_id=one")
        .await
        .json();
    assert_eq!(page["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_revoked_key_is_refused_without_a_restart_and_stays_in_the_list() {
    let folder = Folder::new();
    let [good, bad] = [
        key_of(&folder, "read", "one").await,
        key_of(&folder, "read", "two").await,
    ];
    let program = Program::start_with(&folder, &[]).await;
    assert!(is_accepted(&program, &bad).await);

    let entries = listed(&folder).await;
    let id = entries[1]["id"].as_str().unwrap();
    assert_eq!(entries[1]["organization_id"], "two");
    for _ in 0..2 {
        let output = keys(&folder, "revoke", &[id]).await;
        assert!(output.status.success(), "{output:?}");
    }
    until_async("the key is refused", async || {
        !is_accepted(&program, &bad).await
    })
    .await;
    assert!(is_accepted(&program, &good).await);
    let entries = listed(&folder).await;
    assert_eq!(entries[0]["revoked_at"], Value::Null);
    assert!(entries[1]["revoked_at"].is_string());

    let human = keys(&folder, "list", &[]).await;
    let human = String::from_utf8(human.stdout).unwrap();
    let [first, second] = human.lines().collect::<Vec<_>>().try_into().unwrap();
    assert!(
        first.contains("organization \"one\"") && first.ends_with("good"),
        "{first}"
    );
    assert!(
        second.starts_with(id) && second.contains("revoked 2"),
        "{second}"
    );
}

#[tokio::test]
async fn a_program_whose_keys_were_all_revoked_makes_none_and_says_so() {
    let folder = Folder::new();
    let key = create_key(&folder).await;
    let entries = listed(&folder).await;
    keys(&folder, "revoke", &[entries[0]["id"].as_str().unwrap()]).await;
    let program = Program::start_with(&folder, &[]).await;
    assert!(!is_accepted(&program, &key).await);
    assert_eq!(printed_key(&program.stderr()), None);
    assert!(
        program.stderr().contains("keys create"),
        "{}",
        program.stderr()
    );
}

#[tokio::test]
async fn a_key_is_made_only_for_a_role_and_for_somebody() {
    let folder = Folder::new();
    for (arguments, missing) in [
        (["--role", "read"].as_slice(), "--organization"),
        (&["--organization", "one"], "--role"),
        (
            &["--role", "owner", "--organization", "one"],
            "admin, auditor, ingest or read",
        ),
        (&["--role", "read", "--organization", ""], "1 to 1024"),
        (
            &[
                "--role",
                "read",
                "--organization",
                "one",
                "--all-organizations",
            ],
            "cannot be used",
        ),
    ] {
        let output = keys(&folder, "create", arguments).await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(missing), "{stderr}");
    }
    assert!(!folder.beside().is_made().await);
}

#[tokio::test]
async fn revoking_what_is_no_key_says_what_to_do() {
    let folder = Folder::new();
    let output = keys(&folder, "revoke", &["key_1"]).await;
    assert!(complaint(&output).contains("there is no audit-layer database"));
    assert!(!folder.beside().is_made().await);

    let key = create_key(&folder).await;
    let output = keys(&folder, "revoke", &["key_1"]).await;
    assert!(complaint(&output).contains("keys list"));
    let output = keys(&folder, "revoke", &[&key]).await;
    assert!(complaint(&output).contains("use the id") && !complaint(&output).contains(&key));
    assert_eq!(listed(&folder).await[0]["revoked_at"], Value::Null);
}

#[tokio::test]
async fn a_key_that_cannot_be_printed_is_good_for_nothing() {
    let folder = Folder::new();
    let mut create = audit_layer("keys");
    create.args(["create", "--role", "admin", "--all-organizations"]);
    create.arg("--database").arg(folder.database());
    let full = std::fs::File::options().write(true).open("/dev/full");
    // Unlike `output`, which would read what is printed.
    let create = create.stdout(full.unwrap()).stderr(Stdio::piped()).spawn();
    let output = create.unwrap().wait_with_output().await.unwrap();
    let entries = listed(&folder).await;
    assert!(entries[0]["revoked_at"].is_string(), "{entries:?}");
    let id = entries[0]["id"].as_str().unwrap();
    let expected = format!("{id} has been revoked");
    assert!(complaint(&output).contains(&expected), "{output:?}");
}

#[tokio::test]
async fn a_key_that_only_records_is_an_applications_unless_it_is_said_to_be_a_gateways() {
    let folder = Folder::new();
    key_of(&folder, "ingest", "one").await;
    key_of_kind(&folder, "gateway", "two").await;
    key_of(&folder, "read", "three").await;
    let entries = listed(&folder).await;
    let kinds: Vec<&Value> = entries.iter().map(|entry| &entry["kind"]).collect();
    assert_eq!(
        kinds,
        [&json!("application"), &json!("gateway"), &Value::Null]
    );
    let human = keys(&folder, "list", &[]).await;
    let human = String::from_utf8(human.stdout).unwrap();
    assert!(human.contains("ingest application"), "{human}");
    assert!(human.contains("ingest gateway"), "{human}");

    let arguments = ["--role", "read", "--kind", "gateway", "--all-organizations"];
    let output = keys(&folder, "create", &arguments).await;
    assert!(complaint(&output).contains("role read has no kind"));
    assert_eq!(listed(&folder).await.len(), 3);
}

#[tokio::test]
async fn the_successor_of_a_key_may_do_the_same_and_belongs_to_its_family() {
    let folder = Folder::new();
    let first = key_of_kind(&folder, "gateway", "one").await;
    let id = key_id(&folder, "one").await;
    let second = create_with(&folder, &["--successor-of", &id]).await;
    let entries = listed(&folder).await;
    for name in ["role", "kind", "organization_id", "family"] {
        assert_eq!(entries[0][name], entries[1][name], "{name}");
    }
    let second_id = entries[1]["id"].as_str().unwrap();
    let third = create_with(&folder, &["--successor-of", second_id]).await;
    assert_eq!(listed(&folder).await[2]["family"], json!(id));
    assert!(first != second && second != third);

    let program = Program::start_with(&folder, &[]).await.with_key(&third);
    program
        .record(&event_with("r", json!({"organization_id": ""})))
        .await;
    let output = keys(&folder, "create", &["--successor-of", "key_1"]).await;
    assert!(complaint(&output).contains("there is no key"));
    let output = keys(&folder, "create", &["--successor-of", &first]).await;
    assert!(complaint(&output).contains("use the id"));
    let both = ["--successor-of", &id, "--role", "admin"];
    assert_eq!(keys(&folder, "create", &both).await.status.code(), Some(2));
}

#[tokio::test]
async fn the_kind_of_a_key_and_its_successors_can_be_said_later() {
    let folder = Folder::new();
    key_of_kind(&folder, "gateway", "one").await;
    key_of(&folder, "read", "two").await;
    let id = key_id(&folder, "one").await;
    create_with(&folder, &["--successor-of", &id]).await;
    let set = async |id: &str, kind: &str| keys(&folder, "set-kind", &[id, kind]).await;
    let output = set(&id, "application").await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("is now an application key") && said.contains("1 other"),
        "{said}"
    );
    let entries = listed(&folder).await;
    let kinds: Vec<&Value> = entries.iter().map(|entry| &entry["kind"]).collect();
    assert_eq!(
        kinds,
        [&json!("application"), &Value::Null, &json!("application")]
    );

    assert!(complaint(&set("key_1", "gateway").await).contains("there is no key"));
    let reader = key_id(&folder, "two").await;
    assert!(complaint(&set(&reader, "gateway").await).contains("role read has no kind"));
    assert_eq!(set(&id, "proxy").await.status.code(), Some(2));
}
