//! `/v1/reports`

// With their paths, so that the tests on PostgreSQL find them too.
#[path = "reports/access.rs"]
mod access;
#[path = "reports/activity.rs"]
mod activity;
#[path = "reports/conversation.rs"]
mod conversation;
#[path = "reports/decision.rs"]
mod decision;
#[path = "reports/fixtures.rs"]
mod fixtures;
#[path = "reports/kept.rs"]
mod kept;
#[path = "reports/outer.rs"]
mod outer;
#[path = "reports/pdf.rs"]
mod pdf;
#[path = "reports/request.rs"]
mod request;

use std::process::Output;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::program::{Answer, Folder, Program, audit_layer, run, until_async};
use crate::sample::event_with;

/// A document as it came.
struct Document {
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Document {
    fn id(&self) -> &str {
        self.headers["x-report-id"].to_str().unwrap()
    }

    fn text(&self) -> &str {
        str::from_utf8(&self.bytes).unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// The text of each page.
    fn pages(&self) -> Vec<String> {
        pdf_extract::extract_text_from_mem_by_pages(&self.bytes).unwrap()
    }

    /// The text of all pages, with every white space as one space.
    fn words(&self) -> String {
        let pages = self.pages().join(" ");
        pages.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Asks for a report, which has to be made.
async fn report(program: &Program, body: Value) -> Document {
    let request = program.request(Method::POST, "/v1/reports/generate");
    let response = request.body(body.to_string()).send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let bytes = response.bytes().await.unwrap().to_vec();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
    Document { headers, bytes }
}

/// Asks for a report, which has to be refused.
async fn refused(program: &Program, body: Value) -> Answer {
    program.post("/v1/reports/generate", body.to_string()).await
}

/// Asks for a report without waiting for it.
async fn ordered(program: &Program, body: &Value) -> Answer {
    let request = program.request(Method::POST, "/v1/reports/generate");
    let request = request
        .header("prefer", "respond-async")
        .body(body.to_string());
    Answer::of(request.send().await.unwrap()).await
}

async fn until_done(program: &Program, path: &str) {
    until_async("the report is done", async || {
        program.get(path).await.status != 202
    })
    .await;
}

fn decision(id: &str, format: &str) -> Value {
    json!({"report_type": "decision_audit", "audit_log_id": id, "format": format})
}

fn activity(format: &str) -> Value {
    json!({
        "report_type": "activity", "format": format,
        "start_date": "2025-02-01", "end_date": "2025-02-28",
    })
}

fn completeness(format: &str) -> Value {
    json!({"report_type": "completeness", "format": format})
}

/// Erases the content of alice, unless it is held.
async fn erase(folder: &Folder) -> Output {
    let mut erase = audit_layer("erase");
    erase.args([
        "--organization",
        "org_1",
        "--user",
        "alice",
        "--reason",
        "x",
        "--yes",
    ]);
    run(erase.arg("--database").arg(folder.database())).await
}

fn sha256(text: &str) -> String {
    let digest = Sha256::digest(text);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// An event of a gateway with all that one can have.
fn call(id: &str, seq: u64, members: Value) -> Value {
    let (prompt, answer) = (
        "Analyze this application: score 680",
        "Send it to a reviewer.",
    );
    let mut event = event_with(
        id,
        json!({
            "user_id": "alice", "session_id": "case 12", "organization_id": "org_1",
            "prompt_content": prompt, "prompt_hash": sha256(prompt),
            "response_content": answer, "model_parameters": {"temperature": 0.30},
            "decision_type": "loan_underwriting", "decision_outcome": "denied",
            "confidence_score": 0.875, "reasoning": "The debt is too high.",
            "compliance_tags": ["SOC2", "FCRA"], "risk_level": "high",
            "metadata": {
                "branch": "north",
                "audit_layer": {
                    "schema": "audit-layer/1",
                    "writer": {"id": "e96accb386a94e00", "seq": seq},
                    "completion": {
                        "state": "complete", "http_status": 200, "finish_reasons": ["stop"],
                        "flags": [], "details": "via_upstream", "error": null,
                    },
                    "usage": {"source": "reported", "input_tokens": 250, "output_tokens": 150},
                    "timing": {"first_byte_ms": 240},
                    "response": {
                        "id": "chatcmpl-1", "model": "gpt-4-turbo-2026-01-15",
                        "hash": sha256(answer),
                        "tool_calls": [{
                            "choice": 0, "id": "call_1", "name": "credit_report",
                            "arguments": "{\"applicant\": 4711}",
                        }],
                    },
                    "capture": {
                        "api": "openai.chat_completions", "streamed": false, "content": "full",
                        "truncated": false, "notes": ["header_not_utf8"],
                    },
                    "gateway": {
                        "host": "gateway.example", "route": "openai", "source": "10.0.0.7:5586",
                        "plugin": "audit-layer/0.1.0",
                    },
                },
            },
        }),
    );
    let Value::Object(members) = members else {
        panic!("members are an object")
    };
    event.as_object_mut().unwrap().extend(members);
    event
}
