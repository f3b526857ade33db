//! What a wire format is: how its requests and its answers are read.

use std::borrow::Cow;
use std::fmt;

use crate::answer::Answer;
use crate::framing::Hint;
use crate::headers::Headers;
use crate::json::Json;
use crate::note::Note;
use crate::prompt::Prompt;

/// A wire format: how its requests and its answers are read.
#[derive(Debug)]
pub struct Format {
    /// Its name in events and in the configuration.
    pub name: &'static str,
    /// The provider whose format it is, for hosts that are not known to be another's.
    pub provider: &'static str,
    /// How a body is cut where its first byte alone does not tell.
    pub hint: Hint,
    /// Reads a request's body; `None` if it is not a JSON object.
    pub read_request: fn(Json<'_>) -> Option<Request<'_>>,
    /// Makes a reader for the answer to one request.
    pub reader: fn() -> Box<dyn Reader>,
    /// Whether its servers are written in Go, which of members whose names differ in case take the
    /// last one.
    pub is_of_go: bool,
    /// Why its bodies are not read, where only their size is recorded.
    pub unread: Option<Note>,
}

/// What is read of a request.
#[derive(Debug, Default)]
pub struct Request<'a> {
    /// The model asked for.
    pub model: Option<Cow<'a, str>>,
    /// Sampling parameters, as written.
    pub parameters: Vec<(&'static str, Json<'a>)>,
    /// The names of the tools that the model may call.
    pub tools: Vec<Cow<'a, str>>,
    /// What stands beside the messages and the model sees as well, such as the definitions of
    /// tools: only its hash is recorded.
    pub definitions: Vec<(&'static str, Json<'a>)>,
    /// The prompt; absent if the request has none where the format keeps it.
    pub prompt: Option<Prompt<'a>>,
    /// The end user, as the request's body names them.
    pub user: Option<Cow<'a, str>>,
    /// The conversation or session that the request says it belongs to.
    pub session: Option<Cow<'a, str>>,
    /// Whether the events of an answer were asked to say only what is new, and not all that was said
    /// so far; absent where the request leaves it open.
    pub is_incremental: Option<bool>,
    /// Why the prompt is absent, or not all of what the model gets.
    pub note: Option<Note>,
}

/// Reads one answer, which comes as a whole body or as the messages of a stream.
pub trait Reader: fmt::Debug + Send {
    /// Takes whether the request asked for events that say only what is new.
    fn asked(&mut self, _is_incremental: bool) {}

    /// Takes what the response's headers say of the answer.
    fn head(&mut self, _headers: Headers<'_>, _answer: &mut Answer) {}

    /// Reads a whole body; false if it is not what the format sends.
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool;

    /// Reads one message of a stream, which the framing may name; false if it is not what the
    /// format sends.
    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        self.body(data, answer)
    }

    /// What a body is that is no JSON object, where the answer is no error.
    fn other(&self) -> Other {
        Other::Unreadable
    }

    /// Takes the name of a message of a stream that was too large to be read.
    fn passed_over(&mut self, _name: &str, _answer: &mut Answer) {}
}

/// What a body is that is no JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    /// Nothing that the format sends.
    Unreadable,
    /// The answer itself, as a text.
    Text,
    /// Sound or images.
    Media,
}

impl Format {
    /// A format of JSON documents and of streams that their first byte tells.
    pub(super) const fn new(
        name: &'static str,
        provider: &'static str,
        read_request: fn(Json<'_>) -> Option<Request<'_>>,
        reader: fn() -> Box<dyn Reader>,
    ) -> Self {
        Self {
            name,
            provider,
            hint: Hint::Json,
            read_request,
            reader,
            is_of_go: false,
            unread: None,
        }
    }

    pub(super) const fn of_go(self) -> Self {
        Self {
            is_of_go: true,
            ..self
        }
    }

    pub(super) const fn with_hint(self, hint: Hint) -> Self {
        Self { hint, ..self }
    }
}

/// The data of a stream's last event, which is not JSON, as OpenAI and many others send it.
const DONE: &str = "[DONE]";

/// Whether the data is [`DONE`], which ends the answer.
pub(crate) fn is_done(data: &str, answer: &mut Answer) -> bool {
    let is_done = data.trim() == DONE;
    answer.ended |= is_done;
    is_done
}
