//! What a line of a log holds: what a program wrote, or a piece of it, as runtimes of containers and
//! those who ship logs write it down.

use std::borrow::Cow;
use std::collections::HashSet;

use memchr::memmem;
use serde_json::{Map, Value};
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64_with_seed};

use crate::import::json;
use crate::import::letter::DEAD_LETTER;

/// A piece of what one program wrote.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    /// Of the container and stream, as far as the line names them. Pieces of one line have one.
    pub(super) stream: u64,
    pub(super) end: End,
    pub(super) text: Cow<'a, [u8]>,
}

/// Whether a piece is the last of its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// More of the line follows.
    Later,
    /// The line ends here.
    Here,
    /// The format does not say. It is mostly a line of its own.
    Unknown,
}

/// The records of a line: one, unless it is a document of many. `is_wanted` says whether a line
/// without a dead letter may be a piece of one.
pub(super) fn read(line: &[u8], is_wanted: bool) -> Vec<Record<'_>> {
    // Programs of Windows begin with it what they write, and what they append.
    let written = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    let line = written.trim_ascii_start();
    // Where a machine went down, a file has zeros.
    let zeros = line.iter().take_while(|byte| **byte == 0).count();
    let (_, line) = line.split_at(zeros);
    if let Some(record) = of_cri(line, 0) {
        return vec![record];
    }
    let has_letter = memmem::find(line, DEAD_LETTER).is_some();
    if !has_letter && !is_wanted && !may_be_of_docker(line) {
        return Vec::new();
    }
    let mut records: Vec<Record<'static>> = Vec::new();
    if let Some(document) = document(line) {
        collect(
            &document,
            has_letter,
            &Identity::of(&document),
            &mut records,
        );
    }
    let mut records: Vec<Record<'_>> = records;
    let is_in = |record: &Record<'_>| memmem::find(&record.text, DEAD_LETTER).is_some();
    // What is not understood must not be passed over.
    let is_left = has_letter && !records.iter().any(is_in);
    if is_left || (records.is_empty() && is_wanted) {
        // With the blanks that it begins with: a line may have been cut before them.
        records.push(whole(written, 0));
    }
    records
}

fn whole(text: &[u8], stream: u64) -> Record<'_> {
    Record {
        stream,
        end: End::Unknown,
        text: text.into(),
    }
}

/// A line of a file below `/var/log/pods`: `2026-11-29T03:00:00.1Z stderr P text`.
/// <https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md>
fn of_cri(line: &[u8], seed: u64) -> Option<Record<'_>> {
    let (time, rest) = split(line)?;
    let is_time = time.len() >= "YYYY-MM-DDTHH:MM:SS".len()
        && time.first().is_some_and(u8::is_ascii_digit)
        && time.get(4) == Some(&b'-')
        && time.get(10) == Some(&b'T');
    let (stream, rest) = split(rest)?;
    if !is_time || !matches!(stream, b"stdout" | b"stderr") {
        return None;
    }
    // Other tags may follow after a colon.
    let (tags, text) = split(rest).unwrap_or((rest, b""));
    let end = match tags.split(|byte| *byte == b':').next()? {
        b"P" => End::Later,
        b"F" => End::Here,
        _ => return None,
    };
    Some(Record {
        stream: xxh3_64_with_seed(stream, seed),
        end,
        text: text.into(),
    })
}

/// What stands before the first blank, and what after it.
fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b' ', text)?;
    let (before, rest) = text.split_at(at);
    Some((before, rest.get(1..)?))
}

/// Whether it may be a line of Docker's that does not end with its text. Others are not read for
/// nothing.
fn may_be_of_docker(line: &[u8]) -> bool {
    line.starts_with(b"{\"log\":\"") && memmem::find(line, b"\\n\",\"stream\"").is_none()
}

/// The line as JSON, or a line of a document that is written over many.
fn document(line: &[u8]) -> Option<Value> {
    match line.first()? {
        b'{' | b'[' => json::value(line),
        b'"' => {
            let member = line.trim_ascii_end();
            let member = member.strip_suffix(b",").unwrap_or(member);
            json::value(&[b"{", member, b"}"].concat())
        }
        _ => None,
    }
}

/// The records of an object or of those in it.
fn collect(value: &Value, has_letter: bool, identity: &Identity, found: &mut Vec<Record<'static>>) {
    match value {
        Value::Object(members) => {
            let mut taken = HashSet::new();
            if let Some((text, end)) = piece(members) {
                found.push(record(text, end, identity.without(text)));
                if !has_letter {
                    return;
                }
                taken.insert(text);
            }
            for (name, value) in members {
                let Some(text) = value.as_str() else {
                    continue;
                };
                let is_text = match has_letter {
                    true => memmem::find(text.as_bytes(), DEAD_LETTER).is_some(),
                    false => TEXTS.contains(&name.as_str()),
                };
                // One member may say the same as another.
                if is_text && taken.insert(text) {
                    let stream = identity.without(text);
                    // A second text goes on in its own member.
                    let stream = match main_text(members) == Some(text) {
                        true => stream,
                        false => xxh3_64_with_seed(name.as_bytes(), stream),
                    };
                    found.push(inner(text, stream));
                }
            }
            let nested = members.values().filter(|value| !value.is_string());
            nested.for_each(|value| collect(value, has_letter, identity, found));
        }
        Value::Array(values) => {
            // Each of them is by itself.
            for value in values {
                match value.as_str() {
                    Some(text) if memmem::find(text.as_bytes(), DEAD_LETTER).is_some() => {
                        found.push(inner(text, identity.without(text)));
                    }
                    _ => collect(value, has_letter, &Identity::of(value), found),
                }
            }
        }
        _ => {}
    }
}

