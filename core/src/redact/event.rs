//! Sensitive data taken out of an event.

use std::ops::Range;

use serde_json::value::RawValue;

use super::RedactPolicy;
use super::places::Places;
use super::tokens::Tokens;
use crate::digest::HashForm;
use crate::event::edit::{Edit, Side, edit};
use crate::event::{
    AuditEvent, CompletionState, ContentLevel, ContentPolicy, Members, PromptPart, RiskLevel,
};
use crate::json::CUT;
use crate::limits::REDACTED_TAIL_BYTES;
use crate::note::Note;

/// Replaces what is sensitive in those texts whose level is redacted; gives the risk that the policy has for what
/// was found. Hashes of what a cut made incomplete are of this form.
pub(crate) fn redact(
    event: &mut AuditEvent,
    content: ContentPolicy,
    policy: &RedactPolicy,
    form: &HashForm,
) -> RiskLevel {
    if !content.has(ContentLevel::Redacted) {
        return RiskLevel::default();
    }
    let state = event.metadata.audit_layer.completion.state;
    let notes = &event.metadata.audit_layer.capture.notes;
    let mut redaction = Redaction {
        tokens: Tokens::new(policy),
        content,
        form,
        is_prompt_cut: notes.contains(&Note::PromptContentTruncated),
        is_answer_cut: notes.contains(&Note::ResponseContentTruncated),
        is_answer_open: state != CompletionState::Complete,
    };
    edit(event, &mut redaction);
    let counts = redaction.tokens.counts();
    let risks = counts.keys().filter_map(|kind| policy.risk.get(*kind));
    let risk = risks.max().copied().unwrap_or_default();
    let counts = counts
        .iter()
        .map(|(kind, count)| ((*kind).to_owned(), *count));
    event.metadata.audit_layer.capture.redacted = counts.collect();
    risk
}

struct Redaction<'p> {
    tokens: Tokens<'p>,
    content: ContentPolicy,
    form: &'p HashForm,
    is_prompt_cut: bool,
    is_answer_cut: bool,
    is_answer_open: bool,
}

impl Redaction<'_> {
    /// Takes off the end of a text what cannot be recognized because the rest of it is missing.
    fn end_of_answer(&self, text: &mut String) {
        if self.is_answer_cut {
            text.truncate(without_tail(text).len());
        } else if self.is_answer_open {
            text.truncate(without_open_number(text).len());
        }
    }

    fn is_redacted(&self, side: Side) -> bool {
        let level = match side {
            Side::Prompt => self.content.prompt,
            Side::Answer => self.content.answer,
        };
        level == ContentLevel::Redacted
    }

    /// Gives their hashes to the parts that are no longer whole when the text ends there.
    fn hash_behind(&self, end: usize, text: &str, parts: &mut [PromptPart]) {
        for part in parts {
            let Some(place) = place(part) else {
                continue;
            };
            if part.hash.is_none() && place.end > end {
                let said = text.get(place).unwrap_or_default();
                part.hash = Some(self.form.hash(said.as_bytes()));
            }
        }
    }
}

/// Where a part stands in the canonical text.
fn place(part: &PromptPart) -> Option<Range<usize>> {
    let start = usize::try_from(part.at?).ok()?;
    let bytes = usize::try_from(part.bytes?).ok()?;
    Some(start..start.saturating_add(bytes))
}

impl Edit for Redaction<'_> {
    /// An id must stay the same to be found.
    fn fact(&mut self, _: &mut String) {}

    fn name(&mut self, side: Side, name: &mut String) {
        if self.is_redacted(side)
            && let Some(clean) = self.tokens.replaced(name)
        {
            *name = clean;
        }
    }

    fn text(&mut self, side: Side, text: &mut String) {
        if !self.is_redacted(side) {
            return;
        }
        if side == Side::Answer {
            self.end_of_answer(text);
        }
        if let Some(clean) = self.tokens.replaced(text) {
            *text = clean;
        }
    }

    fn canonical(&mut self, text: &mut String, parts: &mut [PromptPart]) {
        if !self.is_redacted(Side::Prompt) {
            return;
        }
        if self.is_prompt_cut {
            let end = without_tail(text).len();
            self.hash_behind(end, text, parts);
            text.truncate(end);
        }
        let mut places = Places::default();
        let Some(clean) = self.tokens.replaced_at(text, &mut places) else {
            return;
        };
        *text = clean;
        for part in parts {
            let Some(place) = place(part) else {
                continue;
            };
            let moved = places.moved(&place);
            part.at = u64::try_from(moved.start).ok();
            // What the event has only the hash of keeps its size.
            if part.hash.is_none() {
                part.bytes = u64::try_from(moved.len()).ok();
            }
        }
    }

    fn arguments(&mut self, side: Side, arguments: &mut String) {
        if !self.is_redacted(side) {
            return;
        }
        if side == Side::Answer {
            self.end_of_answer(arguments);
        }
        if let Some(clean) = self.tokens.replaced_in_json(arguments) {
            *arguments = clean;
        }
    }

    fn members(&mut self, side: Side, members: &mut Members) {
        if !self.is_redacted(side) {
            return;
        }
        for (name, value) in &mut members.0 {
            if let Some(clean) = self.tokens.replaced(name) {
                *name = clean;
            }
            let clean = self.tokens.replaced_in_json(value.get());
            if let Some(clean) = clean.and_then(|clean| RawValue::from_string(clean).ok()) {
                *value = clean;
            }
        }
        members.keep_first_of_each_name();
    }

    /// A number cannot hold a token.
    fn number(&mut self, side: Side, number: &mut Option<Box<RawValue>>) {
        if !self.is_redacted(side) {
            return;
        }
        let sensitive = number
            .as_deref()
            .and_then(|number| self.tokens.replaced(number.get()));
        if sensitive.is_some() {
            *number = None;
        }
    }
}

/// A text that broke off, without the digits at its end that may be the beginning of a longer number.
fn without_open_number(text: &str) -> &str {
    let is_part = |letter: char| letter.is_numeric() || " -./+()".contains(letter);
    let rest = text.trim_end_matches(is_part);
    let digits = text.get(rest.len()..).unwrap_or_default();
    match digits.chars().filter(|letter| letter.is_numeric()).count() {
        0..OPEN_DIGITS_MIN => text,
        _ => rest,
    }
}

/// Digits at the end of a text that broke off which may be the beginning of something sensitive.
const OPEN_DIGITS_MIN: usize = 6;

/// A text that a limit has cut, without what the cut may have made unrecognizable: its last words, and those before
/// a long string that was left out.
fn without_tail(text: &str) -> &str {
    let end = text.rfind(CUT).unwrap_or(text.len());
    let text = text.get(..end).unwrap_or_default();
    let near = text.floor_char_boundary(text.len().saturating_sub(REDACTED_TAIL_BYTES));
    text.get(..near).unwrap_or_default()
}
