//! Calls that passed two gateways, and calls whose content is not read.

use serde_json::{Value, json};

use super::{activity, call, decision, erase, report};
use crate::program::{Folder, Program};
use crate::query::request_ids;

/// The event of a gateway behind another one, which recorded the call as `outer`.
fn inner(id: &str, seq: u64, outer: &str) -> Value {
    let mut event = call(id, seq, json!({"timestamp": "2025-02-01T10:30:01Z"}));
    let audit_layer = &mut event["metadata"]["audit_layer"];
    audit_layer["writer"]["id"] = json!("inner");
    audit_layer["gateway"]["outer_request_id"] = json!(outer);
    audit_layer["capture"]["notes"] = json!(["recorded_by_outer_gateway"]);
    event
}

async fn figures(program: &Program, more: Value) -> Value {
    let mut body = activity("json");
    let Value::Object(more) = more else {
        panic!("members are an object")
    };
    body.as_object_mut().unwrap().extend(more);
    report(program, body).await.json()["data"].clone()
}

/// How many events are in the sums, left out, and counted although they have the mark.
fn counts(data: &Value) -> [u64; 3] {
    let marked = &data["recorded_by_outer_gateway"];
    let counts = [
        &data["events"],
        &marked["skipped_events"],
        &marked["counted_events"],
    ];
    counts.map(|count| count.as_u64().unwrap())
}

#[tokio::test]
async fn a_call_that_passes_two_gateways_is_counted_once() {
    let program = Program::start().await;
    program.record(&call("outer", 1, json!({}))).await;
    program.record(&inner("inner", 1, "outer")).await;
    // The same call, tried again by the outer gateway.
    program.record(&inner("again", 2, "outer")).await;
    let data = figures(&program, json!({})).await;
    assert_eq!(counts(&data), [1, 2, 0]);
    assert_eq!(data["tokens"]["reported"]["input_tokens"], 250);
    assert_eq!(data["users"]["listed"][0]["events"], 1);
    assert_eq!(data["by_day"]["2025-02-01"], 1);
    // What was received of the writers is told of all of them.
    let totals = json!({"writers": 2, "incomplete_writers": 0, "events": 3, "missing": 0});
    assert_eq!(data["completeness"]["totals"], totals);

    let csv = report(&program, activity("csv")).await;
    let said = "Events excluded because an outer gateway recorded the same calls,2";
    assert!(csv.text().contains(said), "{}", csv.text());
    let words = report(&program, decision("inner", "pdf")).await.words();
    let said = "An outer gateway recorded this call too, as the event with the request id outer.";
    assert!(words.contains(said), "{words}");
    let words = report(&program, decision("outer", "pdf")).await.words();
    assert!(!words.contains("An outer gateway"), "{words}");
}

#[tokio::test]
async fn a_mark_takes_no_call_out_of_a_sum_that_has_no_other_event_of_it() {
    let program = Program::start().await;
    program.record(&inner("lost", 1, "never arrived")).await;
    program.record(&inner("itself", 2, "itself")).await;
    let foreign = json!({"organization_id": "org_2"});
    program.record(&call("of another", 1, foreign)).await;
    program.record(&inner("foreign", 3, "of another")).await;
    let data = figures(&program, json!({"organization_id": "org_1"})).await;
    assert_eq!(counts(&data), [3, 0, 2]);

    let outer = json!({"model_provider": "gateway.example", "timestamp": "2025-01-31T23:59:59Z"});
    program.record(&call("outer", 2, outer)).await;
    program.record(&inner("inner", 4, "outer")).await;
    for (filter, expected) in [
        (
            json!({"model_provider": "openai", "organization_id": "org_1"}),
            [4, 0, 3],
        ),
        (
            json!({"text": "score", "organization_id": "org_1"}),
            [3, 1, 2],
        ),
        // It is counted in the report on the day before.
        (json!({"organization_id": "org_1"}), [3, 1, 2]),
        (
            json!({"start_date": "2025-01-31", "organization_id": "org_1"}),
            [4, 1, 2],
        ),
    ] {
        assert_eq!(
            counts(&figures(&program, filter.clone()).await),
            expected,
            "{filter}"
        );
    }
}

