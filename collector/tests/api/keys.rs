//! Who may use the API.

use reqwest::Method;

use crate::program::{Answer, Folder, KEY, Program, audit_layer, run};
use crate::sample::event;

async fn is_accepted(program: &Program, key: &str) -> bool {
    let request = program
        .anonymous(Method::GET, "/v1/audit/logs")
        .bearer_auth(key);
    request.send().await.unwrap().status() == 200
}

async fn create_key(folder: &Folder) -> String {
    let mut create = audit_layer("keys");
    let output = run(create
        .arg("create")
        .arg("--database")
        .arg(folder.database()))
    .await;
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout)
        .unwrap()
        .trim_end()
        .to_owned()
}

fn printed_key(stderr: &str) -> Option<&str> {
    stderr
        .split([' ', ':'])
        .find(|word| word.starts_with("al_sk_"))
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
    program.stop().await;

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
async fn the_database_does_not_hold_a_key_itself() {
    let folder = Folder::new();
    let key = create_key(&folder).await;
    let bytes = std::fs::read(folder.database()).unwrap();
    assert!(
        !bytes
            .windows(key.len())
            .any(|window| window == key.as_bytes())
    );
}
