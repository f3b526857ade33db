use serde_json::json;

use super::*;

/// An event with every required member, as the plugin writes one.
fn event_json() -> String {
    json!({
        "request_id": "a",
        "timestamp": "2025-02-01T10:30:00Z",
        "duration_ms": 1,
        "user_id": "",
        "organization_id": "org",
        "prompt_hash": "",
        "prompt_content": "a \"quoted\" \\ {prompt}\nof two lines",
        "prompt_tokens": 1,
        "response_content": "ünï",
        "response_tokens": 1,
        "model_provider": "openai",
        "model_name": "gpt",
    })
    .to_string()
}

fn letter() -> String {
    format!(
        "audit-layer dead-letter reason=max_age event={}",
        event_json()
    )
}

fn read_text(text: &str) -> Option<Result<String, Broken>> {
    read_bytes(text.as_bytes())
}

fn read_bytes(bytes: &[u8]) -> Option<Result<String, Broken>> {
    let first = read(bytes, &[]).into_iter().next();
    first.map(|read| read.map(|letter| letter.event))
}

fn assert_read(text: &str) {
    assert_eq!(read_text(text).unwrap().unwrap(), event_json(), "{text}");
}

fn assert_broken(text: &str, expected: &str) {
    let message = read_text(text).unwrap().unwrap_err().to_string();
    assert!(message.contains(expected), "{message:?} of {text}");
}

#[test]
fn other_lines_are_no_dead_letters() {
    for text in [
        "",
        "[info] all clear",
        "audit-layer: configured, events go to http://x",
        "{\"message\":\"audit-layer\"}",
    ] {
        assert!(read_text(text).is_none(), "{text}");
    }
}

#[test]
fn whatever_a_log_format_writes_around_the_letter_is_passed_over() {
    let letter = letter();
    assert_read(&letter);
    assert_read(&format!(
        "[2026-11-23 17:00:00.000][123][error][wasm] [source/extensions/common/wasm/context.cc:1157] wasm log audit_layer: {letter}"
    ));
    assert_read(&format!("{letter}\r"));
    assert_read(&format!("\u{1b}[31merror\u{1b}[0m {letter}\u{1b}[0m"));
    assert_read(&format!("{letter} thread=12 {{\"more\":1}}"));
    assert_read(&format!("{{12}} {letter}}}"));
    let mut bytes = letter.into_bytes();
    bytes.splice(0..0, *b"\xff\xfe ");
    bytes.extend_from_slice(b" \xff");
    assert_eq!(read_bytes(&bytes).unwrap().unwrap(), event_json());
}

#[test]
fn a_letter_in_a_string_of_a_json_log_line_is_read() {
    let envoy =
        json!({"time": "now", "level": "error", "message": format!("wasm log: {}", letter())});
    assert_read(&envoy.to_string());
    assert_read(&format!("  {envoy} \r"));
    // As a container runtime keeps it.
    let container = json!({"log": format!("{envoy}\n"), "stream": "stderr"});
    assert_read(&container.to_string());
    let escaped = envoy.to_string().replace('ü', "\\u00fc");
    assert_read(&escaped);
}

#[test]
fn a_letter_anywhere_in_a_json_log_line_is_read() {
    assert_read(&json!({"entry": {"messages": [1, letter()]}}).to_string());
    assert_broken(&json!({letter(): "secret"}).to_string(), "not in a string");
    let mut deep = json!(letter());
    for _ in 0..20 {
        deep = json!({"message": deep.to_string()});
    }
    assert_broken(&deep.to_string(), "the event");
}

#[test]
fn a_letter_cut_anywhere_is_broken() {
    let letter = letter();
    let begun = "audit-layer dead-letter reason=".len();
    for end in (begun..letter.len()).filter(|end| letter.is_char_boundary(*end)) {
        assert!(read_text(&letter[..end]).unwrap().is_err(), "{end}");
    }
    assert_broken(&letter[..begun + 4], "no `event=`");
    assert_broken(&letter[..letter.len() - 1], "the line was cut");
}

