//! The conversation that the model was asked about, turn by turn, as far as the event has it.
//!
//! Whoever may record events can write anything here. What is not of the expected form is shown as far
//! as it goes, and counted as unreadable.

mod content;
mod record;
mod told;

use std::ops::Range;

use audit_layer_core::event::Member;
use serde::Serialize;

use crate::event::{Fields, Node};
use crate::limits;
use crate::report::members::Members;

pub(crate) use content::Content;
pub(crate) use record::hash;

/// What an event says of the conversation.
#[derive(Debug)]
pub(crate) enum Recorded<'a> {
    /// Its parts.
    Parts(Conversation<'a>),
    /// That no prompt was read.
    NoPrompt,
    /// Something that is not of the expected form.
    AnotherForm,
    /// Nothing, as events of earlier gateways and of applications.
    Nothing,
}

/// The parts of a prompt.
#[derive(Debug, Serialize)]
pub(crate) struct Conversation<'a> {
    /// Of all parts, as it was recorded; empty or missing where the prompt was not read whole.
    hash: Node<'a>,
    /// How many parts the event lists.
    parts: usize,
    /// How many of those are in no turn below.
    left_out_parts: usize,
    unreadable: Unreadable,
    pub(crate) turns: Vec<Turn<'a>>,
    /// Where the texts of the turns stand in `prompt_content`.
    #[serde(skip)]
    places: Vec<Range<usize>>,
}

/// What follows each other of one message.
#[derive(Debug, Serialize)]
pub(crate) struct Turn<'a> {
    /// As written; empty if there was none.
    pub(crate) role: String,
    pub(crate) parts: Vec<Part<'a>>,
    #[serde(skip)]
    message: Option<String>,
}

/// A part of a message.
#[derive(Debug, Serialize)]
pub(crate) struct Part<'a> {
    /// From 1, as in the event.
    pub(crate) number: usize,
    pub(crate) kind: Node<'a>,
    #[serde(rename = "type")]
    pub(crate) type_name: Node<'a>,
    pub(crate) id: Node<'a>,
    pub(crate) name: Node<'a>,
    pub(crate) bytes: Node<'a>,
    pub(crate) hash: Node<'a>,
    pub(crate) reference: Node<'a>,
    #[serde(flatten)]
    pub(crate) content: Content,
    /// Members that are not documented, and what is no object.
    #[serde(skip)]
    pub(crate) others: Vec<(String, Node<'a>)>,
}

/// Parts by why they cannot be read in the event.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Unreadable {
    /// Only the hash is recorded.
    only_hash: usize,
    /// The prompt refers to data that are elsewhere.
    elsewhere: usize,
    /// All of the text or the end of it was cut.
    cut: usize,
    /// Nothing that can be shown is recorded.
    not_found: usize,
}

impl<'a> Recorded<'a> {
    /// What this event says.
    pub(crate) fn of(event: &Members<'a>) -> Self {
        let prompt = event.part("prompt");
        match (prompt.is_missing(), prompt.is_null()) {
            (true, _) => return Self::Nothing,
            (_, true) => return Self::NoPrompt,
            _ => {}
        }
        let Some((parts, count)) = prompt.get("parts").list(limits::REPORT_PARTS_MAX) else {
            return Self::AnotherForm;
        };
        let text = event.get(Member::PromptContent).text().unwrap_or_default();
        Self::Parts(Conversation::of(prompt.get("hash"), &parts, count, &text))
    }

    /// The conversation, if it can be told.
    pub(crate) fn conversation(&self) -> Option<&Conversation<'a>> {
        match self {
            Self::Parts(conversation) => Some(conversation),
            Self::NoPrompt | Self::AnotherForm | Self::Nothing => None,
        }
    }
}

impl<'a> Conversation<'a> {
    /// `count` parts, of which these are the first, beside the canonical `text`.
    fn of(hash: Node<'a>, parts: &[Node<'a>], count: usize, text: &str) -> Self {
        let mut conversation = Self {
            hash,
            parts: count,
            left_out_parts: count,
            unreadable: Unreadable::default(),
            turns: Vec::new(),
            places: Vec::new(),
        };
        let mut bytes_left = limits::REPORT_CONVERSATION_BYTES_MAX;
        for (number, node) in (1..).zip(parts) {
            let fields = Fields::of(*node);
            let place = content::place(&fields, text);
            let bytes = node
                .bytes()
                .saturating_add(place.clone().map_or(0, |place| place.len()));
            let Some(left) = bytes_left.checked_sub(bytes) else {
                break;
            };
            bytes_left = left;
            conversation.add(Part::of(number, *node, &fields, text), &fields);
            conversation.places.extend(place);
        }
        conversation
    }

    /// Adds a part to the turn that it belongs to.
    fn add(&mut self, part: Part<'a>, fields: &Fields<'a>) {
        self.left_out_parts = self.left_out_parts.saturating_sub(1);
        self.unreadable.count(&part.content);
        let role = fields.get("role").shown().unwrap_or_default();
        let message = fields.get("message").shown();
        match self.turns.last_mut() {
            Some(turn) if turn.role == role && turn.message == message => turn.parts.push(part),
            _ => self.turns.push(Turn {
                role,
                parts: vec![part],
                message,
            }),
        }
    }
}

impl<'a> Part<'a> {
    fn of(number: usize, node: Node<'a>, fields: &Fields<'a>, text: &str) -> Self {
        Self {
            number,
            kind: fields.get("kind"),
            type_name: fields.get("type"),
            id: fields.get("id"),
            name: fields.get("name"),
            bytes: fields.get("bytes"),
            hash: fields.get("hash"),
            reference: fields.get("reference"),
            content: Content::of(fields, text),
            others: others(node, fields),
        }
    }
}

/// What is shown of a part beside its documented members.
fn others<'a>(part: Node<'a>, fields: &Fields<'a>) -> Vec<(String, Node<'a>)> {
    if !part.is_object() {
        return vec![("recorded as".to_owned(), part)];
    }
    let has_two_texts = fields.get("arguments").shown().is_some();
    let is_shown = |name: &str| MEMBERS.contains(&name) && !(name == "text" && has_two_texts);
    let others = fields.iter().filter(|(name, _)| !is_shown(name));
    others
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

impl Unreadable {
    fn count(&mut self, content: &Content) {
        let count = match content {
            Content::Whole { .. } => return,
            Content::OnlyHash => &mut self.only_hash,
            Content::Elsewhere => &mut self.elsewhere,
            Content::Beginning { .. } | Content::Cut => &mut self.cut,
            Content::NotFound => &mut self.not_found,
        };
        *count = count.saturating_add(1);
    }
}

/// The documented members of a part.
const MEMBERS: [&str; 12] = [
    "message",
    "role",
    "kind",
    "type",
    "id",
    "name",
    "at",
    "bytes",
    "text",
    "arguments",
    "reference",
    "hash",
];