/// A text of a shipper, which may be a line of a runtime as it stood in its file.
fn inner(text: &str, stream: u64) -> Record<'static> {
    let owned = |record: Record<'_>| Record {
        text: Cow::Owned(record.text.into_owned()),
        ..record
    };
    if let Some(record) = of_cri(text.as_bytes(), stream) {
        return owned(record);
    }
    let members = document(text.as_bytes());
    let members = members.as_ref().and_then(Value::as_object);
    match members.and_then(|members| piece(members).map(|piece| (piece, members))) {
        Some(((text, end), members)) => {
            let own = Identity::of_members(members).without(text);
            record(text, end, xxh3_64_with_seed(&own.to_le_bytes(), stream))
        }
        None => owned(whole(text.as_bytes(), stream)),
    }
}

fn record(text: &str, end: End, stream: u64) -> Record<'static> {
    Record {
        stream,
        end,
        text: Cow::Owned(text.as_bytes().to_vec()),
    }
}

/// What a program wrote, as most name it.
fn main_text(members: &Map<String, Value>) -> Option<&str> {
    TEXTS.iter().find_map(|name| members.get(*name)?.as_str())
}

/// The text of an object that says whether more of it follows.
fn piece(members: &Map<String, Value>) -> Option<(&str, End)> {
    let text = main_text(members)?;
    let flag = |name: &str| {
        members
            .get(name)
            .map(|value| value == "true" || *value == true)
    };
    // Fluent Bit's and Fluentd's reading of a line of CRI.
    let tag = TAGS.iter().find_map(|name| members.get(*name)?.as_str());
    if let Some(tag) = tag {
        let end = match tag.split(':').next() {
            Some("P") => End::Later,
            _ => End::Here,
        };
        return Some((text, end));
    }
    // Docker's drivers for Fluentd and for the journal. A last piece has the id of the others.
    if let Some(is_piece) = flag("partial_message").or(flag("CONTAINER_PARTIAL_MESSAGE")) {
        let is_last = flag("partial_last").or(flag("CONTAINER_PARTIAL_LAST"));
        let end = match is_piece && is_last != Some(true) {
            true => End::Later,
            false => End::Here,
        };
        return Some((text, end));
    }
    if members.contains_key("CONTAINER_PARTIAL_ID") {
        return Some((text, End::Here));
    }
    // Docker's own files have the end of a line in its last piece. Those who ship them leave it out.
    let is_docker = members.contains_key("log") && members.contains_key("stream");
    let is_docker = is_docker
        && members
            .keys()
            .all(|name| OF_DOCKER.contains(&name.as_str()));
    match (is_docker, text.ends_with('\n'), text.len() >= DOCKER_PIECE) {
        (true, true, _) => Some((text, End::Here)),
        (true, false, true) => Some((text, End::Later)),
        _ => None,
    }
}

/// The members that tell one container's log from another's: all but the text and what differs from
/// one record to the next.
struct Identity(Vec<(u64, u64)>);

impl Identity {
    fn of(value: &Value) -> Self {
        value.as_object().map_or(Self(Vec::new()), Self::of_members)
    }

    fn of_members(members: &Map<String, Value>) -> Self {
        let mut scalars = Vec::new();
        add(members, 0, &mut scalars);
        scalars.sort_unstable();
        Self(scalars)
    }

    /// A number for it, without the member that is this text.
    fn without(&self, text: &str) -> u64 {
        let text = hash(text.as_bytes());
        let mut all = Xxh3Default::new();
        for (name, value) in self.0.iter().filter(|(_, value)| *value != text) {
            all.update(&name.to_le_bytes());
            all.update(&value.to_le_bytes());
        }
        all.digest()
    }
}

fn add(members: &Map<String, Value>, path: u64, scalars: &mut Vec<(u64, u64)>) {
    let lasting = members.iter().filter(|(name, _)| !is_of_one_record(name));
    for (name, value) in lasting {
        let name = xxh3_64_with_seed(name.as_bytes(), path);
        match value {
            Value::Object(members) => add(members, name, scalars),
            Value::String(text) => scalars.push((name, hash(text.as_bytes()))),
            Value::Array(_) => {}
            other => scalars.push((name, hash(other.to_string().as_bytes()))),
        }
    }
}

fn hash(bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, 0)
}

/// Whether a member is of one record alone: its time, its number, its place in a file.
fn is_of_one_record(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_partial = lower.contains("partial") && !lower.ends_with("_id");
    TEXTS.contains(&name)
        || TAGS.contains(&name)
        || OF_ONE_RECORD.contains(&lower.as_str())
        || lower.ends_with("timestamp")
        || is_partial
}

const OF_ONE_RECORD: [&str; 14] = [
    "_id",
    "_score",
    "__cursor",
    "cursor",
    "date",
    "eventid",
    "ingestiontime",
    "insertid",
    "offset",
    "seq",
    "sequencenumber",
    "sort",
    "time",
    "ts",
];

/// U+FEFF.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Members that have what a program wrote.
const TEXTS: [&str; 9] = [
    "log",
    "message",
    "MESSAGE",
    "msg",
    "line",
    "@message",
    "textPayload",
    "body",
    "text",
];

/// Members that have the tag of a line of CRI.
const TAGS: [&str; 3] = ["logtag", "_p", "log_tag"];

/// All members that a line of Docker's files can have.
const OF_DOCKER: [&str; 4] = ["log", "stream", "time", "attrs"];

/// Bytes of a piece of Docker's; a character that is cut in two has more than it had.
const DOCKER_PIECE: usize = 16 * 1024 - 8;

#[cfg(test)]
mod tests;
