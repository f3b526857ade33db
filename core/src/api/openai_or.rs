//! Answers of servers that have a path in common with OpenAI's, and send OpenAI's bodies or their
//! own: each body shows which it is.

use super::{Reader, openai_choices};
use crate::answer::Answer;
use crate::headers::Headers;
use crate::json::{self, Json, Object};

/// Reads OpenAI's bodies and those of another format.
#[derive(Debug)]
pub(super) struct OpenaiOr<R> {
    openai: Box<dyn Reader>,
    own: R,
}

impl<R: Default> Default for OpenaiOr<R> {
    fn default() -> Self {
        Self {
            openai: openai_choices::reader(),
            own: R::default(),
        }
    }
}

impl<R: Reader> OpenaiOr<R> {
    fn of(&mut self, text: &str) -> &mut dyn Reader {
        if is_own(text) {
            &mut self.own
        } else {
            &mut *self.openai
        }
    }
}

impl<R: Reader> Reader for OpenaiOr<R> {
    fn head(&mut self, headers: Headers<'_>, answer: &mut Answer) {
        self.own.head(headers, answer);
    }

    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        self.of(text).body(text, answer)
    }

    fn message(&mut self, name: &str, data: &str, answer: &mut Answer) -> bool {
        self.of(data).message(name, data, answer)
    }
}

/// Lists of answers, and objects with the text beside no choices, are not OpenAI's.
fn is_own(text: &str) -> bool {
    match json::read(text) {
        Some(Object(Some(Wire { choices, text }))) => choices.is_none() && text.is_some(),
        _ => true,
    }
}

json::wire! {
    struct Wire<'a> {
        choices: Option<Json<'a>> = "choices",
        text: Option<Json<'a>> =
            "content" | "error_type" | "generated_text" | "meta_info" | "token",
    }
}
