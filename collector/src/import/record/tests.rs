use serde_json::json;

use super::*;

const LETTER: &str = "wasm log: audit-layer dead-letter reason=shutdown event={\"a\":\"b\"}";

fn read_all(line: &str) -> Vec<(End, String, u64)> {
    let records = read(line.as_bytes(), true).into_iter();
    let records = records.map(|record| {
        let text = String::from_utf8(record.text.into_owned()).unwrap();
        (record.end, text, record.stream)
    });
    records.collect()
}

/// Reads a line of one record.
#[expect(clippy::needless_pass_by_value, reason = "so that tests read well")]
fn one(line: impl ToString) -> (End, String, u64) {
    let [record] = read_all(&line.to_string()).try_into().unwrap();
    record
}

fn stream(line: impl ToString) -> u64 {
    one(line).2
}

#[test]
fn a_line_of_cri_says_whether_it_goes_on() {
    let time = "2026-11-29T03:00:00.000000001Z";
    for (rest, end, text) in [
        ("stderr F all of it", End::Here, "all of it"),
        ("stdout P  a part ", End::Later, " a part "),
        ("stderr F", End::Here, ""),
        ("stderr P:x:y a", End::Later, "a"),
    ] {
        let (own, shown, _) = one(format!("{time} {rest}"));
        assert_eq!((own, shown.as_str()), (end, text));
    }
    let (end, ..) = one(format!("\0\0\0{}", "2026-11-29T03:00:00+02:00 stderr F a"));
    assert_eq!(end, End::Here);
    assert_ne!(
        stream(format!("{time} stdout F a")),
        stream(format!("{time} stderr F a"))
    );
    for other in [
        "2026-11-29 03:00:00 stderr F a",
        "2026-11-29T03:00:00Z stdin F a",
        "2026-11-29T03:00:00Z stderr X a",
    ] {
        assert_eq!(one(other).0, End::Unknown);
    }
}

#[test]
fn a_record_of_dockers_ends_with_the_line() {
    let record =
        |text: &str| json!({"log": text, "stream": "stderr", "time": "2026-11-29T03:00:00Z"});
    assert_eq!(one(record("a\n")).0, End::Here);
    assert_eq!(one(record(&"a".repeat(16 * 1024))).0, End::Later);
    // Who ships it may have taken the end of the line away.
    assert_eq!(one(record("a")).0, End::Unknown);
    assert_eq!(stream(record("a\n")), stream(record("b\n")));
}

#[test]
fn what_shippers_call_a_piece_is_one() {
    for (members, end) in [
        (json!({"log": "a", "logtag": "P"}), End::Later),
        (json!({"message": "a", "_p": "F"}), End::Here),
        (
            json!({"log": "a", "partial_message": "true", "partial_id": "x", "partial_last": "false"}),
            End::Later,
        ),
        (
            json!({"log": "a", "partial_message": "true", "partial_id": "x", "partial_last": "true"}),
            End::Here,
        ),
        (
            json!({"MESSAGE": "a", "CONTAINER_PARTIAL_MESSAGE": "true"}),
            End::Later,
        ),
        (
            json!({"MESSAGE": "a", "CONTAINER_PARTIAL_ID": "x", "CONTAINER_PARTIAL_LAST": "true"}),
            End::Here,
        ),
        (json!({"message": "a", "stream": "stderr"}), End::Unknown),
    ] {
        let (own, text, _) = one(&members);
        assert_eq!((own, text.as_str()), (end, "a"), "{members}");
    }
}

#[test]
fn containers_are_told_apart_and_records_of_one_are_not() {
    let record = |pod: &str, time: &str, text: &str| {
        json!({
            "log": text, "logtag": "P", "stream": "stderr", "@timestamp": time, "_id": text,
            "kubernetes": {"pod_name": pod, "container_name": "envoy"},
        })
    };
    assert_eq!(stream(record("a", "1", "x")), stream(record("a", "2", "y")));
    assert_ne!(stream(record("a", "1", "x")), stream(record("b", "1", "x")));
    let loki =
        |pod: &str, time: &str| json!({"labels": {"pod": pod}, "line": LETTER, "timestamp": time});
    assert_eq!(stream(loki("a", "1")), stream(loki("a", "2")));
    assert_ne!(stream(loki("a", "1")), stream(loki("b", "1")));
}

