//! The event of a dead letter, out of the line that a proxy wrote around it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use memchr::memmem;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::access::Scope;
use crate::event::{Event, EventError};
use crate::import::lines::Line;
use crate::limits;

/// Why a line that should be a dead letter has no event. No message has content.
#[derive(Debug, Error)]
pub enum Broken {
    /// The JSON has no end.
    #[error("the event breaks off: the line was cut")]
    Cut,
    /// The JSON is whole, and not that of an event.
    #[error("not an event: {0}")]
    Event(String),
    /// The words that come before the event are not all there.
    #[error("there is no `event=` after the reason: the line was cut")]
    NoEvent,
    /// The log line is JSON, and the dead letter is deeper in it than a string member.
    #[error("the log line is a JSON object, but the dead letter is not in a string member of it")]
    NoMember,
    /// What follows is not JSON.
    #[error("the event is not JSON: {0}")]
    NotJson(serde_json::Error),
    /// More than is kept in memory.
    #[error("the line is longer than {} bytes", limits::LOG_LINE_BYTES_MAX)]
    TooLong,
}

impl From<EventError> for Broken {
    fn from(error: EventError) -> Self {
        Self::Event(error.to_string())
    }
}

/// The event's JSON on one line; `None` if the line is no dead letter.
pub(super) fn read(line: &Line<'_>) -> Option<Result<String, Broken>> {
    memmem::find(line.bytes, DEAD_LETTER)?;
    if line.is_cut {
        return Some(Err(Broken::TooLong));
    }
    let text = message(line.bytes);
    Some(text.and_then(|text| event(&text)))
}

/// What the proxy was told to log: a string member if its log has the format JSON, and the whole
/// line otherwise. A container's log may have such a line in a string of its own.
fn message(line: &[u8]) -> Result<Cow<'_, [u8]>, Broken> {
    let mut text = Cow::Borrowed(line);
    while let Ok(members) = serde_json::from_slice::<BTreeMap<Cow<'_, str>, &RawValue>>(&text) {
        let mut strings = members.values().filter(|raw| raw.get().starts_with('"'));
        let found = strings.find(|raw| memmem::find(raw.get().as_bytes(), DEAD_LETTER).is_some());
        let found = found.ok_or(Broken::NoMember)?;
        let inner: String = serde_json::from_str(found.get()).map_err(Broken::NotJson)?;
        text = Cow::Owned(inner.into_bytes());
    }
    Ok(text)
}

/// Reads one JSON object and passes over what a log's format may have put after it.
fn event(text: &[u8]) -> Result<String, Broken> {
    let at = memmem::find(text, DEAD_LETTER).unwrap_or_default();
    let (_, letter) = text.split_at(at);
    let at = memmem::find(letter, EVENT).ok_or(Broken::NoEvent)?;
    let (_, json) = letter.split_at(at.saturating_add(EVENT.len()));
    let mut values = serde_json::Deserializer::from_slice(json).into_iter::<&RawValue>();
    let raw = match values.next() {
        Some(Ok(raw)) => raw.get(),
        Some(Err(error)) if !error.is_eof() => return Err(Broken::NotJson(error)),
        Some(Err(_)) | None => return Err(Broken::Cut),
    };
    let event = Event::parse(raw.as_bytes(), &Scope::All)?;
    // A line end in valid JSON is white space between members: strings have it escaped.
    Ok(match event.text.contains(['\n', '\r']) {
        true => event.text.replace(['\n', '\r'], " "),
        false => event.text,
    })
}

/// What the plugin writes before the reason.
const DEAD_LETTER: &[u8] = b"audit-layer dead-letter reason=";

/// What it writes between the reason and the event.
const EVENT: &[u8] = b" event=";

#[cfg(test)]
mod tests;
