//! OpenAI embeddings. The vectors are never recorded.
//!
//! Source: <https://platform.openai.com/docs/api-reference/embeddings>.

use super::openai_usage::UsageWire;
use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, Counts};
use crate::json::{self, Count, Json, Object, Text};
use crate::prompt::{Message, Prompt, input_parts};

/// Members of a request that say how to embed.
const PARAMETERS: [&str; 2] = ["dimensions", "encoding_format"];

pub(super) const FORMAT: Format = Format::new("openai.embeddings", "openai", read_request, || {
    Box::new(AnswerReader)
});

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let prompt = wire
        .input
        .map(|input| Prompt::contents([Message::of("user", input_parts(input))]));
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        prompt,
        user: wire.user.0,
        ..Request::default()
    })
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        read_body(text, answer)
    }
}

fn read_body(text: &str, answer: &mut Answer) -> bool {
    let Some(body) = json::object::<BodyWire<'_>>(text) else {
        return false;
    };
    answer.identify(None, body.model.0.as_deref());
    // Errors name no model.
    if body.model.0.is_none() && body.error.is_none() {
        openai_error::take_flat(text, answer);
    }
    body.usage.take_input(answer);
    answer.count(Counts {
        input: body.input.0,
        ..Counts::default()
    });
    openai_error::take(body.error, answer);
    if answer.error.is_none() {
        answer.answers_numbers();
    }
    true
}

json::wire! {
    struct RequestWire<'a> {
        // The second names are watsonx's.
        model: Text<'a> = "model" | "model_id",
        input: Option<Json<'a>> = "input" | "inputs",
        user: Text<'a> = "user",
        ..parameters of PARAMETERS,
    }

    struct BodyWire<'a> {
        model: Text<'a> = "model" | "model_id",
        usage: Object<UsageWire> = "usage",
        // watsonx counts beside the results.
        input: Count = "input_token_count",
        error: Option<Json<'a>> = "error",
    }
}
