//! The events of dead letters, out of the lines that a proxy wrote around them.

use audit_layer_core::dead_letter::{self, LetterKey, Origin};
use audit_layer_core::limits::REASON_BYTES_MAX;
use memchr::memmem;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use thiserror::Error;

use crate::access::Scope;
use crate::event::{Event, EventError};
use crate::import::identity::Identity;
use crate::import::json;
use crate::import::quoted::Quoting;
use crate::limits;

/// Why a line that should be a dead letter has no event. No message has content.
#[derive(Debug, Error)]
pub enum Broken {
    /// The JSON has no end.
    #[error("the event is incomplete: the line was cut off{0}")]
    Cut(Identity),
    /// The JSON is whole, and not that of an event.
    #[error("not an event: {0}")]
    Event(String),
    /// Pieces of several lines stand between each other.
    #[error(
        "the pieces of this line are mixed with those of another: import each container's log separately{0}"
    )]
    Mixed(Identity),
    /// It ends here, and began in what was not read.
    #[error(
        "the beginning of this dead letter is missing: import the older files of the log too{0}"
    )]
    NoBeginning(Identity),
    /// The words that come before the event are not all there.
    #[error("there is no `event=` after the reason: the line was cut off")]
    NoEvent,
    /// The last pieces of the line are not there.
    #[error("the event is incomplete: the last pieces of its line are missing{0}")]
    NoEnd(Identity),
    /// The log line is JSON, and the dead letter is in no string of it.
    #[error("the log line is JSON, but the dead letter is not in a string")]
    NoMember,
    /// What follows is not JSON.
    #[error("the event is not JSON: {0}")]
    NotJson(serde_json::Error),
    /// Not a line that a gateway wrote.
    #[error("the reason is longer than {REASON_BYTES_MAX} characters, which no gateway writes")]
    Reason,
    /// The line is in UTF-16 and the log is not, or the other way around.
    #[error(
        "a dead letter here cannot be read because the log mixes UTF-16 and UTF-8, as when PowerShell appends to it: write the log in one encoding"
    )]
    OtherEncoding,
    /// So many that begin like dead letters within quotes that no more are tried.
    #[error(
        "more than {max} quoted texts in this line begin like dead letters; the rest of the line was not read",
        max = limits::LOG_LETTERS_MAX
    )]
    TooMany,
    /// More than is kept in memory.
    #[error("the line is longer than {max} bytes{0}", max = limits::LOG_LINE_BYTES_MAX)]
    TooLong(Identity),
}

impl From<EventError> for Broken {
    fn from(error: EventError) -> Self {
        Self::Event(error.to_string())
    }
}

/// A dead letter with an event.
#[derive(Debug)]
pub(super) struct Letter {
    /// The event as JSON on one line.
    pub(super) event: String,
    /// What its MAC says.
    pub(super) origin: Origin,
}

/// All dead letters in what a program wrote.
///
/// What a proxy was told to log is a string of the line if its log has the format JSON, and the whole
/// line otherwise. Where in it a letter stands proves nothing: hosts and those who ship logs write
/// different things before it, all of which a stranger can write too if a log quotes strangers.
pub(super) fn read(text: &[u8], keys: &[LetterKey]) -> Vec<Result<Letter, Broken>> {
    let mut found = Vec::new();
    add(text, keys, limits::LOG_DEPTH_MAX, &mut found);
    found
}

fn add(
    text: &[u8],
    keys: &[LetterKey],
    depth_left: usize,
    found: &mut Vec<Result<Letter, Broken>>,
) {
    let document = object(text);
    let Some(depth_left) = depth_left.checked_sub(1).filter(|_| document.is_some()) else {
        let mut tries_left = limits::LOG_LETTERS_MAX;
        scan(text, keys, limits::LOG_DEPTH_MAX, &mut tries_left, found);
        return;
    };
    let before = found.len();
    if let Some(document) = &document {
        each_string(document, &mut |text| {
            add(text.as_bytes(), keys, depth_left, found);
        });
    }
    if found.len() == before && memmem::find(text, DEAD_LETTER).is_some() {
        found.push(Err(Broken::NoMember));
    }
}

fn object(text: &[u8]) -> Option<Value> {
    is_object(text).then(|| json::value(text))?
}

fn is_object(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"{")
}

/// Gives every string that has a dead letter.
fn each_string(value: &Value, found: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) if memmem::find(text.as_bytes(), DEAD_LETTER).is_some() => found(text),
        Value::Array(values) => values.iter().for_each(|value| each_string(value, found)),
        Value::Object(members) => members.values().for_each(|value| each_string(value, found)),
        _ => {}
    }
}

