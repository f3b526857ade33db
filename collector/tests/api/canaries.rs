//! After an erasure nothing of what was written is anywhere: canaries under every member, in every
//! shape, are looked for in all files, answers and logs.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use sqlx::{Connection, Executor};

use crate::erasure::{ANN, erase};
use crate::program::{Folder, Program};
use crate::query::pages;
use crate::sample::event_with;
use crate::upgrade::database_of;

/// What a client can put in the place of any value.
fn shapes(canary: &str) -> Vec<Value> {
    vec![
        json!(canary),
        json!([canary]),
        json!({"note": canary}),
        json!([[canary], {"note": [canary]}]),
        json!({canary: 1}),
        json!({"id": canary, "state": canary, "source": canary, "api": canary, "seq": 1}),
        json!({"state": "complete", "error": canary, "details": canary}),
        json!({"source": "reported", "input_tokens": canary}),
        json!({"notes": ["answer_fetched", canary], "outer_request_id": canary}),
    ]
}

const UNDER_THE_GATEWAY: [&str; 12] = [
    "schema",
    "writer",
    "completion",
    "usage",
    "timing",
    "capture",
    "gateway",
    "prompt",
    "response",
    "request",
    "decision",
    "other",
];

/// Events of ann with a canary each, and how many there are.
fn events() -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    let mut plant = |members: &dyn Fn(&str) -> Value| {
        let number = all.len();
        let canary = format!("CANARY {number:04} yellow");
        let mut event = event_with(
            &format!("r{number}"),
            json!({"user_id": "ann", "organization_id": "one", "prompt_content": "", "reasoning": null}),
        );
        let members = members(&canary);
        event
            .as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        all.push(event);
    };
    for name in [
        "prompt_content",
        "response_content",
        "reasoning",
        "prompt_hash",
    ] {
        plant(&|canary| json!({ name: canary }));
        plant(&|canary| json!({ name: format!("{canary} {}", "x".repeat(100_000)) }));
    }
    for number in 0..9 {
        plant(&|canary| json!({"unknown": shapes(canary)[number]}));
        plant(&|canary| json!({"metadata": {"mine": shapes(canary)[number]}}));
        plant(&|canary| json!({"metadata": {"audit_layer": shapes(canary)[number]}}));
        plant(&|canary| json!({"model_parameters": {"stop": shapes(canary)[number]}}));
        for name in UNDER_THE_GATEWAY {
            // A text and a number are a writer, which stays known to completeness.
            if (name, number) == ("writer", 5) {
                continue;
            }
            plant(&|canary| json!({"metadata": {"audit_layer": {name: shapes(canary)[number]}}}));
        }
    }
    all
}

/// The words behind `CANARY` in all files of the folder.
fn canaries_in_files(folder: &Path) -> BTreeSet<String> {
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let texts = files
        .filter(|path| path.is_file())
        .map(|path| std::fs::read(path).unwrap());
    let words = |bytes: Vec<u8>| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let behind = text.split("CANARY ").skip(1);
        let word = |text: &str| text.chars().take(4).collect::<String>();
        behind.map(word).collect::<Vec<_>>()
    };
    texts.flat_map(words).collect()
}

/// Whether any file of the folder has these bytes.
fn is_in_files(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|file| {
        let path = file.unwrap().path();
        path.is_file()
            && memchr::memmem::find(&std::fs::read(path).unwrap(), text.as_bytes()).is_some()
    })
}

#[tokio::test]
async fn no_canary_is_left_in_any_file_answer_or_log() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let events = events();
    let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
    let answer = program.post("/v1/audit/log/batch", lines).await.json();
    assert_eq!(answer["accepted"], events.len(), "{answer}");
    // A record that a later one has taken the place of is in a page that is free.
    for state in ["pending", "complete"] {
        let audit_layer = json!({"completion": {"state": state}});
        let event = event_with(
            "p",
            json!({
                "user_id": "ann", "organization_id": "one", "prompt_content": format!("CANARY {state}"),
                "metadata": {"audit_layer": audit_layer},
            }),
        );
        program.record(&event).await;
    }
    for format in ["json", "html", "csv"] {
        let report =
            json!({"report_type": "decision_audit", "audit_log_id": "r0", "format": format});
        program
            .post("/v1/reports/generate", report.to_string())
            .await;
    }
    assert!(is_in_files(&folder.path(""), "CANARY"));
    let output = erase(&folder, &ANN).await;
    assert!(output.status.success(), "{output:?}");

    assert!(!is_in_files(&folder.path(""), "CANARY"));
    for path in [
        "/v1/audit/logs?limit=500",
        "/v1/audit/logs?format=ndjson",
        "/v1/audit/logs?format=csv",
        "/v1/audit/values",
        "/v1/audit/completeness",
        "/v1/reports",
        "/v1/audit/history?limit=500",
        "/v1/audit/history?format=csv",
        "/metrics",
    ] {
        let answer = program.get(path).await.text;
        assert!(!answer.contains("CANARY"), "{path}: {answer}");
    }
    for reading in [
        "text=canary",
        "text=yellow",
        "text=CANARY+0000",
        "prompt_hash=CANARY+0006+yellow",
        "completion_state=complete&text=canary",
    ] {
        assert_eq!(pages(&program, reading).await, [""; 0], "{reading}");
    }
    for format in ["json", "html", "csv"] {
        let report =
            json!({"report_type": "decision_audit", "audit_log_id": "r0", "format": format});
        let report = program
            .post("/v1/reports/generate", report.to_string())
            .await;
        assert!(!report.text.contains("CANARY"), "{format}");
    }
    assert!(!program.stderr().contains("CANARY"));
    // What somebody looks for is recorded as it was asked, a hash aside, and nothing else has it.
    let looks = program.get("/v1/audit/history?limit=500").await.json();
    let looks = looks["data"].as_array().unwrap().iter();
    let queries = looks.filter(|look| look.to_string().contains("CANARY"));
    let queries: Vec<&Value> = queries.map(|look| &look["query"]).collect();
    assert_eq!(queries, [&json!({"text": "CANARY 0000"})]);
    program.stop().await;
    let left = canaries_in_files(&folder.path(""));
    assert_eq!(left, BTreeSet::from(["0000".to_owned()]));
}

