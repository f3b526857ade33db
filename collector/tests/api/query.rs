//! `GET /v1/audit/logs` and `GET /v1/audit/logs/{id}`

use serde_json::{Value, json};

use crate::program::Program;
use crate::sample::{event, event_with};

async fn record_at(program: &Program, request_id: &str, timestamp: &str) {
    program
        .record(&event_with(request_id, json!({"timestamp": timestamp})))
        .await;
}

pub(crate) async fn request_ids(program: &Program, parameters: &str) -> Vec<String> {
    let answer = program.get(&format!("/v1/audit/logs?{parameters}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    names(&answer.json())
}

fn names(page: &Value) -> Vec<String> {
    let data = page["data"].as_array().unwrap();
    data.iter()
        .map(|event| event["request_id"].as_str().unwrap().to_owned())
        .collect()
}

/// The request_ids of all pages.
pub(crate) async fn pages(program: &Program, parameters: &str) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/audit/logs?{parameters}{cursor}");
        let page = program.get(&path).await.json();
        seen.extend(names(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

#[tokio::test]
async fn without_events_a_page_is_empty() {
    let program = Program::start().await;
    let page = program.get("/v1/audit/logs").await.json();
    assert_eq!(page, json!({"data": [], "next_cursor": null}));
}

#[tokio::test]
async fn events_come_newest_first_by_their_instant_not_their_text() {
    let program = Program::start().await;
    record_at(&program, "middle", "2025-02-01T11:00:00+02:00").await;
    record_at(&program, "newest", "2025-02-01T08:00:00.000001-02:00").await;
    record_at(&program, "oldest", "2025-02-01T08:59:59.999Z").await;
    assert_eq!(
        request_ids(&program, "").await,
        ["newest", "middle", "oldest"]
    );
}

#[tokio::test]
async fn a_range_of_days_includes_both() {
    let program = Program::start().await;
    for time in [
        "2025-01-31T23:59:59.999Z",
        "2025-02-01T00:00:00Z",
        "2025-02-02T23:59:59.999999Z",
        "2025-02-03T00:00:00Z",
    ] {
        record_at(&program, time, time).await;
    }
    let days = request_ids(&program, "start_date=2025-02-01&end_date=2025-02-02").await;
    assert_eq!(
        days,
        ["2025-02-02T23:59:59.999999Z", "2025-02-01T00:00:00Z"]
    );
    let instant = "start_date=2025-02-01T01:00:00%2B01:00&end_date=2025-02-01T00:00:00Z";
    assert_eq!(
        request_ids(&program, instant).await,
        ["2025-02-01T00:00:00Z"]
    );
}

#[tokio::test]
async fn filters_are_exact_and_all_must_hold() {
    let program = Program::start().await;
    for (id, user, decision) in [
        ("a", "ann", "loan"),
        ("b", "bob", "loan"),
        ("c", "ann", "hire"),
        ("d", "", "Loan"),
    ] {
        let members = json!({"user_id": user, "decision_type": decision});
        program.record(&event_with(id, members)).await;
    }
    program.record(&event("without decision")).await;
    assert_eq!(
        request_ids(&program, "decision_type=loan").await,
        ["b", "a"]
    );
    assert_eq!(
        request_ids(&program, "decision_type=loan&user_id=ann").await,
        ["a"]
    );
    assert_eq!(request_ids(&program, "user_id=").await, ["d"]);
    assert_eq!(
        request_ids(&program, "user_id=%27%20OR%201=1").await,
        [""; 0]
    );
}

#[tokio::test]
async fn pages_are_stable_while_events_come_in() {
    let program = Program::start().await;
    // All at one instant, so that the order is by id.
    for number in 0..7 {
        program.record(&event(&format!("old {number}"))).await;
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = program
            .get(&format!("/v1/audit/logs?limit=3{cursor}"))
            .await
            .json();
        seen.extend(names(&page));
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
        record_at(&program, next, "2025-03-01T00:00:00Z").await;
        program.record(&event(&format!("new {next}"))).await;
    }
    let expected: Vec<_> = (0..7).rev().map(|number| format!("old {number}")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn the_last_page_has_no_cursor_even_when_it_is_full() {
    let program = Program::start().await;
    for id in ["a", "b"] {
        program.record(&event(id)).await;
    }
    let page = program.get("/v1/audit/logs?limit=2").await.json();
    assert_eq!(names(&page), ["b", "a"]);
    assert_eq!(page["next_cursor"], Value::Null);
}

#[tokio::test]
async fn a_page_has_fifty_events_unless_told_otherwise() {
    let program = Program::start().await;
    let batch: String = (0..51)
        .map(|id| format!("{}\n", event(&id.to_string())))
        .collect();
    program.post("/v1/audit/log/batch", batch).await;
    assert_eq!(request_ids(&program, "").await.len(), 50);
    assert_eq!(request_ids(&program, "limit=500").await.len(), 51);
}

#[tokio::test]
async fn a_page_of_large_events_ends_early_and_goes_on() {
    let program = Program::start().await;
    let large = "x".repeat(7 * 1024 * 1024);
    for id in ["a", "b", "c"] {
        program
            .record(&event_with(id, json!({"prompt_content": large})))
            .await;
    }
    let page = program.get("/v1/audit/logs").await.json();
    assert_eq!(names(&page), ["c", "b"]);
    let cursor = page["next_cursor"].as_str().unwrap();
    assert_eq!(
        request_ids(&program, &format!("cursor={cursor}")).await,
        ["a"]
    );
}

#[tokio::test]
async fn an_event_is_found_by_log_id_and_by_request_id() {
    let program = Program::start().await;
    let recorded = program.record(&event("a/b ?%ü")).await;
    let by_id = program
        .get(&format!(
            "/v1/audit/logs/{}",
            recorded["id"].as_str().unwrap()
        ))
        .await;
    let by_request_id = program.get("/v1/audit/logs/a%2Fb%20%3F%25%C3%BC").await;
    assert_eq!(by_id.status, 200);
    assert_eq!(by_id.text, by_request_id.text);
    assert_eq!(by_id.json()["id"], recorded["id"]);
}

#[tokio::test]
async fn a_parameter_that_cannot_be_obeyed_is_named() {
    let program = Program::start().await;
    for (parameters, name) in [
        ("limit=501", "limit"),
        ("limit=ten", "limit"),
        ("start_date=01.02.2025", "start_date"),
        ("end_date=2025-13-01", "end_date"),
        ("cursor=x", "cursor"),
        ("user=ann", "user"),
        ("limit=1&limit=2", "limit"),
    ] {
        let answer = program.get(&format!("/v1/audit/logs?{parameters}")).await;
        let error = answer.error(400, "invalid_parameter");
        assert_eq!(error["field"], name);
        assert!(error["message"].as_str().unwrap().starts_with(name));
    }
}
