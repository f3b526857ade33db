//! `POST /v1/audit/log/batch`

use audit_layer_collector::limits;
use serde_json::{Value, json};

use crate::program::Program;
use crate::sample::{event, event_with};

fn lines(events: &[Value]) -> String {
    events.iter().map(|event| format!("{event}\n")).collect()
}

async fn post(program: &Program, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let answer = program.post("/v1/audit/log/batch", body).await;
    (answer.status.as_u16(), answer.json())
}

#[tokio::test]
async fn a_good_batch_is_counted() {
    let program = Program::start().await;
    let batch = lines(&[event("a"), event("b"), event("a")]);
    let counts = json!({"accepted": 2, "duplicates": 1, "conflicts": 0, "rejected": []});
    assert_eq!(post(&program, batch.clone()).await, (200, counts));
    let counts = json!({"accepted": 0, "duplicates": 3, "conflicts": 0, "rejected": []});
    assert_eq!(post(&program, batch).await, (200, counts));
}

#[tokio::test]
async fn an_empty_batch_is_a_success() {
    let program = Program::start().await;
    for body in ["", "\n\n", " \r\n\t\n"] {
        let counts = json!({"accepted": 0, "duplicates": 0, "conflicts": 0, "rejected": []});
        assert_eq!(post(&program, body).await, (200, counts));
    }
}

#[tokio::test]
async fn good_lines_are_stored_whatever_their_neighbours_are() {
    let program = Program::start().await;
    let wrong = event_with("wrong", json!({"risk_level": "severe"}));
    let mut body = format!("{}\n\nnot json\n{wrong}\r\n", event("a")).into_bytes();
    body.extend_from_slice(b"\"\xff\"\n[]\n");
    body.extend_from_slice(event("b").to_string().as_bytes());
    let (status, answer) = post(&program, body).await;
    assert_eq!(status, 207);
    assert_eq!(
        (&answer["accepted"], &answer["duplicates"]),
        (&json!(2), &json!(0))
    );
    let rejected: Vec<_> = answer["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(summary)
        .collect();
    let (none, json_code, event_code) =
        (Value::Null, json!("invalid_json"), json!("invalid_event"));
    assert_eq!(
        rejected,
        [
            json!([3, none, json_code, none]),
            json!([4, "wrong", event_code, "risk_level"]),
            json!([5, none, json_code, none]),
            json!([6, none, event_code, none]),
        ]
    );
    for id in ["a", "b"] {
        assert_eq!(
            program.get(&format!("/v1/audit/logs/{id}")).await.status,
            200
        );
    }
}

fn summary(rejection: &Value) -> Value {
    let error = &rejection["error"];
    assert!(error["message"].is_string());
    json!([
        rejection["line"],
        rejection["request_id"],
        error["code"],
        error["field"]
    ])
}

#[tokio::test]
async fn only_the_newline_byte_ends_a_line() {
    let program = Program::start().await;
    let content = "one\u{2028}two\u{2029}three\u{85}four\u{b}five\nsix\r\nseven";
    let batch = lines(&[
        event_with("a", json!({"prompt_content": content})),
        event("b"),
    ]);
    assert!(batch.contains('\u{2028}'));
    let counts = json!({"accepted": 2, "duplicates": 0, "conflicts": 0, "rejected": []});
    assert_eq!(post(&program, batch).await, (200, counts));
    assert_eq!(
        program.get("/v1/audit/logs/a").await.json()["prompt_content"],
        content
    );
}

#[tokio::test]
async fn a_line_that_is_too_long_is_rejected_alone() {
    let program = Program::start().await;
    let huge = event_with("huge", json!({"x": "y".repeat(limits::EVENT_BYTES_MAX)}));
    let (status, answer) = post(&program, lines(&[event("a"), huge, event("b")])).await;
    assert_eq!(status, 207);
    assert_eq!(answer["accepted"], 2);
    let expected = json!([2, "huge", "event_too_large", null]);
    assert_eq!(summary(&answer["rejected"][0]), expected);
}

#[tokio::test]
async fn a_batch_of_too_many_lines_is_refused_whole() {
    let program = Program::start().await;
    let body = "x\n".repeat(limits::BATCH_LINES_MAX);
    let (status, answer) = post(&program, body.clone()).await;
    assert_eq!(status, 207);
    assert_eq!(
        answer["rejected"].as_array().unwrap().len(),
        limits::BATCH_LINES_MAX
    );
    let answer = program
        .post("/v1/audit/log/batch", format!("{body}{}", event("a")))
        .await;
    answer.error(413, "too_many_lines");
    assert_eq!(program.get("/v1/audit/logs/a").await.status, 404);
}
