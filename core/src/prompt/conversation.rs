//! The conversation: every part of a prompt in its order, and one hash that pins them down.
//!
//! The canonical text leaves out roles, calls of tools and what media hold, so that two prompts may
//! have the same. Of two conversations that differ in anything that is told here the hashes differ:
//! they are over the parts as netstrings, which no text can imitate. `core/PROMPT.md` has the form
//! and its test vectors.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use super::{Canonical, Kind, MessagePart, Prompt, Said};
use crate::answer::shortened;
use crate::digest::{Digest, HashForm};
use crate::event::{ContentPolicy, Conversation, PromptPart};
use crate::limits::{NAME_BYTES_MAX, PROMPT_PARTS_MAX};
use crate::note::Note;
use crate::policy::CapturePolicy;

/// What the hash begins with: the name of this form.
const FORM: &str = "audit-layer/prompt/1";

/// The conversation as the event tells it. `carried` are the bytes of the canonical text that the
/// event carries; of a prompt that is not `whole` there is no hash.
pub fn conversation(
    prompt: &Prompt<'_>,
    canonical: &Canonical,
    carried: usize,
    whole: bool,
    policy: &CapturePolicy,
    notes: &mut BTreeSet<Note>,
) -> Conversation {
    let mut writer = Writer {
        policy,
        carried,
        bytes_left: policy.limits.content_bytes.saturating_sub(carried),
        is_cut: false,
        names_cut: false,
    };
    let mut places = canonical.places.iter();
    let mut parts = Vec::new();
    for (message, role, part) in numbered(prompt) {
        let place = part.and_then(|_| places.next().cloned().flatten());
        if parts.len() == PROMPT_PARTS_MAX {
            notes.insert(Note::PromptPartsTruncated);
            break;
        }
        parts.push(writer.part(message, role, part, place));
    }
    if writer.is_cut {
        notes.insert(Note::PromptContentTruncated);
    }
    if writer.names_cut {
        notes.insert(Note::NameTruncated);
    }
    Conversation {
        hash: if whole {
            hash(prompt, &policy.hash)
        } else {
            String::new()
        },
        parts,
    }
}

/// The hash of all parts, in the form of `prompt_hash`.
pub fn hash(prompt: &Prompt<'_>, form: &HashForm) -> String {
    let mut record = Record(form.start());
    record.string(FORM.as_bytes());
    for (message, role, part) in numbered(prompt) {
        record.part(message, role, part);
    }
    record.0.finish()
}

/// Each part with the number of its message and its role, then what stands beside the messages. A
/// message without parts has an empty one, so that it is not forgotten.
fn numbered<'p, 'a>(
    prompt: &'p Prompt<'a>,
) -> impl Iterator<Item = (u64, &'p str, Option<&'p MessagePart<'a>>)> {
    let of = |number: u64, role: &'p str, parts: &'p [MessagePart<'a>]| {
        let none = parts.is_empty().then_some((number, role, None));
        let parts = parts.iter();
        parts
            .map(move |part| (number, role, Some(part)))
            .chain(none)
    };
    let count = u64::try_from(prompt.messages.len()).unwrap_or(u64::MAX);
    let beside = prompt.beside.iter();
    (0..)
        .zip(&prompt.messages)
        .flat_map(move |(number, message)| of(number, &message.role, &message.parts))
        .chain(beside.map(move |part| (count, "", Some(part))))
}

/// A hash of netstrings: `<length in bytes>:<bytes>,`.
struct Record(Digest);

impl Record {
    fn string(&mut self, bytes: &[u8]) {
        self.0.update(format!("{}:", bytes.len()).as_bytes());
        self.0.update(bytes);
        self.0.update(b",");
    }

    fn member(&mut self, name: &str, value: &str) {
        self.string(name.as_bytes());
        self.string(value.as_bytes());
    }

    fn optional(&mut self, name: &str, value: Option<&Cow<'_, str>>) {
        if let Some(value) = value {
            self.member(name, value);
        }
    }

    fn part(&mut self, message: u64, role: &str, part: Option<&MessagePart<'_>>) {
        self.member("message", &message.to_string());
        self.member("role", role);
        let Some(part) = part else {
            self.member("kind", Kind::Text.name());
            self.member("text", "");
            return;
        };
        self.member("kind", part.kind.name());
        self.optional("type", part.type_name.as_ref());
        self.optional("id", part.id.as_ref());
        self.optional("name", part.name.as_ref());
        match &part.said {
            Said::Text(text) => self.member("text", text),
            Said::Data { bytes, hash } => {
                self.member("bytes", &bytes.to_string());
                self.member("hash", hash);
            }
            Said::Reference(reference) => self.member("reference", reference),
        }
    }
}

/// Writes parts as the policy lets them be told.
struct Writer<'p> {
    policy: &'p CapturePolicy,
    carried: usize,
    /// What texts beside the canonical one may still take.
    bytes_left: usize,
    is_cut: bool,
    names_cut: bool,
}

impl Writer<'_> {
    fn part(
        &mut self,
        message: u64,
        role: &str,
        part: Option<&MessagePart<'_>>,
        place: Option<Range<usize>>,
    ) -> PromptPart {
        let mut told = PromptPart {
            message,
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
                told.hash = Some(self.plain_hash(hash));
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
        if self.policy.content == ContentPolicy::Full {
            told.at = u64::try_from(place.start).ok();
        }
        if place.end > self.carried && !text.is_empty() {
            told.hash = Some(self.policy.hash.hash(text.as_bytes()));
        }
    }

    /// A text beside the canonical one, if the policy and the limit let it be told whole.
    fn text(&mut self, text: &str) -> Option<String> {
        if self.policy.content != ContentPolicy::Full {
            return None;
        }
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

    /// The hash of data, which is plain: where hashes are keyed, the keyed hash of its text.
    fn plain_hash(&self, hash: &str) -> String {
        match &self.policy.hash {
            HashForm::Hmac(_) => self.policy.hash.hash(hash.as_bytes()),
            HashForm::Sha256 | HashForm::Bare => hash.to_owned(),
        }
    }

    fn name(&mut self, name: &str) -> String {
        shortened(name, NAME_BYTES_MAX, &mut self.names_cut)
    }
}
