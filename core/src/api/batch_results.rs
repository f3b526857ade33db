//! The results of a batch: lines, each the answer to one of its requests in the format of that.
//!
//! Sources: <https://docs.claude.com/en/api/retrieving-message-batch-results>,
//! <https://platform.openai.com/docs/api-reference/batch/request-output>,
//! <https://ai.google.dev/gemini-api/docs/batch-api>.

use super::{
    Format, Reader, Request, anthropic_messages, google_generate_content, openai_chat,
    openai_error, openai_responses,
};
use crate::answer::Answer;
use crate::framing::Hint;
use crate::json::{self, Json, Object, Text};

/// A file without lines like these is none of a batch's.
pub(super) const FORMAT: Format = Format::new(
    "batch.results",
    "unknown",
    |_| Some(Request::default()),
    || Box::new(LineReader::default()),
)
.with_hint(Hint::Lines);

#[derive(Debug, Default)]
struct LineReader {
    lines: u64,
}

impl Reader for LineReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(line) = json::object::<LineWire<'_>>(text) else {
            return false;
        };
        let result = line.result.0.unwrap_or_default();
        if line.name.is_none() {
            openai_error::take(line.error, answer);
            return answer.error.is_some();
        }
        if line.response.is_none() && result.kind.0.is_none() && line.error.is_none() {
            return false;
        }
        let index = self.lines;
        self.lines = self.lines.saturating_add(1);
        answer.ends_with_body = true;
        answer.open(index);
        match result.message.or(line.response.map(body_of)) {
            Some(body) => take(body, index, answer),
            // What failed, expired or was canceled.
            None => answer.finish(index, result.kind.0.as_deref().unwrap_or("errored")),
        }
        true
    }
}

/// The body of a response that has a status, or the response itself.
fn body_of(response: Json<'_>) -> Json<'_> {
    let wire: ResponseWire<'_> = json::object(response).unwrap_or_default();
    wire.body.unwrap_or(response)
}

/// Takes one answer as a choice of all.
fn take(body: Json<'_>, index: u64, answer: &mut Answer) {
    let shape: ShapeWire<'_> = json::object(body).unwrap_or_default();
    let format = if shape.kind.0.as_deref() == Some("message") {
        &anthropic_messages::FORMAT
    } else if shape.candidates.is_some() {
        &google_generate_content::FORMAT
    } else if shape.choices.is_some() || shape.error.is_some() {
        &openai_chat::FORMAT
    } else if shape.output.is_some() {
        &openai_responses::FORMAT
    } else {
        answer.is_not_text |= shape.vectors.is_some();
        return;
    };
    let mut one = answer.beside();
    (format.reader)().body(body.get(), &mut one);
    answer.absorb(index, one);
}

json::wire! {
    struct LineWire<'a> {
        name: Option<Json<'a>> = "custom_id" | "key",
        result: Object<ResultWire<'a>> = "result",
        response: Option<Json<'a>> = "response",
        error: Option<Json<'a>> = "error",
    }

    struct ResultWire<'a> {
        kind: Text<'a> = "type",
        message: Option<Json<'a>> = "message",
    }

    struct ResponseWire<'a> {
        body: Option<Json<'a>> = "body",
    }

    struct ShapeWire<'a> {
        kind: Text<'a> = "type",
        candidates: Option<Json<'a>> = "candidates",
        choices: Option<Json<'a>> = "choices",
        output: Option<Json<'a>> = "output",
        vectors: Option<Json<'a>> = "data" | "embedding",
        error: Option<Json<'a>> = "error",
    }
}
