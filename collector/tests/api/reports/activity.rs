//! The reports on a period and on what is missing.

use serde_json::{Value, json};

use super::{activity, call, completeness, decision, report};
use crate::erasure::erase;
use crate::program::{Folder, Program};
use crate::sample::event_with;

/// Events of three days in February 2025 and one of March.
async fn with_events() -> Program {
    let program = Program::start().await;
    let mut absent = call(
        "absent",
        3,
        json!({"timestamp": "2025-02-03T23:59:59Z", "user_id": "bob"}),
    );
    absent["metadata"]["audit_layer"]["usage"] = json!({"source": "absent"});
    absent["metadata"]["audit_layer"]["completion"]["state"] = json!("upstream_error");
    let events = [
        call("first", 1, json!({"timestamp": "2025-02-01T00:00:00Z"})),
        call(
            "second",
            2,
            json!({"timestamp": "2025-02-01T12:00:00Z", "decision_outcome": "approved"}),
        ),
        absent,
        event_with(
            "plain",
            json!({
                "timestamp": "2025-02-20T08:00:00Z", "organization_id": "org_1",
                "prompt_tokens": 7, "response_tokens": 5,
            }),
        ),
        call("late", 9, json!({"timestamp": "2025-03-01T00:00:00Z"})),
    ];
    for event in events {
        program.record(&event).await;
    }
    program
}

fn listed(top: &Value, name: &str) -> Vec<(Value, u64)> {
    let listed = top["listed"].as_array().unwrap().iter();
    listed
        .map(|one| (one[name].clone(), one["events"].as_u64().unwrap()))
        .collect()
}

/// What reads the text of a PDF back puts a space where a long word may be broken.
fn has(words: &str, expected: &str) -> bool {
    let expected = expected.replace(' ', "");
    words.replace(' ', "").contains(&expected)
}

#[tokio::test]
async fn a_period_is_added_up_by_everything_that_an_auditor_asks() {
    let program = with_events().await;
    let all = report(&program, activity("json")).await.json();
    let data = &all["data"];
    assert_eq!(data["events"], 4);
    assert_eq!(data["by_day"].as_object().unwrap().len(), 28);
    assert_eq!(data["by_day"]["2025-02-01"], 2);
    assert_eq!(data["by_day"]["2025-02-02"], 0);
    assert_eq!(data["by_day"]["2025-02-03"], 1);
    assert_eq!(
        listed(&data["users"], "name"),
        [
            (json!("alice"), 2),
            (json!("bob"), 1),
            (json!("user_123"), 1)
        ]
    );
    assert_eq!(
        listed(&data["risk_levels"], "name"),
        [(json!("high"), 3), (Value::Null, 1)]
    );
    assert_eq!(
        listed(&data["completion_states"], "name"),
        [
            (json!("complete"), 2),
            (Value::Null, 1),
            (json!("upstream_error"), 1)
        ]
    );
    assert_eq!(
        listed(&data["decisions"], "decision_outcome"),
        [
            (json!("denied"), 2),
            (Value::Null, 1),
            (json!("approved"), 1)
        ]
    );
    let counts = |events, input, output| {
        json!({
            "events": events, "input_tokens": input, "output_tokens": output,
            "input_unknown_events": 0, "output_unknown_events": 0,
        })
    };
    assert_eq!(data["tokens"]["reported"], counts(2, 500, 300));
    assert_eq!(data["tokens"]["application"], counts(1, 7, 5));
    assert_eq!(data["tokens"]["absent_events"], 1);
    assert_eq!(
        data["duration_ms"],
        json!({"p50": 1523, "p99": 1523, "max": 1523, "pending_events": 0})
    );
    assert_eq!(data["completeness"]["totals"]["missing"], 5);
    assert_eq!(
        data["removed"],
        json!({
            "expired_events": 0, "erasures": 0, "erased_events": 0, "unattributed_erasures": 0,
        })
    );
}

