//! What the documents and the messages say of limits is what they are.

use serde_json::{Value, json};

use super::*;
use crate::access::Scope;
use crate::api::{document, query_parameters};
use crate::event::Event;

/// A number as people read it: `10,000`.
fn read(number: impl TryInto<u64>) -> String {
    let number: u64 = number.try_into().ok().unwrap();
    match number {
        0..10_000 => number.to_string(),
        _ => format!("{},{:03}", number / 1000, number % 1000),
    }
}

fn mib(bytes: impl TryInto<u64>) -> String {
    let bytes: u64 = bytes.try_into().ok().unwrap();
    assert_eq!(bytes % (1 << 20), 0);
    format!("{} MiB", bytes >> 20)
}

fn kib(bytes: usize) -> String {
    assert_eq!(bytes % 1024, 0);
    format!("{} KiB", bytes / 1024)
}

fn seconds(time: Duration) -> String {
    format!("{} seconds", time.as_secs())
}

fn assert_said(document: &str, sentences: &[String]) {
    for sentence in sentences {
        assert!(document.contains(sentence), "nowhere: {sentence}");
    }
}

#[test]
fn those_who_use_the_api_are_told_its_limits() {
    let sentences = [
        format!("An event has at most {}", mib(EVENT_BYTES_MAX)),
        format!("{EVENT_DEPTH_MAX} levels"),
        format!(
            "a batch has at most {} and {} lines",
            mib(BATCH_BYTES_MAX),
            read(BATCH_LINES_MAX)
        ),
        format!("1 to {PAGE_EVENTS_MAX}, by default {PAGE_EVENTS_DEFAULT}"),
        format!("takes longer than {} is aborted", seconds(QUERY_TIME_MAX)),
        format!("Up to {EXPORTS_MAX} exports run at the same time"),
        format!(
            "at most {} of any text and {} and {} lines in total",
            kib(PDF_TEXT_BYTES_MAX),
            kib(PDF_TEXTS_BYTES_MAX),
            read(PDF_TEXTS_LINES_MAX)
        ),
        format!(
            "{} and {} lines for the turns of a conversation",
            kib(PDF_TEXT_BYTES_MAX),
            read(PDF_TURNS_LINES_MAX)
        ),
        format!(
            "At most {REPORT_PARTS_MAX} parts and {} of them are listed",
            mib(REPORT_CONVERSATION_BYTES_MAX)
        ),
        format!("the {REPORT_NAMES_LISTED} names that have most events"),
        format!("Of each kind, {} names", read(REPORT_NAMES_MAX)),
        format!(
            "up to {} writers and {} gaps of each",
            read(REPORT_WRITERS_MAX),
            read(REPORT_HOLES_MAX)
        ),
        format!("{REPORTS_OPEN_MAX} may be made or wait"),
        format!("Records are kept for {HISTORY_DAYS_DEFAULT} days"),
        format!("the ids of the first {RECORD_IDS_MAX} of them"),
        format!("A text of more than {RECORD_TEXT_BYTES_MAX} bytes is cut"),
        format!("{REFUSALS_RECORDED_MAX} a minute are recorded"),
        format!(
            "Reports are kept for {REPORT_DAYS} days, at most {} of them and {}",
            read(REPORTS_KEPT_MAX),
            mib(REPORTS_BYTES_MAX)
        ),
        format!("A report has at most {}", mib(REPORT_BYTES_MAX)),
        format!("it has more than {} |", mib(REPORT_BYTES_MAX)),
        format!(
            "A session lasts {} hours at most",
            SESSION_AGE_MAX.as_secs() / 3600
        ),
        format!("At most {} are open", read(SESSIONS_MAX)),
        format!("up to {} gaps of each", read(HOLES_MAX)),
        format!("{} of all together", read(ANSWER_HOLES_MAX)),
        format!("By default {RETENTION_DAYS_DEFAULT} days"),
        format!("Less than {RETENTION_DAYS_MIN} days"),
        format!("at {} requests get 429", mib(INGEST_BYTES_MAX)),
    ];
    assert_said(include_str!("../../API.md"), &sentences);
}

#[test]
fn operators_are_told_their_limits() {
    let sentences = [
        format!("for at most {}", seconds(SHUTDOWN_MAX)),
        format!("arrives within {}", seconds(HEAD_TIME_MAX)),
        format!("takes more than {} is refused", seconds(BODY_TIME_MAX)),
        format!("reread every {}", seconds(CERTIFICATE_INTERVAL)),
        format!("connect times out after {}", seconds(DATABASE_CONNECT_MAX)),
    ];
    assert_said(include_str!("../../../OPERATING.md"), &sentences);
    // Those that are written as words.
    assert_eq!(POSTGRES_WRITERS_MAX + READERS_MAX + 1, 9);
    assert_eq!(RECORDS_INTERVAL, Duration::from_secs(60));
    assert_eq!(RATE_BURST, Duration::from_secs(10));
    assert_eq!(TRANSACTION_TIME_MAX, Duration::from_secs(60));
}

