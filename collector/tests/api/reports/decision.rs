//! The report on one event.

use serde_json::{Value, json};

use super::{activity, call, decision, erase, refused, report, sha256};
use crate::program::{Folder, Program};
use crate::sample::event_with;

async fn with_holes() -> Program {
    let program = Program::start().await;
    for seq in [1, 2, 5, 9] {
        program
            .record(&call(&format!("r{seq}"), seq, json!({})))
            .await;
    }
    program
}

#[tokio::test]
async fn json_has_the_event_its_checks_and_the_gaps_around_it() {
    let program = with_holes().await;
    let document = report(&program, decision("r5", "json")).await;
    assert_eq!(document.headers["content-type"], "application/json");
    let all = document.json();
    assert_eq!(all["schema"], "audit-layer-report/1");
    assert_eq!(all["report_type"], "decision_audit");
    assert_eq!(all["id"], document.id());
    assert_eq!(all["organization_id"], "org_1");
    assert_eq!(all["query"], decision("r5", "json"));
    assert_eq!(all["generated_by"]["key_id"], Value::Null);
    assert!(
        all["generated_by"]["program"]
            .as_str()
            .unwrap()
            .starts_with("audit-layer ")
    );

    let data = &all["data"];
    let log = program.get("/v1/audit/logs/r5").await;
    assert_eq!(data["log_id"], log.json()["id"]);
    assert_eq!(data["event"]["request_id"], "r5");
    let checks = [
        json!({
            "hash": "prompt_hash", "result": "matches",
            "recorded": log.json()["prompt_hash"], "computed": log.json()["prompt_hash"],
        }),
        json!({
            "hash": "response_hash", "result": "matches",
            "recorded": sha256("Send it to a reviewer."),
            "computed": sha256("Send it to a reviewer."),
        }),
    ];
    assert_eq!(data["checks"], json!(checks));
    let sequence = &data["sequence"];
    assert_eq!(sequence["seq"], 5);
    assert_eq!(sequence["writer"]["missing"], 5);
    assert_eq!(
        sequence["writer"]["holes"],
        json!([{"first_seq": 3, "last_seq": 4}, {"first_seq": 6, "last_seq": 8}])
    );
}

#[tokio::test]
async fn of_many_holes_the_nearest_to_the_event_are_told() {
    let program = Program::start().await;
    let lines = (0..=2000).map(|number| {
        let audit_layer = json!({"writer": {"id": "w", "seq": 2 * number + 1}});
        let members = json!({"metadata": {"audit_layer": audit_layer}});
        format!("{}\n", event_with(&format!("r{}", 2 * number + 1), members))
    });
    let batch = lines.collect::<String>();
    let answer = program.post("/v1/audit/log/batch", batch).await;
    assert_eq!(answer.status, 200);
    let holes_at = async |id: &str| -> (Vec<i64>, bool) {
        let data = report(&program, decision(id, "json")).await.json()["data"].clone();
        let writer = &data["sequence"]["writer"];
        let holes = writer["holes"].as_array().unwrap().iter();
        let holes = holes.map(|hole| hole["first_seq"].as_i64().unwrap());
        (holes.collect(), writer["has_more_holes"] == true)
    };
    let evens = |first: i64| (0..10).map(|number| first + 2 * number).collect::<Vec<_>>();
    assert_eq!(holes_at("r4001").await, (evens(3982), true));
    assert_eq!(holes_at("r3001").await, (evens(2992), true));
    assert_eq!(holes_at("r1").await, (evens(2), true));
}

#[tokio::test]
async fn the_hashes_of_a_report_can_be_checked_by_whoever_has_it() {
    let program = with_holes().await;
    let document = report(&program, decision("r5", "json")).await;
    let text = document.text();
    let (_, data) = text.split_once("\"data\":").unwrap();
    let data = data.strip_suffix('}').unwrap();
    assert_eq!(document.json()["data_sha256"], sha256(data));

    let sent = call("r5", 5, json!({})).to_string();
    assert_eq!(document.json()["data"]["event_sha256"], sha256(&sent));
}

#[tokio::test]
async fn every_format_says_what_an_auditor_asks() {
    let program = with_holes().await;
    let prompt_hash = sha256("Analyze this application: score 680");
    for format in ["pdf", "html", "csv"] {
        let document = report(&program, decision("r5", format)).await;
        let text = match format {
            "pdf" => document.words(),
            _ => document.text().to_owned(),
        };
        for expected in [
            "alice",
            "gpt-4-turbo",
            "Analyze this application: score 680",
            "Send it to a reviewer.",
            "credit_report",
            "loan_underwriting",
            "denied",
            "The debt is too high.",
            "0.875",
            "FCRA",
            "gateway.example",
            "north",
            "header_not_utf8",
            "10.0.0.7:5586",
            "240",
            &prompt_hash,
            document.id(),
            "audit_log_id = ",
        ] {
            assert!(text.contains(expected), "{expected} in {format}: {text}");
        }
    }
}

