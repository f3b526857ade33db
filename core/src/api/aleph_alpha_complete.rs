//! Aleph Alpha's completion of a text.
//!
//! Source: <https://docs.aleph-alpha.com/api/complete/>.

use std::borrow::Cow;

use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, Counts, Part};
use crate::event::ApiError;
use crate::json::{self, Count, Json, List, Object, Text};
use crate::prompt::{Fields, Message, MessagePart, Prompt, data_text, media_part, other_part};

/// Members of a request that steer sampling.
const PARAMETERS: [&str; 10] = [
    "best_of",
    "frequency_penalty",
    "maximum_tokens",
    "minimum_tokens",
    "n",
    "presence_penalty",
    "stop_sequences",
    "temperature",
    "top_k",
    "top_p",
];

pub(super) const FORMAT: Format =
    Format::new("aleph_alpha.complete", "aleph_alpha", read_request, || {
        Box::new(AnswerReader)
    });

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        prompt: wire
            .prompt
            .map(|prompt| Prompt::contents([Message::of("user", prompt_parts(prompt))])),
        ..Request::default()
    })
}

/// A prompt is a text, or a list of parts that are texts, images and tokens.
fn prompt_parts(prompt: Json<'_>) -> Vec<MessagePart<'_>> {
    if let Some(Text(Some(text))) = json::read(prompt) {
        return vec![MessagePart::text(text)];
    }
    let List(given): List<Json<'_>> = json::expected(prompt).unwrap_or_default();
    let mut parts = Vec::new();
    for part in given {
        let mut fields = Fields::of(part);
        let kind = fields.text("type");
        match (kind.as_deref(), fields.take("data")) {
            (Some("text"), Some(data)) => parts.push(MessagePart::text(data_text(data))),
            (Some("image"), Some(data)) => {
                parts.push(media_part("image", data).standing_as("image", part));
            }
            (kind, _) => {
                parts.push(other_part(kind.unwrap_or("part"), part));
                continue;
            }
        }
        fields.rest(&mut parts);
    }
    parts
}

/// Reads a whole answer, or the pieces and summaries of a stream, which ends with `[DONE]`.
#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        if let Some(error) = body.error.and_then(openai_error::read) {
            answer.fail(ApiError {
                code: error.code.or(body.code.0.map(Cow::into_owned)),
                ..error
            });
            return true;
        }
        for (position, Object(completion)) in (0..).zip(body.completions.0) {
            take(completion.unwrap_or_default(), position, answer);
        }
        if matches!(
            body.kind.0.as_deref(),
            Some("stream_chunk" | "stream_summary")
        ) {
            let piece = CompletionWire {
                text: body.text,
                finish_reason: body.finish_reason,
            };
            take(piece, body.index.0.unwrap_or_default(), answer);
        }
        if body.input.0.is_some() {
            answer.count(Counts {
                input: body.input.0,
                output: body.output.0,
                ..Counts::default()
            });
        }
        true
    }

    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        self.body(data, answer)
    }
}

fn take(completion: CompletionWire<'_>, choice: u64, answer: &mut Answer) {
    let text = completion.text.0.unwrap_or_default();
    answer.append(choice, Part::Content, &text);
    answer.open(choice);
    if let Some(reason) = completion.finish_reason.0 {
        answer.finish(choice, &reason);
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        prompt: Option<Json<'a>> = "prompt",
        ..parameters of PARAMETERS,
    }

    struct BodyWire<'a> {
        completions: List<Object<CompletionWire<'a>>> = "completions",
        kind: Text<'a> = "type",
        index: Count = "index",
        text: Text<'a> = "completion",
        finish_reason: Text<'a> = "finish_reason",
        input: Count = "num_tokens_prompt_total",
        output: Count = "num_tokens_generated",
        error: Option<Json<'a>> = "error",
        code: Text<'a> = "code",
    }

    struct CompletionWire<'a> {
        text: Text<'a> = "completion",
        finish_reason: Text<'a> = "finish_reason",
    }
}
