//! Events compared whole: what differs from call to call is checked for its form and named.

use serde_json::Value;

/// The event with what no test can know replaced by the name of its form, such as `<time>`.
///
/// Everything else stays, so that a comparison finds members that are missing and members that
/// nobody expected.
pub(crate) fn normalized(mut event: Value) -> Value {
    let parts: [(&str, &str, IsWellFormed); 11] = [
        ("/id", "<log id>", is_log_id),
        ("/received_at", "<time>", is_precise_time),
        ("/request_id", "<uuid>", is_uuid),
        ("/timestamp", "<time>", is_time),
        ("/duration_ms", "<number>", Value::is_u64),
        (
            "/metadata/audit_layer/writer/id",
            "<writer>",
            Value::is_string,
        ),
        ("/metadata/audit_layer/writer/seq", "<number>", is_positive),
        (
            "/metadata/audit_layer/timing/first_byte_ms",
            "<number>",
            Value::is_u64,
        ),
        (
            "/metadata/audit_layer/gateway/request_id",
            "<uuid>",
            is_uuid,
        ),
        (
            "/metadata/audit_layer/gateway/source",
            "<loopback>",
            is_loopback,
        ),
        (
            "/metadata/audit_layer/gateway/plugin",
            "<plugin>",
            is_plugin,
        ),
    ];
    for (pointer, name, is_well_formed) in parts {
        if let Some(value) = event
            .pointer_mut(pointer)
            .filter(|value| is_well_formed(value))
        {
            *value = name.into();
        }
    }
    event
}

/// `actual` has every member of `part`, at any depth; what else it has does not matter.
pub(crate) fn assert_holds(actual: &Value, part: &Value) {
    let mut differences = Vec::new();
    differ(actual, part, "", &mut differences);
    assert!(
        differences.is_empty(),
        "{}\nin {actual:#}",
        differences.join("\n")
    );
}

/// `actual` is `expected`, and only where it is not is shown.
pub(crate) fn assert_same(actual: &Value, expected: &Value) {
    assert_holds(actual, expected);
    let mut unexpected = Vec::new();
    differ(expected, actual, "", &mut unexpected);
    assert!(
        unexpected.is_empty(),
        "members that nobody expected:\n{}",
        unexpected.join("\n")
    );
}

fn differ(actual: &Value, part: &Value, pointer: &str, differences: &mut Vec<String>) {
    match part {
        Value::Object(members) if actual.is_object() => {
            for (name, value) in members {
                differ(
                    &actual[name],
                    value,
                    &format!("{pointer}/{name}"),
                    differences,
                );
            }
        }
        _ if actual == part => {}
        _ => differences.push(format!("{pointer} is {actual}, expected {part}")),
    }
}

/// The notes of an event.
pub(crate) fn notes(event: &Value) -> Vec<&str> {
    let notes = event
        .pointer("/metadata/audit_layer/capture/notes")
        .and_then(Value::as_array);
    notes
        .expect("an event has notes")
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

/// How the call ended, in one word.
pub(crate) fn state(event: &Value) -> &str {
    let state = event
        .pointer("/metadata/audit_layer/completion/state")
        .and_then(Value::as_str);
    state.expect("an event has a completion state")
}

type IsWellFormed = fn(&Value) -> bool;

/// The collector's own name for what it stored.
fn is_log_id(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with("log_"))
}

fn is_uuid(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// RFC 3339 in UTC with milliseconds: `2026-01-15T12:00:00.000Z`.
fn is_time(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let form: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    form == "0000-00-00T00:00:00.000Z"
}

/// The same with microseconds, as the collector keeps its own time.
fn is_precise_time(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let without_micros = text.len().checked_sub(4).and_then(|end| text.get(..end));
    without_micros.is_some_and(|text| is_time(&format!("{text}Z").into()))
}

fn is_positive(value: &Value) -> bool {
    value.as_u64().is_some_and(|number| number > 0)
}

fn is_loopback(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.starts_with("127.0.0.1"))
}

fn is_plugin(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.starts_with("audit-layer"))
}