/// Reads dead letters one after the other and passes over what a log's format may have put between.
///
/// Behind one that breaks off another may stand, or what looks like one in the content of the first:
/// there a quote has a backslash more, so that this never is one.
fn scan(
    text: &[u8],
    keys: &[LetterKey],
    depth_left: usize,
    tries_left: &mut usize,
    found: &mut Vec<Result<Letter, Broken>>,
) {
    let mut rest = text;
    // Whether one broke off, and how many backslashes stand before its first quote.
    let (mut is_broken, mut backslashes_max) = (false, None);
    while let Some(at) = memmem::find(rest, DEAD_LETTER) {
        let (_, begun) = rest.split_at(at);
        let letter = last_before_event(begun);
        if letter.is_none_or(|letter| letter.len() < begun.len()) && !is_broken {
            found.push(Err(Broken::NoEvent));
            is_broken = true;
        }
        let Some(letter) = letter else {
            return;
        };
        let after_name = letter.get(DEAD_LETTER.len()..).unwrap_or_default();
        let backslashes = opening(letter);
        if backslashes
            .zip(backslashes_max)
            .is_some_and(|(own, max)| own > max)
        {
            rest = after_name;
            continue;
        }
        let quoted = Quoting::of(after_event(letter)).zip(depth_left.checked_sub(1));
        if let Some((quoting, depth_left)) = quoted {
            // Each reads up to the end of its quotes, and may have others in them. Without quotes one
            // ends before the next begins, so that any number is read.
            let Some(left) = tries_left.checked_sub(1) else {
                found.push(Err(Broken::TooMany));
                return;
            };
            *tries_left = left;
            let (letter, after) = quoting.open(letter);
            let before = found.len();
            scan(&letter, keys, depth_left, tries_left, found);
            if found.iter().skip(before).any(Result::is_ok) {
                rest = after;
                continue;
            }
            // What was taken for its end may be in another letter, which is not to go with it.
            found.truncate(before.saturating_add(usize::from(!is_broken)));
            is_broken = true;
            backslashes_max = backslashes.or(backslashes_max);
            rest = after_name;
            continue;
        }
        match open(letter, keys) {
            Ok((opened, after)) => {
                found.push(Ok(opened));
                rest = after;
            }
            Err(why) => {
                if !is_broken {
                    found.push(Err(why));
                }
                is_broken = true;
                backslashes_max = backslashes.or(backslashes_max);
                rest = after_name;
            }
        }
    }
}

/// The last beginning of a dead letter before the next ` event=`: to those before it belongs none, as a
/// gateway writes no beginning into the words of another. `None` if no event follows.
fn last_before_event(begun: &[u8]) -> Option<&[u8]> {
    let (head, _) = begun.split_at_checked(memmem::find(begun, EVENT)?)?;
    begun.get(memmem::rfind(head, DEAD_LETTER)?..)
}

/// A letter, and what stands behind it.
fn open<'a>(letter: &'a [u8], keys: &[LetterKey]) -> Result<(Letter, &'a [u8]), Broken> {
    let (head, json) = at_event(letter).ok_or(Broken::NoEvent)?;
    if !has_short_reason(head) {
        return Err(Broken::Reason);
    }
    let mut values = serde_json::Deserializer::from_slice(json).into_iter::<&RawValue>();
    let raw = match values.next() {
        Some(Ok(raw)) => raw.get(),
        Some(Err(error)) if !error.is_eof() => return Err(Broken::NotJson(error)),
        Some(Err(_)) | None => return Err(cut(letter)),
    };
    let (_, after) = json
        .split_at_checked(values.byte_offset())
        .unwrap_or_default();
    let event = Event::parse(raw.as_bytes(), &Scope::All)?;
    // A line end in valid JSON is white space between members: strings have it escaped.
    let text = match event.text.contains(['\n', '\r']) {
        true => event.text.replace(['\n', '\r'], " "),
        false => event.text,
    };
    let origin = dead_letter::origin(head, raw.as_bytes(), keys);
    let opened = Letter {
        event: text,
        origin,
    };
    Ok((opened, after))
}

fn cut(letter: &[u8]) -> Broken {
    Broken::Cut(Identity::of_letter(letter, beginning(letter)))
}

/// Whether the first word behind the beginning is as short as a gateway writes it.
fn has_short_reason(head: &[u8]) -> bool {
    let reason = head.get(DEAD_LETTER.len()..).unwrap_or_default();
    let end = memchr::memchr(b' ', reason).unwrap_or(reason.len());
    end <= REASON_BYTES_MAX
}

