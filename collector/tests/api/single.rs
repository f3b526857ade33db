//! `POST /v1/audit/log`

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::program::Program;
use crate::sample::{event, event_with, gateway_event};

#[tokio::test]
async fn a_repeat_gets_the_first_id_and_changes_nothing() {
    let program = Program::start().await;
    let sent = event_with("r", json!({"reasoning": "first"}));
    let first = program.record(&sent).await;
    let second = program.record(&sent).await;
    assert_eq!(first["status"], "stored");
    assert_eq!(
        second,
        json!({"id": first["id"], "request_id": "r", "status": "duplicate"})
    );
    assert_eq!(
        program.get("/v1/audit/logs/r").await.json()["reasoning"],
        "first"
    );
}

#[tokio::test]
async fn the_same_request_id_in_two_organizations_is_two_events() {
    let program = Program::start().await;
    for organization in ["one", "two"] {
        let event = event_with("r", json!({"organization_id": organization}));
        assert_eq!(program.record(&event).await["status"], "stored");
    }
    let page = program.get("/v1/audit/logs").await.json();
    assert_eq!(page["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn which_of_several_events_a_request_id_means_is_not_guessed() {
    let program = Program::start().await;
    let mut ids = Vec::new();
    for organization in ["one", "two"] {
        let event = event_with("r", json!({"organization_id": organization}));
        ids.push(program.record(&event).await["id"].clone());
    }
    let answer = program.get("/v1/audit/logs/r").await;
    let error = answer.error(409, "ambiguous_request_id").clone();
    assert_eq!(error["field"], "organization_id");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("organization_id") && message.contains("log id"));

    let path = "/v1/audit/logs/r?organization_id=";
    for (organization, id) in ["one", "two"].iter().zip(&ids) {
        let found = program.get(&format!("{path}{organization}")).await.json();
        assert_eq!(found["id"], *id);
    }
    program
        .get(&format!("{path}three"))
        .await
        .error(404, "not_found");
    let first = ids[0].as_str().unwrap();
    let found = program.get(&format!("/v1/audit/logs/{first}")).await.json();
    assert_eq!(found["organization_id"], "one");
    let unknown = program.get("/v1/audit/logs/r?organisation=one").await;
    unknown.error(400, "invalid_parameter");
}

#[tokio::test]
async fn a_pending_event_gives_way_to_the_final_one_and_keeps_its_id() {
    let program = Program::start().await;
    let pending = program.record(&gateway_event("r", "pending")).await;
    let again = program.record(&gateway_event("r", "pending")).await;
    assert_eq!(again["status"], "duplicate");

    let end = program.record(&gateway_event("r", "complete")).await;
    assert_eq!(
        end,
        json!({"id": pending["id"], "request_id": "r", "status": "stored"})
    );
    let stored = program.get("/v1/audit/logs/r").await.json();
    assert_eq!(
        stored["metadata"]["audit_layer"]["completion"]["state"],
        "complete"
    );
}

#[tokio::test]
async fn a_final_event_gives_way_to_nothing() {
    let program = Program::start().await;
    let first = program.record(&gateway_event("r", "client_abort")).await;
    for (state, status) in [("pending", "duplicate"), ("complete", "conflict")] {
        assert_eq!(
            program.record(&gateway_event("r", state)).await["status"],
            status
        );
    }
    let path = format!("/v1/audit/logs/{}", first["id"].as_str().unwrap());
    let stored = program.get(&path).await.json();
    assert_eq!(
        stored["metadata"]["audit_layer"]["completion"]["state"],
        "client_abort"
    );
}

#[tokio::test]
async fn numbers_and_unknown_members_come_back_byte_for_byte() {
    let program = Program::start().await;
    let odd = r#""model_parameters": {"temperature": 1.0, "top_p":1e-7,"seed":18446744073709551615},
        "metadata":{"n":[0.10, -0.0, 123456789012345678901234567890]}, "extra" : {"é":"\u00e9\/"},"#;
    let sent = event("r").to_string().replacen('{', &format!("{{{odd}"), 1);
    program.post("/v1/audit/log", sent.clone()).await;
    let got = program.get("/v1/audit/logs/r").await.text;
    assert!(got.ends_with(sent.strip_prefix('{').unwrap()), "{got}");
    let added = serde_json::from_str::<Value>(&got).unwrap();
    assert!(added["received_at"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn line_separators_and_control_characters_in_content_survive() {
    let program = Program::start().await;
    let content = "a\u{2028}b\u{2029}c\nd\r\ne\u{85}\0\u{1F600}";
    program
        .record(&event_with("r", json!({"prompt_content": content})))
        .await;
    assert_eq!(
        program.get("/v1/audit/logs/r").await.json()["prompt_content"],
        content
    );
}

#[tokio::test]
async fn an_exported_event_can_be_recorded_again() {
    let [one, other] = [Program::start().await, Program::start().await];
    one.record(&event("r")).await;
    let exported = one.get("/v1/audit/logs/r").await;
    let answer = other.record(&exported.json()).await;
    let stored = other.get("/v1/audit/logs/r").await;
    assert_eq!(stored.json()["id"], answer["id"]);
    assert_ne!(stored.json()["id"], exported.json()["id"]);
    assert_eq!(stored.text.matches("\"received_at\"").count(), 1);
}

/// The database reads the event as JSON itself: it must not be stricter than we are.
#[tokio::test]
async fn whatever_is_an_event_can_be_stored_and_found() {
    let program = Program::start().await;
    let deep = format!("{}{}", "[".repeat(99), "]".repeat(99));
    let odd = [
        r#""x":1e308,"y":-0.0,"z":123456789012345678901234567890,"":0"#,
        r#""compliance_tags":["","","\u0000","SOC2"],"x":"\u2028\/\b\f\ud83d\ude00""#,
        r#""metadata":{"a":1,"a":2,"":{"":[]}},"x":[],"x":{}"#,
        r#""response_content":"\u0000","reasoning":"\u0000 needle \u0000""#,
        "\"x\":\u{7f}",
        &format!("\"x\":{deep}"),
        " \t\r\n \"x\"\r:\n1e-400 ",
    ];
    let mut stored = 0;
    for (number, members) in odd.into_iter().enumerate() {
        let mut plain = event(&number.to_string());
        if members.contains("response_content") {
            plain.as_object_mut().unwrap().remove("response_content");
        }
        let sent = plain.to_string().replacen('{', &format!("{{{members},"), 1);
        let answer = program.post("/v1/audit/log", sent).await;
        // A bare control character is no JSON.
        let is_json = number != 4;
        assert_eq!(
            answer.status,
            if is_json { 200 } else { 400 },
            "{members}: {}",
            answer.text
        );
        stored += usize::from(is_json);
    }
    let all = program
        .get("/v1/audit/logs?compliance_tag=SOC2")
        .await
        .json();
    assert_eq!(all["data"].as_array().unwrap().len(), 1);
    let all = program.get("/v1/audit/logs?text=needle").await.json();
    assert_eq!(all["data"].as_array().unwrap().len(), 1);
    let all = program.get("/v1/audit/logs?format=csv").await;
    assert_eq!(all.text.matches("gpt-4-turbo").count(), stored);
}

#[tokio::test]
async fn half_a_surrogate_pair_is_refused_as_invalid_json() {
    let program = Program::start().await;
    let sent = event("r").to_string().replace("Analyze", r"\ud83d");
    program
        .post("/v1/audit/log", sent)
        .await
        .error(400, "invalid_json");
}

#[tokio::test]
async fn a_wrong_member_is_named() {
    let program = Program::start().await;
    let wrong = event_with("r", json!({"duration_ms": "fast"}));
    let answer = program.post("/v1/audit/log", wrong.to_string()).await;
    let error = answer.error(400, "invalid_event");
    assert_eq!(error["field"], "duration_ms");
    let stored = program.get("/v1/audit/logs/r").await;
    assert_eq!(stored.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn many_requests_at_once_store_each_event_once() {
    let program = Program::start().await;
    let repeated: Vec<_> = (0..200)
        .map(|number| event(&format!("r{}", number % 100)))
        .collect();
    let answers: Vec<_> = repeated.iter().map(|event| program.record(event)).collect();
    let mut stored = 0;
    for answer in futures_util::future::join_all(answers).await {
        stored += usize::from(answer["status"] == "stored");
    }
    assert_eq!(stored, 100);
    let page = program.get("/v1/audit/logs?limit=500").await.json();
    assert_eq!(page["data"].as_array().unwrap().len(), 100);
}
