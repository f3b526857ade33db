//! Ollama's own embeddings, the newer `/api/embed` and the older `/api/embeddings`. The vectors
//! are never recorded.
//!
//! Source: <https://github.com/ollama/ollama/blob/main/docs/api.md#generate-embeddings>.

use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, Counts};
use crate::json::{self, Count, Json, Text};
use crate::prompt::{Message, Prompt, input_parts};

/// Members of a request that say how to embed.
const PARAMETERS: [&str; 2] = ["dimensions", "truncate"];

pub(super) const FORMAT: Format = Format::new("ollama.embed", "ollama", read_request, || {
    Box::new(AnswerReader)
})
.of_go();

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        prompt: wire
            .input
            .map(|input| Prompt::contents([Message::of("user", input_parts(input))])),
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
        answer.identify(None, body.model.0.as_deref());
        if body.error.is_none() {
            answer.answers_numbers();
        }
        answer.count(Counts {
            input: body.tokens.0,
            ..Counts::default()
        });
        if let Some(error) = body.error.and_then(openai_error::read) {
            answer.fail(error);
        }
        true
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        input: Option<Json<'a>> = "input" | "prompt",
        ..parameters of PARAMETERS,
    }

    struct BodyWire<'a> {
        model: Text<'a> = "model",
        tokens: Count = "prompt_eval_count",
        error: Option<Json<'a>> = "error",
    }
}