/// What stands before ` event=` of this letter, and what behind it.
fn at_event(letter: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, rest) = letter.split_at_checked(memmem::find(letter, EVENT)?)?;
    // Of one whose words are cut, the next `event=` is that of another.
    let is_own = memmem::rfind(head, DEAD_LETTER) == Some(0);
    Some((head, rest.get(EVENT.len()..)?)).filter(|_| is_own)
}

/// What stands behind ` event=` of this letter.
fn after_event(letter: &[u8]) -> Option<&[u8]> {
    at_event(letter).map(|(_, json)| json)
}

/// Whether the first dead letter of a text breaks off.
pub(super) fn is_cut(text: &[u8]) -> bool {
    let Some(at) = memmem::find(text, DEAD_LETTER) else {
        return false;
    };
    if is_object(text) && serde_json::from_slice::<IgnoredAny>(text).is_ok() {
        return false;
    }
    let (_, letter) = text.split_at(at);
    is_open(letter, limits::LOG_DEPTH_MAX)
}

fn is_open(begun: &[u8], depth_left: usize) -> bool {
    let Some(letter) = last_before_event(begun) else {
        let last = memmem::rfind(begun, DEAD_LETTER).unwrap_or_default();
        return begun.len().saturating_sub(last) < HEAD_BYTES_MAX;
    };
    let quoted = Quoting::of(after_event(letter)).zip(depth_left.checked_sub(1));
    if let Some((quoting, depth_left)) = quoted {
        let (letter, _) = quoting.open(letter);
        return is_open(&letter, depth_left);
    }
    after_event(letter).is_none_or(|json| {
        let mut values = serde_json::Deserializer::from_slice(json).into_iter::<&RawValue>();
        match values.next() {
            Some(Err(error)) => error.is_eof(),
            None => true,
            Some(Ok(_)) => false,
        }
    })
}

/// Whether the first dead letter of a text is one.
pub(super) fn is_whole(text: &[u8]) -> bool {
    matches!(read(text, &[]).first(), Some(Ok(_)))
}

/// How an event begins in a log: how many backslashes stand before its first quote.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening(usize);

/// How the first dead letter of a text begins, if its event does.
pub(super) fn first_opening(text: &[u8]) -> Option<Opening> {
    openings(text).next().map(Opening)
}

/// The same of one that begins in `before`, which has none yet, and goes on in a piece.
pub(super) fn opening_over(before: &[u8], piece: &[u8]) -> Option<Opening> {
    let from = before.len().saturating_sub(HEAD_BYTES_MAX);
    let before = before.get(from..).unwrap_or(before);
    let both = [before, beginning(piece)].concat();
    let mut begun = memmem::find_iter(&both, DEAD_LETTER).take_while(|at| *at < before.len());
    begun
        .find_map(|at| opening(both.split_at(at).1))
        .map(Opening)
}

/// Whether a dead letter begins in a piece that might go on with one that began so, and not something
/// in its content that looks like one: there a quote has a backslash more.
pub(super) fn begins_in(piece: &[u8], Opening(first): Opening) -> bool {
    openings(piece).any(|backslashes| backslashes <= first)
}

/// Of each beginning of a dead letter, how many backslashes stand before the first quote of its event.
fn openings(text: &[u8]) -> impl Iterator<Item = usize> {
    memmem::find_iter(text, DEAD_LETTER).filter_map(|at| opening(text.split_at(at).1))
}

fn opening(letter: &[u8]) -> Option<usize> {
    let json = after_event(beginning(letter))?.strip_prefix(b"{")?;
    let backslashes = json.iter().take_while(|byte| **byte == b'\\').count();
    (json.get(backslashes) == Some(&b'"')).then_some(backslashes)
}

/// What has all that stands before an event.
fn beginning(letter: &[u8]) -> &[u8] {
    letter.get(..HEAD_BYTES_MAX).unwrap_or(letter)
}

/// Whether a text without a beginning is the end of a dead letter.
pub(super) fn is_end(text: &[u8]) -> bool {
    let is_of_gateway = |name: &[u8]| memmem::find(text, name).is_some();
    is_of_gateway(b"\"audit_layer\":{") || is_of_gateway(b"\\\"audit_layer\\\":{")
}

/// What the plugin writes before the reason.
pub(super) const DEAD_LETTER: &[u8] = dead_letter::PREFIX.as_bytes();

/// What it writes before the event.
const EVENT: &[u8] = dead_letter::EVENT.as_bytes();

/// Bytes of what stands before an event.
pub(super) const HEAD_BYTES_MAX: usize = 1024;

#[cfg(test)]
mod tests;
