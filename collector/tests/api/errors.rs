//! What a client sees when it errs.

use audit_layer_collector::limits;
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::program::{Answer, KEY, Program};
use crate::sample::event;

#[tokio::test]
async fn unknown_paths_and_ids_are_404() {
    let program = Program::start().await;
    for path in [
        "/nothing",
        "/v1/audit",
        "/v1/audit/logs/",
        "/v1/audit/logs/nope",
        "/v1/audit/logs/%ff",
    ] {
        program.get(path).await.error(404, "not_found");
    }
}

#[tokio::test]
async fn other_methods_are_405_and_the_right_ones_are_named() {
    let program = Program::start().await;
    for (method, path, allowed) in [
        (Method::GET, "/v1/audit/log", "POST"),
        (Method::PUT, "/v1/audit/log/batch", "POST"),
        (Method::DELETE, "/v1/audit/logs/log_1", "GET,HEAD"),
        (Method::POST, "/healthz", "GET,HEAD"),
    ] {
        let answer = program.request(method, path).send().await.unwrap();
        let answer = Answer::of(answer).await;
        answer.error(405, "method_not_allowed");
        assert_eq!(answer.headers["allow"], allowed);
    }
}

#[tokio::test]
async fn a_body_of_the_largest_size_is_read_and_a_larger_one_is_413() {
    let program = Program::start().await;
    for (path, bytes_max) in [
        ("/v1/audit/log", limits::EVENT_BYTES_MAX),
        ("/v1/audit/log/batch", limits::BATCH_BYTES_MAX),
    ] {
        let mut largest = event(path).to_string();
        largest.insert_str(0, &"\n".repeat(bytes_max - largest.len()));
        assert_eq!(
            program.post(path, largest.clone()).await.status,
            200,
            "{path}"
        );
        program
            .post(path, format!("\n{largest}"))
            .await
            .error(413, "body_too_large");
    }
}

#[tokio::test]
async fn a_client_that_asks_first_sends_no_body_that_is_too_large() {
    let program = Program::start().await;
    let bytes = limits::EVENT_BYTES_MAX + 1;
    let mut stream = TcpStream::connect(program.host()).await.unwrap();
    let head = format!(
        "POST /v1/audit/log HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n\
         content-length: {bytes}\r\nexpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_compressed_body_is_415_and_what_is_understood_is_named() {
    let program = Program::start().await;
    for path in ["/v1/audit/log", "/v1/audit/log/batch"] {
        let request = program
            .request(Method::POST, path)
            .body(event("a").to_string());
        let answer = request.header("content-encoding", "gzip").send().await;
        let answer = Answer::of(answer.unwrap()).await;
        assert_eq!(answer.headers["accept-encoding"], "identity");
        answer.error(415, "body_encoded");
    }
    program
        .get("/v1/audit/logs/a")
        .await
        .error(404, "not_found");
}

#[tokio::test]
async fn no_content_type_is_needed_and_any_will_do() {
    let program = Program::start().await;
    let request = program
        .request(Method::POST, "/v1/audit/log")
        .header("content-type", "text/html");
    assert_eq!(
        request
            .body(event("a").to_string())
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn a_log_holds_no_content_and_no_key_at_any_level() {
    for format in ["text", "json"] {
        let log = log_of_some_requests(format).await;
        assert!(log.contains("rejected events"), "{log}");
        for secret in ["Based on the credit score", KEY, "user_123"] {
            assert!(!log.contains(secret), "{secret}: {log}");
        }
    }
}

async fn log_of_some_requests(format: &str) -> String {
    let folder = crate::program::Folder::new();
    let arguments = ["--api-key", KEY, "--log", "trace", "--log-format", format];
    let program = Program::start_with(&folder, &arguments).await;
    program.record(&event("a")).await;
    program.record(&event("a")).await;
    let wrong = event("b")
        .to_string()
        .replace("1523", "\"Based on the credit score\"");
    program
        .post("/v1/audit/log", wrong.clone())
        .await
        .error(400, "invalid_event");
    program
        .post("/v1/audit/log", format!("{wrong}}}"))
        .await
        .error(400, "invalid_json");
    program.post("/v1/audit/log/batch", wrong).await;
    program.get("/v1/audit/logs?user_id=user_123").await;
    program.stderr()
}

#[tokio::test]
async fn the_log_says_who_was_refused_and_why_without_a_key() {
    let folder = crate::program::Folder::new();
    let key = crate::keys::key_of(&folder, "ingest", "org_1").await;
    let program = Program::start_with(&folder, &["--log-format", "json"])
        .await
        .with_key(&key);
    let wrong = event("b").to_string().replace("1523", "\"secret\"");
    for _ in 0..20 {
        program.post("/v1/audit/log/batch", wrong.clone()).await;
    }
    let unknown = "al_sk_abcdefghijklmnopqrstuvwxyz0123456789";
    let program = program.with_key(unknown);
    for _ in 0..20 {
        program
            .get("/v1/audit/logs")
            .await
            .error(401, "unauthorized");
    }
    let log = program.stderr();
    for said in [
        "\"organization\":\"org_1\"",
        "\"code\":\"invalid_event\"",
        "\"field\":\"duration_ms\"",
        "\"key\":\"key_",
        "\"begins_with\":\"al_sk_abcd\"",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    assert!(
        !log.contains("al_sk_abcde") && !log.contains(&key) && !log.contains("secret"),
        "{log}"
    );
}
