//! `GET /metrics`

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use crate::program::{Answer, Folder, Program};
use crate::sample::{event, event_with, gateway_event};

async fn metrics(program: &Program) -> String {
    // Without a key: those who watch it have none.
    let request = program.anonymous(Method::GET, "/metrics");
    let answer = Answer::of(request.send().await.unwrap()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let content_type = answer.headers["content-type"].to_str().unwrap();
    assert!(
        content_type.starts_with("application/openmetrics-text"),
        "{content_type}"
    );
    assert!(answer.text.ends_with("# EOF\n"), "{}", answer.text);
    answer.text
}

/// The value of a series, whose name and labels are written as they come.
fn value(metrics: &str, series: &str) -> f64 {
    let line = metrics.lines().find_map(|line| {
        let rest = line
            .strip_prefix("audit_layer_collector_")?
            .strip_prefix(series)?;
        rest.strip_prefix(' ')
    });
    line.unwrap_or_else(|| panic!("{series}: {metrics}"))
        .parse()
        .unwrap()
}

#[tokio::test]
async fn events_are_counted_by_what_became_of_them() {
    let program = Program::start().await;
    let before = metrics(&program).await;
    assert_eq!(value(&before, r#"events_total{outcome="stored"}"#), 0.0);

    program.record(&event("a")).await;
    program.record(&event("a")).await;
    program.record(&gateway_event("b", "pending")).await;
    program.record(&gateway_event("b", "complete")).await;
    program
        .post("/v1/audit/log/batch", "no event\nnor this\n")
        .await;
    program.post("/v1/audit/log", "no event").await;
    let audit_layer = json!({"writer": {"id": "w", "seq": 4}});
    program
        .record(&event_with(
            "c",
            json!({"metadata": {"audit_layer": audit_layer}}),
        ))
        .await;

    let text = metrics(&program).await;
    for (series, expected) in [
        (r#"events_total{outcome="stored"}"#, 3.0),
        (r#"events_total{outcome="duplicate"}"#, 1.0),
        (r#"events_total{outcome="superseding"}"#, 1.0),
        (r#"events_total{outcome="rejected"}"#, 3.0),
        ("commit_seconds_count", 5.0),
        ("commits_failed_total", 0.0),
        ("exports_broken_total", 0.0),
        ("waiting_bytes", 0.0),
        ("writers", 1.0),
        ("writers_incomplete", 1.0),
        ("events_missing", 3.0),
    ] {
        assert_eq!(value(&text, series), expected, "{series}");
    }
    assert!(value(&text, "database_bytes") > 0.0);
}

#[tokio::test]
async fn counters_are_told_when_the_database_does_not_answer() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    program.record(&event("a")).await;
    assert_eq!(value(&metrics(&program).await, "database_up"), 1.0);

    let mut database = folder.beside().open().await;
    let hide = sqlx::query("ALTER TABLE writers RENAME TO hidden");
    hide.execute(&mut database).await.unwrap();
    let text = metrics(&program).await;
    assert_eq!(value(&text, "database_up"), 0.0);
    assert_eq!(value(&text, r#"events_total{outcome="stored"}"#), 1.0);
    assert!(!text.contains("database_bytes"), "{text}");
    assert!(!text.contains("events_missing"), "{text}");
}

#[tokio::test]
async fn operators_are_told_what_each_metric_means() {
    let program = Program::start().await;
    // What is counted of answers is there when there was one.
    program.get("/healthz").await;
    let metrics = metrics(&program).await;
    let real = metrics.lines().filter_map(|line| {
        let line = line.strip_prefix("# TYPE audit_layer_collector_")?;
        let (name, kind) = line.split_once(' ').unwrap();
        let suffix = if kind == "counter" { "_total" } else { "" };
        Some((format!("{name}{suffix}"), kind.to_owned()))
    });
    let real: BTreeSet<(String, String)> = real.collect();

    let text = include_str!("../../API.md");
    let (_, table) = text.split_once("| name | kind | meaning |\n").unwrap();
    let rows = table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'));
    let documented = rows.flat_map(|row| {
        let mut cells = row.split('|').skip(1).map(str::trim);
        let (names, kind) = (cells.next().unwrap(), cells.next().unwrap());
        let names = names.split('`').skip(1).step_by(2);
        names.map(|name| {
            let (name, _labels) = name.split_once('{').unwrap_or((name, ""));
            (name.to_owned(), kind.to_owned())
        })
    });
    assert_eq!(documented.collect::<BTreeSet<_>>(), real);

    let prose = include_str!("../../../OPERATING.md");
    for named in prose.split("audit_layer_collector_").skip(1) {
        let end = named.find(|c: char| !c.is_ascii_lowercase() && c != '_');
        let name = &named[..end.unwrap()];
        assert!(real.iter().any(|(real, _)| real == name), "{name}");
    }
}

#[tokio::test]
async fn answers_are_counted_by_path_and_status_and_nothing_of_the_request() {
    let program = Program::start().await;
    program.record(&event("secret-id")).await;
    program.get("/v1/audit/logs/secret-id").await;
    program.get("/v1/audit/logs/secret-other").await;
    program.get("/v1/audit/logs?user_id=secret-user").await;
    program.get("/secret-path").await;
    let request = program.anonymous(Method::GET, "/v1/audit/logs");
    request.send().await.unwrap();

    let text = metrics(&program).await;
    for (series, expected) in [
        (r#"requests_total{path="/v1/audit/log",status="200"}"#, 1.0),
        (
            r#"requests_total{path="/v1/audit/logs/{id}",status="200"}"#,
            1.0,
        ),
        (
            r#"requests_total{path="/v1/audit/logs/{id}",status="404"}"#,
            1.0,
        ),
        (r#"requests_total{path="/v1/audit/logs",status="200"}"#, 1.0),
        (r#"requests_total{path="/v1/audit/logs",status="401"}"#, 1.0),
        (r#"requests_total{path="other",status="404"}"#, 1.0),
        (r#"request_seconds_count{path="/v1/audit/logs"}"#, 2.0),
    ] {
        assert_eq!(value(&text, series), expected, "{series}");
    }
    assert!(
        !text.contains("secret") && !text.contains("org_456"),
        "{text}"
    );
}