/// All that a guesser can compare with: every string, and hexadecimal in every text.
fn hashes(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_hexdigit());
    words
        .filter(|word| word.len() >= 32)
        .map(str::to_ascii_lowercase)
        .collect()
}

#[tokio::test]
async fn who_guesses_the_right_words_finds_no_match_in_what_is_left() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let sha256 = |text: &str| -> String {
        Sha256::digest(text)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    };
    let of = |answer: &str| {
        event_with(
            "r",
            json!({
                "user_id": "ann", "organization_id": "one", "prompt_content": "yes",
                "prompt_hash": format!("sha256:{}", sha256("yes")), "response_content": answer,
            }),
        )
    };
    program.record(&of("yes")).await;
    let before = program.get("/v1/audit/logs/r").await.text;
    assert!(hashes(&before).contains(&sha256("yes")));
    assert!(erase(&folder, &ANN).await.status.success());
    let after = program.get("/v1/audit/logs/r").await.text;
    let report = json!({"report_type": "decision_audit", "audit_log_id": "r", "format": "html"});
    let report = program
        .post("/v1/reports/generate", report.to_string())
        .await
        .text;
    let left = [hashes(&after), hashes(&report)].concat();
    for guess in ["yes", "no", "maybe", "ok", "YES", "Yes"] {
        for text in [guess.to_owned(), of(guess).to_string()] {
            let hash = sha256(&text);
            assert!(!left.contains(&hash), "{guess}: {after}");
            assert!(!is_in_files(&folder.path(""), &hash));
        }
    }
    let after: Value = serde_json::from_str(&after).unwrap();
    assert_eq!(after["prompt_hash"], "");
    let erasure: &Map<String, Value> = after["erasure"].as_object().unwrap();
    assert_eq!(erasure.keys().collect::<Vec<_>>(), ["erased_at"]);
    program.stop().await;
}

#[tokio::test]
async fn tombstones_of_earlier_versions_are_made_anew() {
    let folder = Folder::new();
    let mut database = database_of(&folder, "0010_characters.sql").await;
    let hash = "5dc0c3ff".repeat(8);
    let event = event_with(
        "old",
        json!({
            "user_id": "ann", "organization_id": "one", "prompt_content": "", "response_content": "",
            "prompt_hash": format!("sha256:{hash}"),
            "metadata": {"audit_layer": ["CANARY", {"note": "CANARY"}, {"state": "CANARY"}]},
            "erasure": {"erased_at": "2026-01-01T00:00:00.000000Z", "event_hash": format!("sha256:{hash}")},
        }),
    );
    let kept = event_with("kept", json!({"prompt_hash": format!("sha256:{hash}1")}));
    for (position, (event, id, erased_at)) in [
        (&event, "old", Some(1_767_225_600_000_000_i64)),
        (&kept, "kept", None),
    ]
    .into_iter()
    .enumerate()
    {
        sqlx::query(
            "INSERT INTO events (position, id, organization_id, request_id, timestamp, received_at,
                user_id, model_provider, model_name, completion_state, prompt_hash, erased_at, event)
            VALUES (?, ?, 'one', ?, 1, unixepoch() * 1000000, 'ann', 'p', 'm', 'CANARY', ?, ?, ?)",
        )
        .bind(i64::try_from(position).unwrap() + 1_738_405_800_000_000_000)
        .bind(format!("log_{id}"))
        .bind(id)
        .bind(event["prompt_hash"].as_str())
        .bind(erased_at)
        .bind(event.to_string())
        .execute(&mut database)
        .await
        .unwrap();
    }
    database
        .execute("INSERT INTO unindexed SELECT position FROM events")
        .await
        .unwrap();
    database.close().await.unwrap();

    let program = Program::start_in(&folder).await;
    let answer = program.get("/v1/audit/logs/old").await.json();
    assert_eq!(
        answer["erasure"],
        json!({"erased_at": "2026-01-01T00:00:00.000000Z"})
    );
    assert_eq!(
        (&answer["prompt_hash"], &answer["metadata"]),
        (&json!(""), &json!({}))
    );
    assert_eq!(
        pages(&program, &format!("prompt_hash=sha256:{hash}")).await,
        [""; 0]
    );
    assert_eq!(
        pages(&program, &format!("prompt_hash=sha256:{hash}1")).await,
        ["kept"]
    );
    program.stop().await;
    let left = std::fs::read(folder.path("audit.db")).unwrap();
    assert!(memchr::memmem::find(&left, b"\"event_hash\"").is_none());
    assert!(memchr::memmem::find(&left, b"{\"note\":\"CANARY\"}").is_none());
}