#[tokio::test]
async fn an_event_is_found_by_its_log_id_too() {
    let program = with_holes().await;
    let id = program.get("/v1/audit/logs/r2").await.json()["id"].clone();
    let document = report(&program, decision(id.as_str().unwrap(), "json")).await;
    assert_eq!(document.json()["data"]["event"]["request_id"], "r2");
}

#[tokio::test]
async fn a_request_id_of_several_organizations_is_not_enough() {
    let program = Program::start().await;
    for organization in ["org_1", "org_2"] {
        let event = event_with("r", json!({"organization_id": organization}));
        program.record(&event).await;
    }
    let mut body = decision("r", "json");
    let answer = refused(&program, body.clone()).await;
    answer.error(409, "ambiguous_request_id");
    body["organization_id"] = json!("org_1");
    let all = report(&program, body).await.json();
    assert_eq!(all["organization_id"], "org_1");
    assert_eq!(all["data"]["event"]["organization_id"], "org_1");
}

#[tokio::test]
async fn a_hash_that_differs_is_said_first() {
    let program = Program::start().await;
    let changed = json!({"prompt_content": "Approve this application"});
    program.record(&call("r", 1, changed)).await;
    let document = report(&program, decision("r", "json")).await;
    let check = &document.json()["data"]["checks"][0];
    assert_eq!(check["result"], "differs");
    assert_eq!(check["computed"], sha256("Approve this application"));
    let document = report(&program, decision("r", "pdf")).await;
    assert!(document.pages()[0].contains("The hash of the prompt differs"));
}

#[tokio::test]
async fn a_token_count_that_the_provider_did_not_give_is_unknown() {
    let program = Program::start().await;
    let mut one_sided = call("r", 1, json!({"prompt_tokens": 0, "response_tokens": 20}));
    one_sided["metadata"]["audit_layer"]["usage"] =
        json!({"source": "reported", "output_tokens": 20});
    program.record(&one_sided).await;
    let csv = report(&program, decision("r", "csv")).await;
    for expected in [
        "Input tokens,\"unknown: the provider reported no count, and none is estimated\"",
        "Output tokens,20",
        "Source of the counts,The provider’s final counts.",
    ] {
        assert!(csv.text().contains(expected), "{expected}: {}", csv.text());
    }
    let data = report(&program, activity("json")).await.json()["data"].clone();
    assert_eq!(data["tokens"]["reported"]["input_unknown_events"], 1);
    assert_eq!(data["tokens"]["reported"]["output_tokens"], 20);
}

#[tokio::test]
async fn a_decision_that_the_model_made_says_so() {
    let program = Program::start().await;
    let mut decided = call("r", 1, json!({}));
    decided["metadata"]["audit_layer"]["response"]["decision"] = json!({
        "source": {"decision_outcome": "answer", "confidence_score": "caller"},
        "answers": [{"name": "affordable", "outcome": "false", "confidence": 0.966}, {"outcome": "1.8"}, 7],
    });
    program.record(&decided).await;
    let csv = report(&program, decision("r", "csv")).await;
    for row in [
        "Decision,,,Source of the outcome,the model’s answer",
        "Decision,,,Source of the confidence,the caller",
        "Decision,,,Answer: affordable,false (0.966)",
        "Decision,,,Answer,1.8",
    ] {
        assert!(csv.text().contains(row), "{row}: {}", csv.text());
    }
}

#[tokio::test]
async fn an_event_of_an_application_says_what_only_a_gateway_knows() {
    let program = Program::start().await;
    program.record(&event_with("plain", json!({}))).await;
    let all = report(&program, decision("plain", "json")).await.json();
    assert_eq!(all["data"]["sequence"], Value::Null);
    assert_eq!(all["data"]["checks"][0]["result"], "cannot_be_checked");
    assert_eq!(
        all["data"]["checks"][0]["reason"],
        "it is not a SHA-256 hash"
    );
    let words = report(&program, decision("plain", "pdf")).await.words();
    assert!(words.contains("No gateway numbered this event"), "{words}");
    assert!(words.contains("the application itself"), "{words}");
}

#[tokio::test]
async fn a_report_says_what_was_checked_and_not_that_all_is_well() {
    let program = Program::start().await;
    program.record(&call("fine", 1, json!({}))).await;
    program
        .record(&event_with("no hash", json!({"prompt_hash": ""})))
        .await;
    program
        .record(&event_with(
            "pretender",
            json!({"metadata": {"audit_layer": {"x": 1}}}),
        ))
        .await;
    for (id, said, unsaid) in [
        (
            "fine",
            &[
                "The hash of the prompt matches: the SHA-256",
                "All numbers of its writer up to the last, 1, were received.",
                "a gateway, according to the event (audit-layer/0.1.0)",
            ][..],
            &["Note:"][..],
        ),
        (
            "no hash",
            &[
                "The hash of the prompt cannot be checked: none was recorded.",
                "No gateway numbered this event",
                "unknown: none was recorded",
            ],
            &["read completely"],
        ),
        (
            "pretender",
            &["the application itself", "No gateway numbered this event"],
            &["a gateway, according", "Completion state"],
        ),
    ] {
        let html = report(&program, decision(id, "html")).await;
        let text = html.text();
        for said in said {
            assert!(text.contains(said), "{said}: {text}");
        }
        for unsaid in [unsaid, &["Nothing speaks against"]].concat() {
            assert!(!text.contains(unsaid), "{unsaid}: {text}");
        }
    }
}

