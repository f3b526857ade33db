//! The conversation: every part of a prompt in its order, and one hash that pins them down.
//!
//! The canonical text leaves out roles, calls of tools and what media hold, so that two prompts may
//! have the same. Of two conversations that differ in anything that is told here the hashes differ:
//! everything in them stands behind its length, so that no text can imitate another part.
//! `core/PROMPT.md` has the form and its test vectors.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::iter;
use std::ops::Range;

use super::shared::is_long;
use super::{Canonical, MessagePart, Prompt, Said};
use crate::capture::CapturePolicy;
use crate::digest::{HASH_BYTES, HashForm};
use crate::event::{Conversation, Kind, PromptPart};
use crate::limits::{NAME_BYTES_MAX, PROMPT_NAMES_BYTES_MAX, PROMPT_PARTS_MAX};
use crate::names::name_within;
use crate::note::Note;

/// What the hash begins with: the name of this form.
const FORM: &[u8] = b"audit-layer/prompt/1\n";

/// The conversation as the event tells it. `carried` are the bytes of the canonical text that the
/// event carries, and `digest` is its hash; of a prompt that is not whole there is none.
pub fn conversation(
    prompt: &Prompt<'_>,
    canonical: &Canonical,
    carried: usize,
    digest: Option<[u8; HASH_BYTES]>,
    policy: &CapturePolicy,
    notes: &mut BTreeSet<Note>,
) -> Conversation {
    let mut writer = Writer {
        policy,
        carried,
        bytes_left: policy.limits.content_bytes.saturating_sub(carried),
        names_left: PROMPT_NAMES_BYTES_MAX,
        names_are_full: false,
        is_cut: false,
        names_cut: false,
    };
    let mut parts = Vec::new();
    for (message, role, part, place) in placed(prompt, canonical) {
        if parts.len() == PROMPT_PARTS_MAX {
            notes.insert(Note::PromptPartsTruncated);
            break;
        }
        let told = writer.part(message, role, part, place);
        if writer.names_are_full {
            notes.insert(Note::PromptPartsTruncated);
            break;
        }
        parts.push(told);
    }
    if numbered(prompt).any(|(_, _, part)| part.is_some_and(|part| part.is_unread)) {
        notes.insert(Note::PromptPartUnread);
    }
    if writer.is_cut {
        notes.insert(Note::PromptContentTruncated);
    }
    if writer.names_cut {
        notes.insert(Note::NameTruncated);
    }
    Conversation {
        hash: digest
            .map(|digest| hash(prompt, canonical, &digest, &policy.hash))
            .unwrap_or_default(),
        parts,
    }
}

/// The hash of all parts, in the form of `prompt_hash`. Texts that stand in the canonical text are
/// told by their place in it, and it by its hash: so they need not be hashed once more.
pub fn hash(
    prompt: &Prompt<'_>,
    canonical: &Canonical,
    digest: &[u8; HASH_BYTES],
    form: &HashForm,
) -> String {
    let mut record = Record(Vec::new());
    record.0.extend_from_slice(FORM);
    record.0.extend_from_slice(digest);
    let mut state = form.start();
    for (message, role, part, place) in placed(prompt, canonical) {
        record.part(message, role, part, place);
        // Long conversations must not be in memory twice.
        if record.0.len() > RECORD_BYTES_MAX {
            state.update(&record.0);
            record.0.clear();
        }
    }
    state.update(&record.0);
    state.finish()
}

/// Bytes of the record that are gathered before they are hashed.
const RECORD_BYTES_MAX: usize = 16 << 10;

/// A part's message by number, its role, itself, and where it stands in the canonical text.
type Placed<'p, 'a> = (
    usize,
    &'p str,
    Option<&'p MessagePart<'a>>,
    Option<Range<usize>>,
);

/// Each part as [`numbered`] has it, with its place in the canonical text.
fn placed<'p, 'a>(
    prompt: &'p Prompt<'a>,
    canonical: &'p Canonical,
) -> impl Iterator<Item = Placed<'p, 'a>> {
    let mut places = canonical.places.iter();
    numbered(prompt).map(move |(number, role, part)| {
        let place = part.and_then(|_| places.next().cloned().flatten());
        (number, role, part, place)
    })
}

/// Each part with the number of its message and its role, then what stands beside the messages. A
/// message without parts has an empty one, so that it is not forgotten. A long role is that of the
/// message's first part alone, as with [`Shared`](super::Shared).
fn numbered<'p, 'a>(
    prompt: &'p Prompt<'a>,
) -> impl Iterator<Item = (usize, &'p str, Option<&'p MessagePart<'a>>)> {
    let of = |number: usize, role: &'p str, parts: &'p [MessagePart<'a>]| {
        let none = parts.is_empty().then_some((number, role, None));
        let rest = if is_long(role) { "" } else { role };
        let roles = iter::once(role).chain(iter::repeat(rest));
        let parts = parts.iter().zip(roles);
        parts
            .map(move |(part, role)| (number, role, Some(part)))
            .chain(none)
    };
    let count = prompt.messages.len();
    let beside = prompt.beside.iter();
    (0..)
        .zip(&prompt.messages)
        .flat_map(move |(number, message)| of(number, &message.role, &message.parts))
        .chain(beside.map(move |part| (count, "", Some(part))))
}

