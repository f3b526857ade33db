//! `GET /v1/audit/logs` as a stream of all events.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use sqlx::Executor;

use crate::keys::{key_id, key_of, revoke};
use crate::program::{Answer, Folder, Program, until_async};
use crate::query::pages;
use crate::sample::{event, event_with};

async fn record_many(program: &Program, count: usize) {
    let lines = (0..count).map(|number| format!("{}\n", event(&number.to_string())));
    program.record_lines(lines).await;
}

async fn export(program: &Program, parameters: &str) -> Answer {
    let answer = program.get(&format!("/v1/audit/logs?{parameters}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

fn lines(answer: &Answer) -> Vec<Value> {
    answer
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The table's rows, the head among them, each with its cells.
fn rows(answer: &Answer) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(answer.text.as_bytes());
    let rows = reader.records().map(|row| row.unwrap());
    rows.map(|row| row.iter().map(str::to_owned).collect())
        .collect()
}

/// The cells of the one event there is, by name.
fn row(answer: &Answer) -> impl Fn(&str) -> String {
    let [head, row] = rows(answer).try_into().unwrap();
    move |name| row[head.iter().position(|head| head == name).unwrap()].clone()
}

#[tokio::test]
async fn ndjson_has_every_event_of_all_pages_as_a_page_has_it() {
    let program = Program::start().await;
    record_many(&program, 1201).await;
    let answer = export(&program, "format=ndjson").await;
    assert_eq!(answer.headers["content-type"], "application/x-ndjson");
    let disposition = answer.headers["content-disposition"].to_str().unwrap();
    assert!(disposition.contains("audit-logs.ndjson"), "{disposition}");
    let lines = lines(&answer);
    let ids: Vec<_> = lines
        .iter()
        .map(|line| line["request_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, pages(&program, "limit=500").await);
    let one = program.get("/v1/audit/logs/1200").await;
    assert_eq!(one.text, answer.text.lines().next().unwrap());
}

#[tokio::test]
async fn an_event_that_was_sent_over_several_lines_is_exported_on_one() {
    let program = Program::start().await;
    let sent = event_with("a", json!({"reasoning": "one\ntwo"}));
    let sent = serde_json::to_string_pretty(&sent)
        .unwrap()
        .replace('\n', "\r\n");
    program.post("/v1/audit/log", sent).await;
    let answer = export(&program, "format=ndjson").await;
    assert_eq!(answer.text.matches(['\n', '\r']).count(), 1);
    assert_eq!(lines(&answer)[0]["reasoning"], "one\ntwo");
}

#[tokio::test]
async fn an_export_can_be_recorded_elsewhere() {
    let [one, other] = [Program::start().await, Program::start().await];
    record_many(&one, 3).await;
    let exported = export(&one, "format=ndjson").await.text;
    let answer = other.post("/v1/audit/log/batch", exported).await.json();
    assert_eq!(answer["accepted"], 3);
    assert_eq!(pages(&other, "").await.len(), 3);
}

#[tokio::test]
async fn csv_has_a_head_and_the_documented_members_of_each_event() {
    let program = Program::start().await;
    record_many(&program, 501).await;
    let answer = export(&program, "format=csv").await;
    assert_eq!(
        answer.headers["content-type"],
        "text/csv; charset=utf-8; header=present"
    );
    assert_eq!(rows(&answer).len(), 502);
    let expected = "\u{feff}id,received_at,request_id,timestamp,duration_ms,user_id,session_id,\
        organization_id,prompt_hash,prompt_content,prompt_tokens,response_content,response_tokens,\
        model_provider,model_name,model_parameters,decision_type,decision_outcome,\
        confidence_score,reasoning,compliance_tags,risk_level,metadata,\
        capture_api,outer_request_id,usage_source,\
        recorded_by_key_id,recorded_by_kind,conflict_of,writer_not_counted\r\n";
    assert!(answer.text.starts_with(expected), "{}", answer.text);
    assert_eq!(rows(&answer)[1][2], "500");
}

#[tokio::test]
async fn values_of_every_kind_come_through_csv() {
    let program = Program::start().await;
    let event = event_with(
        "a",
        json!({
            "prompt_content": "He said: \"one, two\"\r\nthree\n – ü\u{1F600}",
            "response_content": null,
            "confidence_score": -0.5,
            "compliance_tags": ["SOC2", "a,b"],
            "metadata": {"n": 1},
        }),
    );
    program.record(&event).await;
    let answer = export(&program, "format=csv").await;
    let cell = row(&answer);
    assert_eq!(
        cell("prompt_content"),
        event["prompt_content"].as_str().unwrap()
    );
    assert_eq!(cell("response_content"), "");
    assert_eq!(cell("session_id"), "");
    assert_eq!(cell("duration_ms"), "1523");
    assert_eq!(cell("confidence_score"), "-0.5");
    assert_eq!(cell("compliance_tags"), r#"["SOC2","a,b"]"#);
    assert_eq!(cell("metadata"), r#"{"n":1}"#);
}

#[tokio::test]
async fn a_token_count_that_nobody_gave_is_no_zero_in_csv() {
    for (usage, input, output) in [
        (
            json!({"source": "reported", "input_tokens": 0, "output_tokens": 5}),
            "0",
            "5",
        ),
        (
            json!({"source": "input_only", "input_tokens": 0, "output_tokens": null}),
            "0",
            "",
        ),
        (
            json!({"source": "output_only", "input_tokens": null, "output_tokens": 5}),
            "",
            "5",
        ),
        (
            json!({"source": "partial", "input_tokens": null, "output_tokens": 5}),
            "",
            "5",
        ),
        (json!({"source": "absent"}), "", ""),
        (json!({"source": 7}), "0", "0"),
        (json!(null), "0", "0"),
    ] {
        let program = Program::start().await;
        let counted = usage["output_tokens"].as_u64().unwrap_or(0);
        let members = json!({
            "prompt_tokens": 0, "response_tokens": counted,
            "metadata": {"audit_layer": {"usage": usage}},
        });
        program.record(&event_with("a", members)).await;
        let answer = export(&program, "format=csv").await;
        let cell = row(&answer);
        let cells = [cell("prompt_tokens"), cell("response_tokens")];
        assert_eq!(cells, [input, output], "{usage}");
    }
}

#[tokio::test]
async fn csv_has_what_a_sum_depends_on_in_columns_of_its_own() {
    for (audit_layer, expected) in [
        (
            json!({
                "usage": {"source": "output_only"}, "capture": {"api": "unknown"},
                "gateway": {"outer_request_id": "=1+1"},
            }),
            ["unknown", "'=1+1", "output_only"],
        ),
        (
            json!({"usage": [], "capture": {"api": 7}, "gateway": {"outer_request_id": {}}}),
            [""; 3],
        ),
        (json!(null), [""; 3]),
    ] {
        let program = Program::start().await;
        let members = json!({"metadata": {"audit_layer": audit_layer}});
        program.record(&event_with("a", members)).await;
        let answer = export(&program, "format=csv").await;
        let cell = row(&answer);
        let cells = [
            cell("capture_api"),
            cell("outer_request_id"),
            cell("usage_source"),
        ];
        assert_eq!(cells, expected, "{audit_layer}");
    }
}

#[tokio::test]
async fn csv_begins_with_the_mark_of_utf_8_and_has_commas_unless_told_otherwise() {
    let program = Program::start().await;
    let event = event_with("a", json!({"prompt_content": "naïve; 日本,\t\"é\"\n"}));
    program.record(&event).await;
    for (parameters, mark, delimiter) in [
        ("", "\u{feff}", b','),
        ("&csv_bom=true&csv_delimiter=comma", "\u{feff}", b','),
        ("&csv_bom=false", "", b','),
        ("&csv_delimiter=semicolon", "\u{feff}", b';'),
        ("&csv_delimiter=tab&csv_bom=false", "", b'\t'),
    ] {
        let path = format!("/v1/audit/logs?format=csv{parameters}");
        let answer = program.request(Method::GET, &path).send().await.unwrap();
        let bytes = answer.bytes().await.unwrap();
        let rest = bytes.strip_prefix(mark.as_bytes()).unwrap();
        assert!(rest.starts_with(b"id"), "{parameters}");
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.delimiter(delimiter).from_reader(rest);
        let place = reader
            .headers()
            .unwrap()
            .iter()
            .position(|name| name == "prompt_content");
        let row = reader.records().next().unwrap().unwrap();
        assert_eq!(
            row[place.unwrap()],
            event["prompt_content"].as_str().unwrap()[..]
        );
        assert!(rest.ends_with(b"\r\n"));
    }
    for (parameter, name) in [
        ("csv_bom=yes", "csv_bom"),
        ("csv_delimiter=%3B", "csv_delimiter"),
    ] {
        let answer = program
            .get(&format!("/v1/audit/logs?format=csv&{parameter}"))
            .await;
        assert_eq!(answer.error(400, "invalid_parameter")["field"], name);
    }
}

#[tokio::test]
async fn no_text_of_a_caller_becomes_a_formula() {
    let program = Program::start().await;
    for formula in [
        "=HYPERLINK(\"http://x\")",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\u{feff}=1",
        "\u{3000}+1",
    ] {
        let event = event_with(
            formula,
            json!({"user_id": formula, "prompt_content": formula}),
        );
        program.record(&event).await;
    }
    let answer = export(&program, "format=csv").await;
    let rows = rows(&answer);
    assert_eq!(rows.len(), 11);
    for cell in rows.iter().flatten() {
        let shown = cell.trim_start_matches([' ', '\u{3000}', '\u{feff}']);
        let is_formula = shown.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
        assert!(!is_formula, "{cell:?}");
    }
    assert_eq!(rows[10][9], "'=HYPERLINK(\"http://x\")");
}

#[tokio::test]
async fn a_client_can_ask_by_the_header_accept() {
    let program = Program::start().await;
    program.record(&event("a")).await;
    for (accept, content_type) in [
        ("text/csv", "text/csv; charset=utf-8; header=present"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("*/*", "application/json"),
    ] {
        let request = program
            .request(Method::GET, "/v1/audit/logs")
            .header("accept", accept);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], content_type);
    }
    // What the address says counts.
    let request = program.request(Method::GET, "/v1/audit/logs?format=json");
    let answer = request.header("accept", "text/csv").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
}

#[tokio::test]
async fn an_export_obeys_filters_limits_and_the_organization_of_its_key() {
    let folder = Folder::new();
    let all = key_of(&folder, "admin", "org_456").await;
    let other = key_of(&folder, "read", "other").await;
    let program = Program::start_with(&folder, &[]).await.with_key(&all);
    record_many(&program, 700).await;
    program
        .record(&event_with("ann", json!({"user_id": "ann"})))
        .await;

    assert_eq!(
        lines(&export(&program, "format=ndjson&user_id=ann").await).len(),
        1
    );
    for limit in [1, 499, 500, 501, 701, 1000] {
        let answer = export(&program, &format!("format=ndjson&limit={limit}")).await;
        assert_eq!(lines(&answer).len(), limit.min(701));
    }
    let program = program.with_key(&other);
    assert_eq!(export(&program, "format=ndjson").await.text, "");
    assert_eq!(rows(&export(&program, "format=csv").await).len(), 1);
    let answer = program
        .get("/v1/audit/logs?format=csv&organization_id=org_456")
        .await;
    answer.error(403, "wrong_organization");
}

const EXPORT: &str = "/v1/audit/logs?format=ndjson";

/// Starts exports that are longer than what is sent without anybody reading.
async fn open(program: &Program) -> Response {
    program.request(Method::GET, EXPORT).send().await.unwrap()
}

async fn open_with(program: &Program, key: &str) -> Response {
    let request = program.anonymous(Method::GET, EXPORT).bearer_auth(key);
    request.send().await.unwrap()
}

async fn record_large(program: &Program, count: usize) {
    let large = "x".repeat(12 * 1024 * 1024);
    for number in 0..count {
        let event = event_with(&number.to_string(), json!({"extra": large}));
        program.record(&event).await;
    }
}

#[tokio::test]
async fn an_export_that_fails_halfway_breaks_off() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    record_large(&program, 3).await;
    let mut answer = open(&program).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.chunk().await.unwrap().is_some());

    let mut other = folder.beside().open().await;
    other.execute("DROP TABLE events").await.unwrap();
    let rest = async {
        while answer.chunk().await?.is_some() {}
        Ok::<_, reqwest::Error>(())
    };
    assert!(rest.await.is_err());
    assert!(program.stderr().contains("an export ended early"));
}

#[tokio::test]
async fn an_export_breaks_off_when_its_key_is_revoked() {
    let folder = Folder::new();
    let key = key_of(&folder, "admin", "org_456").await;
    let program = Program::start_with(&folder, &[]).await.with_key(&key);
    record_large(&program, 3).await;
    let mut answer = open(&program).await;
    assert!(answer.chunk().await.unwrap().is_some());

    revoke(&folder, &key_id(&folder, "org_456").await).await;
    until_async("the key is refused", async || {
        program.get("/v1/audit/logs").await.status == 401
    })
    .await;
    let rest = async {
        while answer.chunk().await?.is_some() {}
        Ok::<_, reqwest::Error>(())
    };
    assert!(rest.await.is_err());
    assert!(program.stderr().contains("the key was revoked"));
}

#[tokio::test]
async fn more_exports_than_there_is_memory_for_are_asked_to_come_back() {
    let folder = Folder::new();
    let one = key_of(&folder, "admin", "org_456").await;
    let two = key_of(&folder, "read", "org_456").await;
    let third = key_of(&folder, "read", "org_456").await;
    let program = Program::start_with(&folder, &[]).await.with_key(&one);
    record_large(&program, 2).await;
    let mut answers = Vec::new();
    for key in [&one, &two] {
        for _ in 0..4 {
            answers.push(open_with(&program, key).await);
            assert_eq!(answers.last().unwrap().status(), 200);
        }
        let refused = Answer::of(open_with(&program, key).await).await;
        refused.error(429, "too_many_exports");
        assert_eq!(refused.headers["retry-after"], "1");
    }
    let refused = Answer::of(open_with(&program, &third).await).await;
    refused.error(429, "too_many_exports");
    assert_eq!(pages(&program, "").await, ["1", "0"]);

    answers.clear();
    until_async("another export is taken", async || {
        open_with(&program, &third).await.status() == 200
    })
    .await;
}

/// Where what is in the index meets what is in no segment of it yet, on the border of a page too.
#[tokio::test]
async fn nothing_is_missing_however_many_events_are_in_no_segment_yet() {
    let program = Program::start().await;
    let mut stored = 0;
    for events in [5000, 5000, 250, 250, 1, 249, 250] {
        let lines = (stored..stored + events)
            .map(|number| format!("{}\n", event_with(&number.to_string(), json!({}))));
        program.record_lines(lines).await;
        stored += events;
        let export = program.get("/v1/audit/logs?format=ndjson").await;
        assert_eq!(export.text.lines().count(), stored);
        let values = program.get("/v1/audit/values?field=user_id").await.json();
        assert_eq!(values["counted_events"], stored);
    }
}