#[test]
fn the_openapi_document_has_the_limits() {
    let document = document();
    for (pointer, limit) in [
        (
            "/paths/~1v1~1audit~1log~1batch/post/requestBody/content/application~1x-ndjson/schema/maxItems",
            BATCH_LINES_MAX,
        ),
        (
            "/components/schemas/Batch/properties/rejected/maxItems",
            BATCH_LINES_MAX,
        ),
        (
            "/components/schemas/Page/properties/data/maxItems",
            PAGE_EVENTS_MAX,
        ),
        (
            "/components/schemas/Completeness/properties/data/maxItems",
            PAGE_EVENTS_MAX,
        ),
        (
            "/components/schemas/Completeness/properties/data/items/properties/holes/maxItems",
            HOLES_MAX,
        ),
        (
            "/paths/~1v1~1reports/get/responses/200/content/application~1json/schema/properties/data/maxItems",
            PAGE_EVENTS_MAX,
        ),
        ("/components/schemas/RequestId/maxLength", ID_BYTES_MAX),
        (
            "/components/schemas/SentOrganizationId/maxLength",
            ID_BYTES_MAX,
        ),
        (
            "/components/schemas/ReportRequest/oneOf/0/properties/audit_log_id/maxLength",
            ID_BYTES_MAX,
        ),
        (
            "/components/schemas/ReportRequest/oneOf/1/properties/text/maxLength",
            SEARCH_BYTES_MAX,
        ),
    ] {
        assert_eq!(document.pointer(pointer), Some(&json!(limit)), "{pointer}");
    }
    for path in ["/v1/audit/completeness", "/v1/reports"] {
        let schema = &query_parameters(path)["limit"]["schema"];
        assert_eq!(schema["maximum"], PAGE_EVENTS_MAX, "{path}");
        assert_eq!(schema["default"], PAGE_EVENTS_DEFAULT, "{path}");
    }
    let text = &query_parameters("/v1/audit/logs")["text"]["schema"];
    assert_eq!(text["maxLength"], SEARCH_BYTES_MAX);
}

#[test]
fn the_openapi_document_tells_the_limits() {
    let hours = SESSION_AGE_MAX.as_secs() / 3600;
    let sentences = [
        format!("has at most {EVENT_BYTES_MAX} bytes"),
        format!("{EVENT_DEPTH_MAX} levels"),
        format!("at most {BATCH_BYTES_MAX} bytes and {BATCH_LINES_MAX} lines"),
        format!("on a page from 1 to {PAGE_EVENTS_MAX}, by default {PAGE_EVENTS_DEFAULT}"),
        format!("at least one, in at most {SEARCH_BYTES_MAX} bytes"),
        format!("\"At most {ID_BYTES_MAX} bytes.\""),
        format!("\"At most {ID_BYTES_MAX} bytes. It may be absent"),
        format!("Reports are kept for {REPORT_DAYS} days"),
        format!("The session lasts {hours} hours at most"),
        format!("The body took longer than {}", seconds(BODY_TIME_MAX)),
        format!("a query took longer than {}", seconds(QUERY_TIME_MAX)),
    ];
    assert_said(include_str!("../../openapi.json"), &sentences);
}

fn sample_with(name: &str, value: &str) -> Value {
    let document = document();
    let mut event = document["components"]["examples"]["Event"]["value"].clone();
    event[name] = json!(value);
    event
}

/// What is said of an event that cannot be taken.
fn refusal(event: &Value) -> Option<String> {
    let event = Event::parse(event.to_string().as_bytes(), &Scope::All);
    event.err().map(|error| error.to_string())
}

#[test]
fn a_refused_event_is_told_the_limit_that_it_met() {
    let longest = "x".repeat(ID_BYTES_MAX);
    assert_eq!(refusal(&sample_with("request_id", &longest)), None);
    let said = refusal(&sample_with("request_id", &format!("{longest}x")));
    let expected = format!("a string of at most {ID_BYTES_MAX} bytes");
    assert!(said.as_ref().unwrap().contains(&expected), "{said:?}");

    // As the OpenAPI document has it, too.
    let described = document()["components"]["schemas"]["Timestamp"].clone();
    let described = described["description"].as_str().unwrap().to_owned();
    for (first, last, is_allowed) in [(1678, 2261, true), (1677, 2262, false)] {
        let years = format!("from {first} to {last}");
        assert_eq!(described.contains(&years), is_allowed);
        for year in [first, last] {
            let time = format!("{year}-06-01T00:00:00Z");
            let said = refusal(&sample_with("timestamp", &time));
            assert_eq!(said.is_none(), is_allowed, "{year}");
            assert!(said.is_none_or(|said| said.contains("from 1678 to 2261")));
        }
    }
}