#[tokio::test]
async fn the_outer_event_is_found_however_many_others_are_between_the_two() {
    let program = Program::start().await;
    let outer = json!({"timestamp": "2025-02-01T08:00:00Z"});
    program.record(&call("outer", 1, outer)).await;
    let others =
        (0..2500).map(|number| format!("{}\n", call(&format!("r{number}"), number + 2, json!({}))));
    program.record_lines(others).await;
    program.record(&inner("inner", 1, "outer")).await;
    assert_eq!(counts(&figures(&program, json!({})).await), [2501, 1, 0]);
}

#[tokio::test]
async fn what_an_outer_gateway_recorded_is_found_by_its_event() {
    let program = Program::start().await;
    program.record(&call("outer", 1, json!({}))).await;
    program.record(&inner("inner", 1, "outer")).await;
    program.record(&inner("other", 2, "another")).await;
    let found = request_ids(&program, "outer_request_id=outer").await;
    assert_eq!(found, ["inner"]);
    let found = request_ids(&program, "outer_request_id=outer&user_id=alice&text=score").await;
    assert_eq!(found, ["inner"]);
    assert!(
        request_ids(&program, "outer_request_id=inner")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn an_erased_event_still_gives_way_and_is_still_found() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let mut outer = call("outer", 1, json!({}));
    outer["metadata"]["audit_layer"]["capture"]["api"] = json!("unknown");
    program.record(&outer).await;
    program.record(&inner("inner", 1, "outer")).await;
    assert!(erase(&folder).await.status.success());
    let data = figures(&program, json!({})).await;
    assert_eq!(counts(&data), [1, 1, 0]);
    assert_eq!(data["unread_events"], 1);
    let csv = report(&program, decision("inner", "csv")).await;
    for row in [
        "Gateway,,,outer_request_id,outer",
        "Gateway,,,remark,\"The rest, if any, was erased on request.\"",
    ] {
        assert!(csv.text().contains(row), "{row}: {}", csv.text());
    }
    assert_eq!(
        request_ids(&program, "outer_request_id=outer").await,
        ["inner"]
    );
    assert_eq!(
        request_ids(&program, "capture_api=unknown").await,
        ["outer"]
    );
}

#[tokio::test]
async fn calls_whose_content_is_not_read_are_found_and_counted() {
    let program = Program::start().await;
    let with_api = |id: &str, seq: u64, api: Value| {
        let mut event = call(id, seq, json!({}));
        event["metadata"]["audit_layer"]["capture"]["api"] = api;
        event
    };
    program
        .record(&with_api("unread", 1, json!("unknown")))
        .await;
    program
        .record(&with_api("chat", 2, json!("openai.chat_completions")))
        .await;
    program
        .record(&with_api("odd", 3, json!({"unknown": 1})))
        .await;
    for (api, expected) in [
        ("unknown", &["unread"][..]),
        ("openai.chat_completions", &["chat"]),
        ("unknow", &[]),
        ("", &[]),
    ] {
        let found = request_ids(&program, &format!("capture_api={api}")).await;
        assert_eq!(found, expected, "{api}");
    }
    let data = figures(&program, json!({})).await;
    assert_eq!([&data["events"], &data["unread_events"]], [3, 1]);
    let apis = data["apis"]["listed"].as_array().unwrap();
    assert!(
        apis.contains(&json!({"name": "unknown", "events": 1})),
        "{apis:?}"
    );
    assert_eq!(
        figures(&program, json!({"capture_api": "unknown"})).await["events"],
        1
    );
    let words = report(&program, activity("pdf")).await.words();
    let said =
        "Note: 1 call was to a known provider with an API path that the gateway does not know";
    assert!(words.contains(said), "{words}");
}

#[tokio::test]
async fn the_tokens_of_an_answer_that_is_only_fetched_are_no_second_time_in_a_sum() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    program.record(&call("asked", 1, json!({}))).await;
    for seq in [2, 3] {
        let none = json!({"prompt_tokens": 0, "response_tokens": 0});
        let mut fetched = call(&format!("fetched {seq}"), seq, none);
        fetched["metadata"]["audit_layer"]["capture"]["notes"] = json!(["answer_fetched"]);
        program.record(&fetched).await;
    }
    for is_erased in [false, true] {
        if is_erased {
            assert!(erase(&folder).await.status.success());
        }
        let tokens = figures(&program, json!({})).await["tokens"].clone();
        for (name, events, input) in [("reported", 1, 250), ("fetched", 2, 500)] {
            let sum = [&tokens[name]["events"], &tokens[name]["input_tokens"]];
            assert_eq!(sum, [events, input], "{name}, {is_erased}");
        }
    }
}