#[test]
fn what_is_no_event_is_broken_and_its_content_is_not_told() {
    let prefix = "audit-layer dead-letter reason=x event=";
    assert_broken(&format!("{prefix}secret"), "not JSON");
    assert_broken(&format!("{prefix}[\"secret\"]"), "send one JSON object");
    assert_broken(
        &format!("{prefix}{{\"user_id\":\"secret\"}}"),
        "request_id: missing",
    );
    for text in [
        "secret",
        "[\"secret\"]",
        "{\"user_id\":\"secret\"}",
        "{\"secret\" 1}",
    ] {
        let message = read_text(&format!("{prefix}{text}")).unwrap().unwrap_err();
        assert!(!message.to_string().contains("secret"), "{message}");
    }
}

#[test]
fn an_event_is_one_line_whatever_the_log_wrote() {
    let spread = event_json().replacen(',', ",\r\n", 3);
    let text = format!("audit-layer dead-letter reason=x event={spread}");
    let event = read_text(&text).unwrap().unwrap();
    assert!(!event.contains(['\n', '\r']));
    let values = [&event, &event_json()].map(|json| serde_json::from_str(json).unwrap());
    let [read, written]: [Value; 2] = values;
    assert_eq!(read, written);
}

#[test]
fn whatever_is_around_a_letter_its_mac_is_checked() {
    let key = LetterKey::new("al_sk_1").unwrap();
    let letter = dead_letter::line("max_age", &event_json(), Some(&key));
    let keys = [key];
    for text in [
        letter.clone(),
        format!("wasm log audit_layer: {letter} thread=12\r"),
        json!({"message": format!("wasm log: {letter}")}).to_string(),
        json!({"log": json!({"message": letter}).to_string(), "stream": "stderr"}).to_string(),
    ] {
        let read = read(text.as_bytes(), &keys);
        assert_eq!(read.len(), 1, "{text}");
        let opened = read.into_iter().next().unwrap().unwrap();
        assert_eq!(opened.origin, Origin::Proven, "{text}");
        assert_eq!(opened.event, event_json());
    }
}

/// As Go writes a text within quotes, and with it logfmt.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[test]
fn a_letter_within_quotes_is_read_and_its_mac_is_right() {
    let key = LetterKey::new("al_sk_1").unwrap();
    let letter = dead_letter::line("max_age", &event_json(), Some(&key));
    let logfmt = |text: &str| format!("time=now msg={} stream=stderr", quoted(text));
    let record = json!({"log": format!("{letter}\n"), "stream": "stderr"}).to_string();
    let hexadecimal = letter.replace('\\', "\\x5C").replace('"', "\\x22");
    for text in [
        logfmt(&letter),
        logfmt(&logfmt(&letter)),
        logfmt(&record),
        format!("2026-11-29 INFO {record}"),
        format!("now,\"[error] {}\",stderr", letter.replace('"', "\"\"")),
        format!("\"{hexadecimal}\" 200"),
        logfmt(&letter).replace('ü', "\\u00fc"),
        // The quote that ends it is cut off, and nothing of the letter.
        logfmt(&letter).replace("\" stream=stderr", ""),
    ] {
        let mut read = read(text.as_bytes(), std::slice::from_ref(&key));
        assert_eq!(read.len(), 1, "{text}");
        let letter = read.remove(0).unwrap_or_else(|why| panic!("{why}: {text}"));
        assert_eq!(letter.event, event_json(), "{text}");
        assert_eq!(letter.origin, Origin::Proven, "{text}");
        assert!(
            !is_cut(text.as_bytes()) && is_whole(text.as_bytes()),
            "{text}"
        );
    }
}