/// The bytes that are hashed. Numbers are of 4 bytes, big-endian; strings are their length and
/// their bytes; what may be absent begins with 0 or 1.
struct Record(Vec<u8>);

impl Record {
    fn number(&mut self, number: usize) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    fn string(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn optional(&mut self, value: Option<&Cow<'_, str>>) {
        self.0.push(u8::from(value.is_some()));
        if let Some(value) = value {
            self.string(value.as_bytes());
        }
    }

    fn part(
        &mut self,
        message: usize,
        role: &str,
        part: Option<&MessagePart<'_>>,
        place: Option<Range<usize>>,
    ) {
        self.number(message);
        self.string(role.as_bytes());
        let Some(part) = part else {
            self.0.push(b'-');
            return;
        };
        self.0.push(letter(part.kind));
        self.optional(part.type_name.as_ref());
        self.optional(part.id.as_ref());
        self.optional(part.name.as_ref());
        match (&part.said, place) {
            (Said::Text(_), Some(place)) => {
                self.0.push(b'p');
                self.number(place.start);
                self.number(place.len());
            }
            (Said::Text(text), None) => {
                self.0.push(b't');
                self.string(text.as_bytes());
            }
            (Said::Data { bytes, hash }, _) => {
                self.0.push(b'h');
                self.number(usize::try_from(*bytes).unwrap_or(usize::MAX));
                self.string(hash.as_bytes());
            }
            (Said::Reference(reference), _) => {
                self.0.push(b'r');
                self.string(reference.as_bytes());
            }
        }
    }
}

/// The letter of a kind in what is hashed.
fn letter(kind: Kind) -> u8 {
    match kind {
        Kind::Text => b'T',
        Kind::ToolCall => b'C',
        Kind::ToolResult => b'R',
        Kind::Media => b'M',
        Kind::Reasoning => b'Z',
        Kind::Document => b'D',
        Kind::Other => b'O',
    }
}

/// Writes parts as the limits let them be told.
struct Writer<'p> {
    policy: &'p CapturePolicy,
    carried: usize,
    /// What texts beside the canonical one may still take.
    bytes_left: usize,
    /// What names may still take.
    names_left: usize,
    names_are_full: bool,
    is_cut: bool,
    names_cut: bool,
}

impl Writer<'_> {
    fn part(
        &mut self,
        message: usize,
        role: &str,
        part: Option<&MessagePart<'_>>,
        place: Option<Range<usize>>,
    ) -> PromptPart {
        let mut told = PromptPart {
            message: u64::try_from(message).unwrap_or(u64::MAX),
            role: self.name(role),
            kind: part.map_or(Kind::Text, |part| part.kind),
            ..PromptPart::default()
        };
        let Some(part) = part else {
            return told;
        };
        told.type_name = part.type_name.as_deref().map(|name| self.name(name));
        told.id = part.id.as_deref().map(|id| self.name(id));
        told.name = part.name.as_deref().and_then(|name| match part.kind {
            // A document's title is content.
            Kind::Document | Kind::Media => self.text(name),
            _ => Some(self.name(name)),
        });
        match (&part.said, place) {
            (Said::Text(text), Some(place)) => self.placed(text, &place, &mut told),
            (Said::Text(text), None) if part.kind == Kind::ToolCall => {
                told.arguments = self.text(text);
                self.hash_unless(told.arguments.is_some(), text, &mut told);
            }
            (Said::Text(text), None) => {
                told.text = self.text(text);
                self.hash_unless(told.text.is_some(), text, &mut told);
            }
            (Said::Data { bytes, hash }, _) => {
                told.bytes = Some(*bytes);
                told.hash = Some(self.policy.hash.of_plain(hash));
            }
            (Said::Reference(reference), _) => {
                told.reference = self.text(reference);
                self.hash_unless(told.reference.is_some(), reference, &mut told);
            }
        }
        told
    }

    /// A text that stands in the canonical text, as far as the event carries that.
    fn placed(&self, text: &str, place: &Range<usize>, told: &mut PromptPart) {
        let bytes = u64::try_from(text.len()).ok();
        told.bytes = bytes;
        told.at = u64::try_from(place.start).ok();
        if place.end > self.carried && !text.is_empty() {
            told.hash = Some(self.policy.hash.hash(text.as_bytes()));
        }
    }

    /// A text beside the canonical one, if the limit lets it be told whole.
    fn text(&mut self, text: &str) -> Option<String> {
        if text.len() > self.bytes_left {
            self.is_cut = true;
            return None;
        }
        self.bytes_left = self.bytes_left.saturating_sub(text.len());
        Some(text.to_owned())
    }

    fn hash_unless(&self, is_told: bool, text: &str, told: &mut PromptPart) {
        if !is_told {
            told.bytes = u64::try_from(text.len()).ok();
            told.hash = Some(self.policy.hash.hash(text.as_bytes()));
        }
    }

    fn name(&mut self, name: &str) -> String {
        let name = name_within(name, NAME_BYTES_MAX, &mut self.names_cut);
        self.names_are_full |= name.len() > self.names_left;
        self.names_left = self.names_left.saturating_sub(name.len());
        name.to_owned()
    }
}