#[tokio::test]
async fn what_speaks_against_a_record_is_said_first() {
    let program = Program::start().await;
    let mut cut = call("cut", 1, json!({}));
    cut["metadata"]["audit_layer"]["capture"]["notes"] = json!([
        "header_not_utf8",
        "request_body_truncated",
        "stream_framing_broken"
    ]);
    program.record(&cut).await;
    program.record(&call("again", 1, json!({}))).await;
    let page = report(&program, decision("cut", "pdf")).await.pages()[0].clone();
    let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "Note: Part of the call is missing from this record. The request’s body was larger than the limit \
         for reading, or has lists with more items than are read; only the beginning was read. The \
         stream’s framing was broken (a wrong checksum, an impossible length, an end within a message): \
         what follows was not read.",
        "so several events share a number",
    ] {
        assert!(words.contains(said), "{said}: {words}");
    }
}

#[tokio::test]
async fn an_erased_event_is_shown_as_one() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    program.record(&call("r", 1, json!({}))).await;
    assert!(erase(&folder).await.status.success());

    let data = report(&program, decision("r", "json")).await.json()["data"].clone();
    assert_eq!(data["event"]["prompt_hash"], "");
    assert_eq!(
        data["checks"][0]["reason"],
        "it was erased, if there was any"
    );
    assert_eq!(
        data["checks"][1]["reason"],
        "it was erased, if there was any"
    );
    let words = report(&program, decision("r", "pdf")).await.words();
    assert!(
        words.contains("The content of this event was erased on request."),
        "{words}"
    );
    assert!(!words.contains("score 680"), "{words}");
}

#[tokio::test]
async fn what_was_erased_is_not_told_as_never_recorded() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    program.record(&call("r", 1, json!({}))).await;
    assert!(erase(&folder).await.status.success());
    let csv = report(&program, decision("r", "csv")).await;
    let text = csv.text();
    let if_any = "If there was any, it was erased on request.";
    let the_rest = "\"The rest, if any, was erased on request.\"";
    let unknown = "\"unknown: it was erased, if there was any\"";
    for (section, name, value) in [
        (
            "Decision",
            "remark",
            "\"The reasoning of the decision, if any, was erased on request.\"",
        ),
        (
            "Prompt",
            "remark",
            "\"The prompt, if any, was erased on request.\"",
        ),
        (
            "Answer",
            "remark",
            "\"The answer, if any, was erased on request.\"",
        ),
        ("Model", "Answered by", unknown),
        ("Model", "Answer id", unknown),
        ("Model", "Parameters", unknown),
        ("Completion", "Stop reason", unknown),
        ("Completion", "Proxy flags", unknown),
        ("Completion", "Proxy details", unknown),
        ("Completion", "Error", unknown),
        ("Integrity", "\"Answer hash, as recorded\"", unknown),
        ("Tool calls", "remark", &format!("\"{if_any}\"")),
        ("Capture", "api", "openai.chat_completions"),
        ("Capture", "remark", the_rest),
        ("Gateway", "remark", &format!("\"{if_any}\"")),
        ("Caller metadata", "remark", &format!("\"{if_any}\"")),
    ] {
        let row = format!("{section},,,{name},{value}");
        assert!(text.contains(&row), "{row}: {text}");
    }
    for untrue in [
        "not set",
        "none set",
        "not reported",
        "none reported",
        "No reasoning",
        "no capture notes",
    ] {
        assert!(!text.contains(untrue), "{untrue}: {text}");
    }
}

#[tokio::test]
async fn whoever_sends_an_event_cannot_have_it_shown_as_erased_here() {
    let program = Program::start().await;
    let erasure = json!({"erased_at": "2026-01-01T00:00:00Z", "event_hash": sha256("x")});
    let with_content = call("forged", 1, json!({"erasure": erasure}));
    program.record(&with_content).await;
    let words = report(&program, decision("forged", "pdf")).await.words();
    assert!(!words.contains("erased"), "{words}");

    // As it is when an export of another collector is recorded again.
    let no_content = json!({"erasure": erasure, "prompt_content": "", "response_content": ""});
    program.record(&call("moved", 2, no_content)).await;
    let words = report(&program, decision("moved", "pdf")).await.words();
    let said = "was erased before the event was recorded here, according to the event.";
    assert!(words.contains(said), "{words}");
    assert!(words.contains(&sha256("x")), "{words}");

    let data = report(&program, activity("json")).await.json()["data"].clone();
    assert_eq!([&data["events"], &data["erased_events"]], [2, 0]);
}
