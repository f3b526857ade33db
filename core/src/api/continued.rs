//! What a request continues: the provider keeps it, and the request has only its id, or numbers that
//! stand for it.

use std::borrow::Cow;

use crate::json::{self, FromJson, Json, Mode, Text};
use crate::note::Note;
use crate::prompt::is_empty;

/// The value of such a member. The hash of the conversation includes it: two requests that say the same
/// and continue different conversations are different prompts.
#[derive(Default)]
pub(super) struct Continued<'a>(Option<Json<'a>>);

impl<'a> Continued<'a> {
    /// The value under the name of its member, if there is one.
    pub(super) fn defined(&self, name: &'static str) -> Option<(&'static str, Json<'a>)> {
        self.0.map(|value| (name, value))
    }

    /// The id, if the value is a text.
    pub(super) fn text(&self) -> Option<Cow<'a, str>> {
        let Text(text) = json::read(self.0?)?;
        text
    }

    /// That the event does not have all of the prompt.
    pub(super) fn note(&self) -> Option<Note> {
        self.0.map(|_| Note::PromptContinued)
    }
}

impl<'de> FromJson<'de> for Continued<'de> {
    fn empty() -> Self {
        Self::default()
    }
    fn mode(&self) -> Mode {
        Mode::Raw
    }
    fn raw(&mut self, value: Json<'de>) {
        self.0 = Some(value).filter(|value| !is_empty(*value));
    }
}
