//! Anthropic's legacy completions of a text.
//!
//! Source: <https://docs.claude.com/en/api/complete>, and for the older streams its page on
//! versions.

use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, Part};
use crate::json::{self, Json, Object, Text};
use crate::prompt::Prompt;

/// Members of a request that steer sampling.
const PARAMETERS: [&str; 5] = [
    "max_tokens_to_sample",
    "stop_sequences",
    "temperature",
    "top_k",
    "top_p",
];

/// An answer has one choice.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format =
    Format::new("anthropic.complete", "anthropic", read_request, || {
        Box::new(AnswerReader::default())
    });

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        prompt: wire.prompt.0.map(Prompt::user),
        user: wire.metadata.0.and_then(|metadata| metadata.user_id.0),
        ..Request::default()
    })
}

#[derive(Debug, Default)]
struct AnswerReader {
    /// Bytes of a text that each event repeats from its beginning.
    repeated: usize,
}

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        read(text, answer, |text| text)
    }

    fn message(&mut self, name: &str, data: &str, answer: &mut Answer) -> bool {
        // Since version 2023-06-01 events are named, and do not repeat the text.
        let skip = if name.is_empty() { self.repeated } else { 0 };
        read(data, answer, |text| {
            self.repeated = text.len();
            text.get(skip..).unwrap_or_default()
        })
    }
}

fn read(text: &str, answer: &mut Answer, new: impl FnOnce(&str) -> &str) -> bool {
    let Some(body) = json::object::<BodyWire<'_>>(text) else {
        return false;
    };
    answer.identify(body.id.0.as_deref(), body.model.0.as_deref());
    if let Some(text) = &body.completion.0 {
        answer.open(CHOICE);
        answer.append(CHOICE, Part::Content, new(text));
    }
    if let Some(reason) = body.stop_reason.0 {
        answer.finish(CHOICE, &reason);
    }
    openai_error::take(body.error, answer);
    true
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        prompt: Text<'a> = "prompt",
        metadata: Object<MetadataWire<'a>> = "metadata",
        ..parameters of PARAMETERS,
    }

    struct MetadataWire<'a> {
        user_id: Text<'a> = "user_id",
    }

    struct BodyWire<'a> {
        id: Text<'a> = "id",
        model: Text<'a> = "model",
        completion: Text<'a> = "completion",
        stop_reason: Text<'a> = "stop_reason",
        error: Option<Json<'a>> = "error",
    }
}
