//! The members of an event as reports read them, and where its content was erased.

use audit_layer_core::dead_letter::NOT_LOGGED;
use audit_layer_core::event::{ContentLevel, Member};
use audit_layer_core::note::Note;

use crate::event::{Fields, Node, Usage};
use crate::report::document::{Block, Section, Value};
use crate::store::Log;

/// The members of an event, read once.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    top: Fields<'a>,
    audit_layer: Fields<'a>,
    is_erased: bool,
    /// Whether an application recorded it, whatever it says.
    is_of_application: bool,
}

/// Where the content of an event was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Erased {
    /// By this collector.
    Here,
    /// The event came without content, and says so. Whoever may record events can write that.
    Elsewhere,
}

impl Erased {
    /// What a reader is told of erased content.
    pub(crate) fn sentence(self, what: &str) -> String {
        format!("The {what} was erased {}.", self.how())
    }

    /// The same where nobody knows any more whether there was anything.
    pub(crate) fn if_any(self) -> String {
        format!("If there was any, it was erased {}.", self.how())
    }

    pub(crate) fn how(self) -> &'static str {
        match self {
            Self::Here => "on request",
            Self::Elsewhere => "before the event was recorded here, according to the event",
        }
    }
}

impl<'a> Members<'a> {
    pub(crate) fn of(log: &'a Log) -> Self {
        let top = Fields::of(Node::of(&log.event));
        let audit_layer = Fields::of(top.get(Member::Metadata.name()).get("audit_layer"));
        Self {
            top,
            audit_layer,
            is_erased: log.erased_at.is_some(),
            is_of_application: !log.is_of_gateway(),
        }
    }

    /// A documented member.
    pub(crate) fn get(&self, member: Member) -> Node<'a> {
        self.top.get(member.name())
    }

    /// What is said of its erasure.
    pub(crate) fn erasure(&self) -> Node<'a> {
        self.top.get("erasure")
    }

    /// What the gateway says under `metadata.audit_layer`.
    pub(crate) fn gateway(&self, part: &str, name: &str) -> Node<'a> {
        self.audit_layer.get(part).get(name)
    }

    /// What is known of the tokens of the call.
    pub(crate) fn usage(&self) -> Usage {
        let documented =
            [Member::PromptTokens, Member::ResponseTokens].map(|member| self.get(member));
        let usage = Usage::of(documented, self.part("usage"));
        match self.has_note(Note::AnswerFetched) {
            true => usage.fetched(),
            false => usage,
        }
    }

    pub(crate) fn part(&self, part: &str) -> Node<'a> {
        self.audit_layer.get(part)
    }

    /// Whether an application's key recorded it.
    pub(crate) fn is_of_application(&self) -> bool {
        self.is_of_application
    }

    /// Whether it says that a gateway of ours recorded it, and no application's key was used for it.
    pub(crate) fn is_of_gateway(&self) -> bool {
        !self.is_of_application
            && self.part("schema").text().is_some()
            && self.gateway("writer", "id").text().is_some()
    }

    /// Where its content was erased, if it was.
    pub(crate) fn erased(&self) -> Option<Erased> {
        let has_text = [Member::PromptContent, Member::ResponseContent]
            .into_iter()
            .any(|member| self.get(member).text().is_some_and(|text| !text.is_empty()));
        match self.is_erased {
            true => Some(Erased::Here),
            false if self.erasure().is_object() && !has_text => Some(Erased::Elsewhere),
            false => None,
        }
    }

    /// A section of what erasing drops, or that it was erased.
    pub(crate) fn or_erased(&self, heading: &str, section: Option<Section>) -> Option<Section> {
        let erased = || self.erased().map(Erased::if_any);
        section.or_else(|| Some(Section::new(heading, vec![Block::paragraph(erased()?)])))
    }

    /// Why nothing is known of what erasing drops: it was erased, or else `why`.
    pub(crate) fn unknown(&self, why: &str) -> Value {
        match self.erased() {
            Some(_) => Value::unknown(ERASED),
            None => Value::unknown(why),
        }
    }

    /// The texts of a documented member that is an array.
    pub(crate) fn texts(&self, member: Member) -> Vec<String> {
        let items = self.get(member).items().into_iter();
        items.filter_map(Node::text).collect()
    }

    /// The notes of the gateway on what is missing or changed.
    pub(crate) fn notes(&self) -> Vec<String> {
        let notes = self.gateway("capture", "notes").items().into_iter();
        notes.filter_map(Node::shown).collect()
    }

    pub(crate) fn has_note(&self, wanted: Note) -> bool {
        self.notes().iter().any(|note| note == wanted.name())
    }

    /// Whether its gateway keeps text of this part of the call, `prompt` or `answer`, out of events.
    pub(crate) fn has_only_hashes(&self, part: &str) -> bool {
        let level = self.level(part);
        // What gateways called it before there were levels.
        let named = level.as_deref().and_then(ContentLevel::named);
        named.is_some_and(|level| !level.has_text()) || level.as_deref() == Some("hash_only")
    }

    /// Whether its gateway replaces sensitive data in this part of the call.
    pub(crate) fn is_redacted(&self, part: &str) -> bool {
        self.level(part).as_deref() == Some(ContentLevel::Redacted.name())
    }

    /// The level of a part of the call: one word stands for both.
    fn level(&self, part: &str) -> Option<String> {
        let content = self.gateway("capture", "content");
        content.text().or_else(|| content.get(part).text())
    }

    /// Whether it is of a dead letter of a gateway that keeps content out of its log.
    pub(crate) fn is_stub(&self) -> bool {
        self.gateway("capture", "content").text().as_deref() == Some(NOT_LOGGED)
    }
}

/// Why a fact of an erased event is unknown.
pub(crate) const ERASED: &str = "it was erased, if there was any";