#[tokio::test]
async fn a_count_that_the_provider_gave_alone_is_in_a_sum_of_its_own() {
    let program = Program::start().await;
    let usages = [
        json!({"source": "reported", "input_tokens": 1, "output_tokens": 2}),
        json!({"source": "input_only", "input_tokens": 40, "output_tokens": null}),
        json!({"source": "output_only", "input_tokens": null, "output_tokens": 500}),
    ];
    for (seq, usage) in (1..).zip(usages) {
        let mut event = call(&format!("r{seq}"), seq, json!({}));
        event["prompt_tokens"] = json!(usage["input_tokens"].as_u64().unwrap_or(0));
        event["response_tokens"] = json!(usage["output_tokens"].as_u64().unwrap_or(0));
        event["metadata"]["audit_layer"]["usage"] = usage;
        program.record(&event).await;
    }
    let tokens = report(&program, activity("json")).await.json()["data"]["tokens"].clone();
    let counts = |input, output, unknown: [u64; 2]| {
        json!({
            "events": 1, "input_tokens": input, "output_tokens": output,
            "input_unknown_events": unknown[0], "output_unknown_events": unknown[1],
        })
    };
    assert_eq!(tokens["reported"], counts(1, 2, [0, 0]));
    assert_eq!(tokens["input_only"], counts(40, 0, [0, 1]));
    assert_eq!(tokens["output_only"], counts(0, 500, [1, 0]));
    let csv = report(&program, activity("csv")).await;
    for expected in [
        "input only: the provider reported no output count,Output unknown,1",
        "output only: the provider reported no input count,Input unknown,1",
    ] {
        assert!(csv.text().contains(expected), "{expected}: {}", csv.text());
    }
    for (id, expected) in [
        (
            "r2",
            "Output tokens,\"unknown: the provider reported no count, and none is estimated\"",
        ),
        (
            "r3",
            "Input tokens,\"unknown: the provider reported no count, and none is estimated\"",
        ),
    ] {
        let csv = report(&program, decision(id, "csv")).await;
        assert!(csv.text().contains(expected), "{expected}: {}", csv.text());
    }
}

#[tokio::test]
async fn what_was_erased_in_one_organization_is_not_told_to_another() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    for (id, organization, user) in [
        ("1", "org_1", "alice"),
        ("2", "org_2", "shared"),
        ("3", "org_2", "shared"),
        ("4", "org_3", "shared"),
    ] {
        let members = json!({"organization_id": organization, "user_id": user});
        program.record(&event_with(id, members)).await;
    }
    let everywhere = ["--all-organizations", "--user", "shared", "--yes"];
    assert!(erase(&folder, &everywhere).await.status.success());
    for (organization, erasures, erased_events) in [
        (Some("org_1"), 0, 0),
        (Some("org_2"), 1, 2),
        (Some("org_3"), 1, 1),
        (None, 1, 3),
    ] {
        let mut body = activity("json");
        if let Some(organization) = organization {
            body["organization_id"] = json!(organization);
        }
        let removed = report(&program, body).await.json()["data"]["removed"].clone();
        let expected = json!({
            "expired_events": 0, "erasures": erasures, "erased_events": erased_events,
            "unattributed_erasures": 0,
        });
        assert_eq!(removed, expected, "{organization:?}");
    }
}

#[tokio::test]
async fn an_empty_period_has_no_highest_day_of_one() {
    let program = Program::start().await;
    for format in ["html", "pdf"] {
        let document = report(&program, activity(format)).await;
        let text = match format {
            "pdf" => document.words(),
            _ => document.text().to_owned(),
        };
        assert!(text.contains("highest: 0"), "{text}");
    }
}

#[tokio::test]
async fn filters_of_a_query_narrow_a_report_too() {
    let program = with_events().await;
    for (name, value, events) in [
        ("user_id", "alice", 2),
        ("decision_outcome", "approved", 1),
        ("compliance_tag", "FCRA", 3),
        ("text", "reviewer", 3),
        ("completion_state", "upstream_error", 1),
        ("organization_id", "none", 0),
    ] {
        let mut body = activity("json");
        body[name] = json!(value);
        let all = report(&program, body.clone()).await.json();
        assert_eq!(all["data"]["events"], events, "{name}");
        assert_eq!(all["query"], body);
    }
}

