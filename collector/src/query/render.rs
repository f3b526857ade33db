//! Stored events as JSON, without reading them again: their text is what was sent.

use std::borrow::Cow;

use crate::event::{ADDED_MEMBERS, Entries};
use crate::query::filter;
use crate::query::near::Near;
use crate::store::{Log, LogPage, RecordedBy};
use crate::time;

/// One event, with what the collector adds in front of the members that were sent.
pub(crate) fn log(log: &Log) -> String {
    let mut text = String::with_capacity(log.event.len().saturating_add(ADDED_BYTES));
    push_log(&mut text, log);
    text
}

/// Events as NDJSON: each as [`log`] writes it, on a line of its own.
pub(crate) fn lines(logs: &[Log]) -> String {
    let mut lines = String::new();
    for log in logs {
        // Outside of strings, where it is white space, JSON may be broken into lines.
        lines.push_str(&self::log(log).replace(['\n', '\r'], " "));
        lines.push('\n');
    }
    lines
}

/// `{"data":[…],"next_cursor":…}`, what comes near where there is nothing, and what asks for what is new
/// after it.
pub(crate) fn page(page: &LogPage, near: Option<&Near>, after: Option<&str>) -> String {
    let mut text = String::from("{\"data\":[");
    for (log, comma) in page
        .logs
        .iter()
        .zip([""].into_iter().chain(std::iter::repeat(",")))
    {
        text.push_str(comma);
        push_log(&mut text, log);
    }
    text.push_str("],\"next_cursor\":");
    match &page.next {
        None => text.push_str("null"),
        // A cursor is base64url, which needs no escaping.
        Some(position) => {
            text.extend(["\"", &filter::cursor(*position), "\""]);
        }
    }
    if let Some(near) = near {
        // Texts and numbers always can be written.
        let near = serde_json::to_string(near).unwrap_or_default();
        text.extend([",\"near\":", &near]);
    }
    if let Some(after) = after {
        // As a cursor.
        text.extend([",\"after\":\"", after, "\""]);
    }
    text.push('}');
    text
}

fn push_log(text: &mut String, log: &Log) {
    let received_at = time::text(log.received_at);
    let event = without_added(log);
    // A stored event is an object, and has members: those that are required.
    let members = event.strip_prefix('{').unwrap_or(&event);
    // Ids are made here, of letters and digits that need no escaping.
    text.extend([
        "{\"id\":\"",
        &log.id,
        "\",\"received_at\":\"",
        &received_at,
        "\",\"recorded_by\":",
    ]);
    match &log.recorded_by {
        None => text.push_str("null"),
        Some(RecordedBy { key_id, kind }) => text.extend([
            "{\"key_id\":\"",
            key_id,
            "\",\"kind\":\"",
            kind.name(),
            "\"}",
        ]),
    }
    if let Some(first) = &log.conflict_of {
        text.extend([",\"conflict_of\":\"", first, "\""]);
    }
    if log.writer_not_counted {
        text.push_str(",\"writer_not_counted\":true");
    }
    text.push(',');
    text.push_str(members);
}

/// An event without members of the names that the collector adds. Since it notes who records, none is
/// stored that has any.
fn without_added(log: &Log) -> Cow<'_, str> {
    if log.recorded_by.is_some() {
        return Cow::Borrowed(&log.event);
    }
    let Ok(entries) = Entries::read(&log.event) else {
        return Cow::Borrowed(&log.event);
    };
    let kept_name = |name| (!ADDED_MEMBERS.contains(&name)).then_some(name);
    match entries.rewritten(kept_name, None) {
        Ok(Some(rewritten)) => Cow::Owned(rewritten),
        Ok(None) | Err(_) => Cow::Borrowed(&log.event),
    }
}

/// Room for the members that are added.
const ADDED_BYTES: usize = 256;
