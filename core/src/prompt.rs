//! The prompt of a call: its messages and their parts, and the one text of them that is recorded
//! and hashed as `prompt_content`.
//!
//! For plain text it equals what the client wrappers compute; every edge is listed in
//! `core/PROMPT.md` with its test vectors. What that text leaves out (roles, calls of tools, media)
//! stands in the [`conversation`].

mod content;
pub mod conversation;
mod fields;
mod part;
mod shared;
mod text;
mod value;

use std::borrow::Cow;
use std::ops::Range;

use crate::capture::PromptFormat;
pub use crate::json::compact;

pub use crate::event::Kind;
pub use content::{content_parts, files, input_parts, list_parts, media_part, medium, other_part};
pub use fields::{Fields, is_empty};
pub use part::{MessagePart, Said};
pub use shared::{Shared, results};
pub use text::{data_text, placeholder};
pub use value::Content;

/// The layout of a provider's client wrapper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapper {
    /// The contents alone, as for OpenAI.
    Contents,
    /// `[ROLE] content`, as for Anthropic.
    UpperRoles,
}

/// A prompt as read from a request.
#[derive(Debug)]
pub struct Prompt<'a> {
    /// The layout of the provider's client wrapper.
    pub wrapper: Wrapper,
    /// The messages in the order of the canonical text, instructions first.
    pub messages: Vec<Message<'a>>,
    /// What stands beside them and the model sees as well, such as the definitions of tools.
    pub beside: Vec<MessagePart<'a>>,
}

/// One message of a prompt.
#[derive(Debug)]
pub struct Message<'a> {
    /// The role as written; empty if there was none.
    pub role: Cow<'a, str>,
    /// What it holds, in its order.
    pub parts: Vec<MessagePart<'a>>,
}

/// The canonical text, and where each part of the prompt stands in it.
#[derive(Debug)]
pub struct Canonical {
    /// One entry a message, joined by newlines, nothing trimmed or normalized.
    pub text: String,
    /// For each part of each message, in their order: its bytes in the text, if it stands there
    /// itself.
    pub places: Vec<Option<Range<usize>>>,
}

impl<'a> Prompt<'a> {
    /// Messages of which the contents alone are the text.
    pub fn contents(messages: impl IntoIterator<Item = Message<'a>>) -> Self {
        Self {
            wrapper: Wrapper::Contents,
            messages: messages.into_iter().collect(),
            beside: Vec::new(),
        }
    }

    /// One text of the user.
    pub fn user(text: Cow<'a, str>) -> Self {
        Self::contents([Message::user(text)])
    }
}

impl<'a> Message<'a> {
    /// A message that is one text.
    pub fn text(role: impl Into<Cow<'a, str>>, text: Cow<'a, str>) -> Self {
        Self::of(role, vec![MessagePart::text(text)])
    }

    /// A message of parts.
    pub fn of(role: impl Into<Cow<'a, str>>, parts: Vec<MessagePart<'a>>) -> Self {
        Self {
            role: role.into(),
            parts,
        }
    }

    /// What the user says.
    pub fn user(text: Cow<'a, str>) -> Self {
        Self::text("user", text)
    }

    /// Whether nothing of it stands in the canonical text.
    pub fn is_blank(&self) -> bool {
        self.parts
            .iter()
            .all(|part| part.shown().is_none_or(str::is_empty))
    }
}

impl Prompt<'_> {
    /// The canonical text.
    pub fn canonical(&self, format: PromptFormat) -> Canonical {
        let mut canonical = Canonical {
            text: String::new(),
            places: Vec::new(),
        };
        for (number, message) in self.messages.iter().enumerate() {
            if number > 0 {
                canonical.text.push('\n');
            }
            match (format, self.wrapper) {
                (PromptFormat::Roles, _) => push_role(&mut canonical.text, &message.role),
                (PromptFormat::Wrapper, Wrapper::Contents) => {}
                (PromptFormat::Wrapper, Wrapper::UpperRoles) => {
                    push_role(&mut canonical.text, &message.role.to_uppercase());
                }
            }
            canonical.push(&message.parts);
        }
        canonical
    }
}

impl Canonical {
    /// Appends what is shown of a message's parts, joined by newlines.
    fn push(&mut self, parts: &[MessagePart<'_>]) {
        let mut is_first = true;
        for part in parts {
            let Some(shown) = part.shown() else {
                self.places.push(None);
                continue;
            };
            if !std::mem::take(&mut is_first) {
                self.text.push('\n');
            }
            let start = self.text.len();
            self.text.push_str(shown);
            let place = start..self.text.len();
            self.places.push(part.is_shown_itself().then_some(place));
        }
    }
}

fn push_role(text: &mut String, role: &str) {
    text.push('[');
    text.push_str(role);
    text.push_str("] ");
}

#[cfg(test)]
mod tests;
