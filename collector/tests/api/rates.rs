//! `serve --rate-limit`: how many events a key may record.

use std::time::{Duration, Instant};

use reqwest::Method;

use crate::keys::key_of;
use crate::program::{Answer, Folder, KEY, Program, until_async};
use crate::sample::event;

async fn limited(events_per_second: &str) -> Program {
    let arguments = ["--api-key", KEY, "--rate-limit", events_per_second];
    Program::start_with(&Folder::new(), &arguments).await
}

/// A batch of so many events, which are new for each `name`.
fn batch(name: &str, events: usize) -> String {
    let lines = (0..events).map(|number| event(&format!("{name}-{number}")).to_string() + "\n");
    lines.collect()
}

fn retry_after(answer: &Answer) -> u64 {
    let seconds = answer.headers["retry-after"].to_str().unwrap();
    seconds.parse().unwrap()
}

#[tokio::test]
async fn a_key_that_records_too_much_is_told_when_it_may_again() {
    let program = limited("1").await;
    // Before they are counted: nobody knows how long the answer is on its way.
    let counted_at = Instant::now();
    let answer = program.post("/v1/audit/log/batch", batch("a", 100)).await;
    assert_eq!(answer.json()["accepted"], 100, "{}", answer.text);

    let answer = program.post("/v1/audit/log", event("b").to_string()).await;
    let error = answer.error(429, "rate_limited");
    let told = retry_after(&answer);
    let passed = counted_at.elapsed().as_secs();
    assert!((90 - passed - 1..=90).contains(&told), "{told}");
    let message = error["message"].as_str().unwrap();
    let expected = format!("after {told} seconds");
    assert!(message.ends_with(&expected), "{message}");
}

#[tokio::test]
async fn a_debt_is_paid_by_waiting() {
    let program = limited("10").await;
    let began_at = Instant::now();
    program.post("/v1/audit/log/batch", batch("a", 110)).await;
    until_async("the key may record again", async || {
        let answer = program.post("/v1/audit/log", event("b").to_string()).await;
        answer.status == 200
    })
    .await;
    assert!(began_at.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn nothing_of_a_batch_that_comes_too_early_is_stored_and_metrics_count_it() {
    let program = limited("1").await;
    program.post("/v1/audit/log/batch", batch("a", 100)).await;
    let answer = program.post("/v1/audit/log/batch", batch("b", 2)).await;
    answer.error(429, "rate_limited");
    program
        .get("/v1/audit/logs/b-0")
        .await
        .error(404, "not_found");
    let metrics = program.get("/metrics").await.text;
    assert!(
        metrics.contains("audit_layer_collector_requests_rate_limited_total 1\n"),
        "{metrics}"
    );
}

#[tokio::test]
async fn lines_that_are_no_events_count_as_well() {
    let program = limited("1").await;
    let answer = program
        .post("/v1/audit/log/batch", "no event\n".repeat(100))
        .await;
    assert_eq!(answer.status, 207);
    let answer = program.post("/v1/audit/log", event("a").to_string()).await;
    answer.error(429, "rate_limited");
}

#[tokio::test]
async fn one_key_takes_nothing_from_another_and_reading_is_free() {
    let folder = Folder::new();
    let one = key_of(&folder, "admin", "org_456").await;
    let two = key_of(&folder, "admin", "org_456").await;
    let program = Program::start_with(&folder, &["--rate-limit", "1"])
        .await
        .with_key(&one);
    program.post("/v1/audit/log/batch", batch("a", 100)).await;
    let answer = program.post("/v1/audit/log", event("b").to_string()).await;
    answer.error(429, "rate_limited");
    assert_eq!(program.get("/v1/audit/logs/a-99").await.status, 200);

    let request = program
        .anonymous(Method::POST, "/v1/audit/log")
        .bearer_auth(&two);
    let answer = Answer::of(request.body(event("b").to_string()).send().await.unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}