#[tokio::test]
async fn people_read_the_same_numbers() {
    let program = with_events().await;
    let words = report(&program, activity("pdf")).await.words();
    let html = report(&program, activity("html")).await;
    for expected in [
        "4 events from 2025-02-01 to 2025-02-28",
        "gpt-4-turbo",
        "upstream_error",
        r#"start_date = "2025-02-01""#,
    ] {
        let as_html = expected.replace('"', "&quot;");
        assert!(has(&words, expected), "{expected}: {words}");
        assert!(
            html.text().contains(&as_html),
            "{expected}: {}",
            html.text()
        );
    }
    assert!(
        words.contains("5 events are missing from 1 of 1 writers."),
        "{words}"
    );
    assert!(html.text().contains("<svg"));
    let csv = report(&program, activity("csv")).await;
    let mut rows = csv::Reader::from_reader(csv.bytes.as_slice());
    let rows: Vec<Vec<String>> = rows
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect();
    assert!(
        rows.contains(
            &["Volume", "1", "2025-02-01", "Events", "2"]
                .map(str::to_owned)
                .to_vec()
        ),
        "{rows:?}"
    );
}

#[tokio::test]
async fn a_long_period_is_read_in_steps_and_listed_by_month() {
    let program = Program::start().await;
    let lines = (0..4500).map(|number| {
        let (month, day) = (number % 12 + 1, number % 28 + 1);
        let timestamp = format!("2025-{month:02}-{day:02}T10:00:00Z");
        let user = format!("user {}", number % 900);
        format!(
            "{}\n",
            event_with(
                &number.to_string(),
                json!({"timestamp": timestamp, "user_id": user})
            )
        )
    });
    program.record_lines(lines).await;
    let mut body = activity("json");
    body["start_date"] = json!("2025-01-01");
    body["end_date"] = json!("2025-12-31");
    let data = report(&program, body.clone()).await.json()["data"].clone();
    assert_eq!(data["events"], 4500);
    assert_eq!(data["users"]["listed"].as_array().unwrap().len(), 20);
    assert_eq!(data["users"]["other_names"], 880);
    body["format"] = json!("csv");
    let csv = report(&program, body).await;
    assert!(
        csv.text().contains("Volume,1,2025-01,Events,375"),
        "{}",
        csv.text()
    );
    assert!(
        csv.text().contains("Users,21,880 other users,Events,4400"),
        "{}",
        csv.text()
    );
}

#[tokio::test]
async fn completeness_lists_writers_and_their_holes() {
    let program = with_events().await;
    let data = report(&program, completeness("json")).await.json()["data"].clone();
    assert_eq!(
        data["totals"],
        json!({"writers": 1, "incomplete_writers": 1, "events": 4, "missing": 5})
    );
    assert_eq!(
        data["writers"][0]["holes"],
        json!([{"first_seq": 4, "last_seq": 8}])
    );
    assert_eq!(data["has_more_writers"], false);
    let words = report(&program, completeness("pdf")).await.words();
    for expected in [
        "5 events are missing",
        "e96accb386a94e00",
        "4 8 5",
        "dead letters",
    ] {
        assert!(has(&words, expected), "{expected}: {words}");
    }
    let mut other = completeness("html");
    other["writer_id"] = json!("none");
    let html = report(&program, other).await;
    let said = "No writer matches the query.";
    assert!(html.text().contains(said), "{}", html.text());
}

#[tokio::test]
async fn a_list_of_writers_with_holes_tells_of_those_without() {
    let program = Program::start().await;
    for (writer, seqs) in [("whole", [1, 2]), ("also whole", [1, 2]), ("w", [2, 4])] {
        for seq in seqs {
            let mut event = call(&format!("{writer} {seq}"), seq, json!({}));
            event["metadata"]["audit_layer"]["writer"]["id"] = json!(writer);
            program.record(&event).await;
        }
    }
    let mut asked = completeness("json");
    asked["incomplete"] = json!(true);
    let data = report(&program, asked.clone()).await.json()["data"].clone();
    assert_eq!(
        data["totals"],
        json!({"writers": 3, "incomplete_writers": 1, "events": 6, "missing": 2})
    );
    assert_eq!(data["writers"].as_array().unwrap().len(), 1);

    asked["format"] = json!("html");
    let html = report(&program, asked.clone()).await;
    let said = "2 events are missing from 1 of 3 writers.";
    assert!(html.text().contains(said), "{}", html.text());

    asked["writer_id"] = json!("whole");
    let html = report(&program, asked).await;
    let said = "Nothing is missing: all numbers up to the last one of each writer";
    assert!(html.text().contains(said), "{}", html.text());
}
