//! OpenAI transcriptions and translations of sound, and Mistral's: the request is a form, and the
//! answer may be JSON, a plain text or subtitles.
//!
//! Sources: <https://platform.openai.com/docs/api-reference/audio/createTranscription> and
//! <https://docs.mistral.ai/capabilities/audio/>.

use super::openai_usage::UsageWire;
use super::{Format, Other, Reader, Request, openai_error};
use crate::answer::{Answer, Part};
use crate::framing::Hint;
use crate::json::{self, Json, Object, Text};
use crate::prompt::{Message, MessagePart, Prompt, files};

/// Members of a request that say how to listen.
const PARAMETERS: [&str; 7] = [
    "chunking_strategy",
    "include",
    "language",
    "response_format",
    "stream",
    "temperature",
    "timestamp_granularities",
];

/// An answer is one text.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format =
    Format::new("openai.transcriptions", "openai", read_request, || {
        Box::new(AnswerReader)
    })
    .with_hint(Hint::Other);

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let sound = wire.file.into_iter().flat_map(|file| files("file", file));
    let parts = wire
        .prompt
        .0
        .into_iter()
        .map(MessagePart::text)
        .chain(sound);
    let messages: Vec<_> = parts.map(|part| Message::of("user", vec![part])).collect();
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        prompt: (!messages.is_empty()).then_some(Prompt::contents(messages)),
        ..Request::default()
    })
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        match body.kind.0.as_deref() {
            // Their texts come by piece, and whole at the end.
            Some("transcript.text.delta" | "transcription.text.delta") => {
                let piece = body.delta.0.or(body.text.0);
                answer.append(CHOICE, Part::Content, &piece.unwrap_or_default());
            }
            Some("transcript.text.segment" | "transcription.segment") => {}
            Some("transcript.text.done" | "transcription.done") => {
                answer.restart();
                take_text(body.text, answer);
                answer.ended = true;
            }
            _ if body.error.is_none() && body.text.0.is_none() => {
                openai_error::take_flat(text, answer);
            }
            _ => take_text(body.text, answer),
        }
        answer.identify(None, body.model.0.as_deref());
        body.usage.take(answer);
        openai_error::take(body.error, answer);
        true
    }

    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        self.body(data, answer)
    }

    fn other(&self) -> Other {
        Other::Text
    }
}

fn take_text(text: Text<'_>, answer: &mut Answer) {
    if let Some(text) = text.0 {
        answer.open(CHOICE);
        answer.append(CHOICE, Part::Content, &text);
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        prompt: Text<'a> = "prompt",
        file: Option<Json<'a>> = "file" | "file_id" | "file_url" | "url",
        ..parameters of PARAMETERS,
    }

    struct BodyWire<'a> {
        kind: Text<'a> = "type",
        model: Text<'a> = "model",
        text: Text<'a> = "text",
        delta: Text<'a> = "delta",
        usage: Object<UsageWire> = "usage",
        error: Option<Json<'a>> = "error",
    }
}
