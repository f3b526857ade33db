//! OpenAI speech: a text is spoken. The sound is never recorded.
//!
//! Source: <https://platform.openai.com/docs/api-reference/audio/createSpeech>.

use super::openai_usage::UsageWire;
use super::{Format, Other, Reader, Request, openai_error};
use crate::answer::Answer;
use crate::framing::Hint;
use crate::json::{self, Json, Object, Text};
use crate::prompt::{Message, Prompt};

/// Members of a request that say how to speak.
const PARAMETERS: [&str; 4] = ["response_format", "speed", "stream_format", "voice"];

pub(super) const FORMAT: Format = Format::new("openai.speech", "openai", read_request, || {
    Box::new(AnswerReader)
})
.with_hint(Hint::Other);

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let instructions = wire.instructions.0.map(|text| ("system", text));
    let prompt = wire.input.0.map(|input| {
        let messages = instructions.into_iter().chain([("user", input)]);
        Prompt::contents(messages.map(|(role, text)| Message::text(role, text)))
    });
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        prompt,
        ..Request::default()
    })
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    /// A whole body of JSON is an error; a stream's events are pieces of sound and their count.
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(event) = json::object::<EventWire<'_>>(text) else {
            return false;
        };
        match event.kind.0.as_deref() {
            Some("speech.audio.delta") => answer.is_not_text = true,
            Some("speech.audio.done") => answer.ended = true,
            // Mistral's sound is in JSON.
            _ if event.audio.is_some() => answer.is_not_text = true,
            _ if event.error.is_none() => openai_error::take_flat(text, answer),
            _ => openai_error::take(event.error, answer),
        }
        event.usage.take(answer);
        true
    }

    fn other(&self) -> Other {
        Other::Media
    }

    fn passed_over(&mut self, _name: &str, answer: &mut Answer) {
        answer.is_not_text = true;
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        instructions: Text<'a> = "instructions",
        input: Text<'a> = "input",
        ..parameters of PARAMETERS,
    }

    struct EventWire<'a> {
        kind: Text<'a> = "type",
        audio: Option<Json<'a>> = "audio_data" | "audio",
        usage: Object<UsageWire> = "usage",
        error: Option<Json<'a>> = "error",
    }
}