#[test]
fn a_letter_is_found_wherever_a_document_has_it() {
    for document in [
        json!({"message": LETTER}),
        json!({"_source": {"message": LETTER}, "_id": "x"}),
        json!({"events": [{"message": "other"}, {"message": LETTER}]}),
        json!({"data": {"result": [{"values": [["1764385200000000000", LETTER]]}]}}),
    ] {
        assert_eq!(one(&document).1, LETTER, "{document}");
    }
    let two = json!([{"message": LETTER}, {"message": LETTER}]).to_string();
    assert_eq!(read_all(&two).len(), 2);
    let member = format!("            \"message\": {},", json!(LETTER));
    assert_eq!(one(member).1, LETTER);
    let odd = json!({LETTER: 1}).to_string();
    assert_eq!(one(&odd).1, odd);
}

#[test]
fn a_line_of_a_runtime_within_that_of_a_shipper_is_one() {
    let cri = format!("2026-11-29T03:00:00Z stderr P {LETTER}");
    let (end, text, _) = one(json!({"line": cri, "labels": {"pod": "a"}}));
    assert_eq!((end, text.as_str()), (End::Later, LETTER));
    let docker = json!({"log": format!("{LETTER}\n"), "stream": "stderr", "time": "x"}).to_string();
    let (end, text, _) = one(json!({"message": docker}));
    assert_eq!((end, text.trim_end()), (End::Here, LETTER));
}

#[test]
fn lines_without_a_letter_are_read_only_when_they_may_go_on() {
    assert!(read(b"{\"message\":\"a\"}", false).is_empty());
    assert!(read(b"plain", false).is_empty());
    assert_eq!(read(b"2026-11-29T03:00:00Z stderr P a", false).len(), 1);
    let begun = json!({"log": "a".repeat(16384), "stream": "stderr", "time": "x"}).to_string();
    assert_eq!(read(begun.as_bytes(), false).len(), 1);
}

#[test]
fn each_text_of_an_object_that_has_a_letter_is_read() {
    let texts = |line: Value| -> Vec<String> {
        let all = read_all(&line.to_string()).into_iter();
        all.map(|(_, text, _)| text).collect()
    };
    let other = LETTER.replace("\"b\"", "\"c\"");
    assert_eq!(texts(json!({"a": LETTER, "b": other})), [LETTER, &other]);
    assert_eq!(texts(json!({"a": LETTER, "b": LETTER})), [LETTER]);
    let cut = &LETTER[..LETTER.len() - 3];
    assert_eq!(texts(json!({"log": cut, "message": LETTER})), [cut, LETTER]);
    let piece = json!({"log": "x", "logtag": "F", "message": LETTER, "in": {"log": other}});
    assert_eq!(texts(piece), ["x", LETTER, &other]);
}

#[test]
fn texts_of_one_object_are_not_put_together() {
    let record = |text: &str| json!({"log": text, "logtag": "P", "message": LETTER}).to_string();
    let streams = |text: &str| -> Vec<u64> {
        let all = read_all(&record(text)).into_iter();
        all.map(|(_, _, stream)| stream).collect()
    };
    let [log, message] = streams("a").try_into().unwrap();
    assert_ne!(log, message);
    assert_eq!(streams("b"), [log, message]);
}

#[test]
fn a_line_of_too_many_values_is_read_as_text() {
    let many = "{},".repeat(crate::limits::LOG_JSON_VALUES_MAX);
    let line = format!("{{\"message\":{},\"many\":[{many}0]}}", json!(LETTER));
    assert_eq!(one(&line).1, line);
    assert!(read(many.as_bytes(), false).is_empty());
}