#[test]
fn a_letter_within_quotes_that_is_cut_is_told_to_be() {
    let text = format!("msg={}", quoted(&letter()));
    for end in "msg=".len() + 60..text.len() - 1 {
        let Some(begun) = text.get(..end) else {
            continue;
        };
        assert_broken(begun, "the line was cut");
        assert!(is_cut(begun.as_bytes()), "{begun}");
    }
    let two = format!("msg={} msg={}", quoted(&letter()), quoted(&letter()));
    assert_eq!(read(two.as_bytes(), &[]).len(), 2);
}

#[test]
fn what_looks_like_a_letter_in_the_content_of_one_that_is_cut_is_none() {
    let content = json!({"prompt_content": letter(), "request_id": "outer"}).to_string();
    let outer = format!("audit-layer dead-letter reason=x event={content}");
    let cut = &outer[..outer.len() - 3];
    for text in [cut.to_owned(), format!("msg={}", quoted(cut))] {
        let read = read(text.as_bytes(), &[]);
        assert_eq!(read.len(), 1, "{text}");
        assert!(read[0].is_err(), "{text}");
        // What stands behind it is one.
        let behind = format!("{text} {}", letter());
        assert_eq!(super::read(behind.as_bytes(), &[]).len(), 2, "{behind}");
    }
}

#[test]
fn a_letter_whose_words_are_cut_does_not_spoil_the_next() {
    let text = format!("audit-layer dead-letter reason=max_{}", letter());
    let read = read(text.as_bytes(), &[]);
    assert!(matches!(read[0], Err(Broken::NoEvent)));
    assert_eq!(read[1].as_ref().unwrap().event, event_json());
}

#[test]
fn a_reason_longer_than_any_gateway_writes_is_refused() {
    let with = |chars: usize| letter().replace("max_age", &"x".repeat(chars));
    assert_read(&with(100));
    assert_broken(&with(101), "the reason is longer than 100 characters");
}

#[test]
fn what_begins_like_a_letter_within_quotes_does_not_hide_the_next_one() {
    for begun in [
        "{\\\"request_id\\\":",
        "{\\",
        "{\"\"request_id\"\":",
        "{\\\\\\\"x",
    ] {
        let text = format!(
            "x-forged: audit-layer dead-letter reason=x event={begun} {}",
            letter()
        );
        let read = read(text.as_bytes(), &[]);
        assert_eq!(read.len(), 2, "{text}");
        assert!(read[0].is_err());
        assert_eq!(read[1].as_ref().unwrap().event, event_json(), "{text}");
    }
}

#[test]
fn many_beginnings_within_quotes_come_to_an_end() {
    let begun = format!(
        "audit-layer dead-letter reason=x event={{{}\"",
        "\\".repeat(255)
    );
    // With a try for each of those behind each, at each depth, this would not end.
    let text = begun.repeat(60);
    let read = read(text.as_bytes(), &[]);
    assert!(matches!(read.last(), Some(Err(Broken::TooMany))));
    assert!(read.iter().all(Result::is_err));
}

#[test]
fn words_that_begin_a_letter_hide_none_in_the_same_text() {
    for stranger in [
        "audit-layer dead-letter reason=",
        "audit-layer dead-letter reason=x event=",
        "audit-layer dead-letter reason=x event={ ",
    ] {
        let text = format!("{} {}", stranger.repeat(150), letter());
        let read = read(text.as_bytes(), &[]);
        assert_eq!(read.len(), 2, "{stranger}");
        assert_eq!(read[1].as_ref().unwrap().event, event_json());
    }
}

#[test]
fn a_letter_in_a_document_of_too_many_values_is_read() {
    let many = "1,".repeat(limits::LOG_JSON_VALUES_MAX);
    let text = format!("{{\"many\":[{many}1],\"message\":{}}}", json!(letter()));
    assert!(object(text.as_bytes()).is_none());
    assert_read(&text);
    assert!(!is_cut(text.as_bytes()));
}
