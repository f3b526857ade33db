//! Voyage's embeddings of text with images, and of chunks in the context of their document. The
//! vectors are never recorded. Its embeddings of texts and its reranking are like OpenAI's and
//! Cohere's.
//!
//! Sources: <https://docs.voyageai.com/reference/multimodal-embeddings-api> and
//! <https://docs.voyageai.com/reference/contextualized-embeddings-api>.

use super::openai_usage::UsageWire;
use super::{Format, Reader, Request, openai_error};
use crate::answer::Answer;
use crate::json::{self, Json, List, Object, Text};
use crate::prompt::{Fields, Message, MessagePart, Prompt, list_parts, media_part};

/// Members of a request that say how to embed.
const PARAMETERS: [&str; 5] = [
    "input_type",
    "output_dimension",
    "output_dtype",
    "output_encoding",
    "truncation",
];

/// Members of a part that hold media without the object that others have.
const MEDIA: [&str; 4] = ["image_base64", "image_url", "video_base64", "video_url"];

pub(super) const FORMAT: Format = Format::new("voyage.embed", "voyage", read_request, || {
    Box::new(AnswerReader)
});

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let inputs = wire.inputs.map(|List(inputs)| inputs);
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        prompt: inputs.map(|inputs| Prompt::contents(inputs.into_iter().map(input))),
        ..Request::default()
    })
}

/// A list of parts, an object that has one, or the chunks of a document.
fn input(input: Json<'_>) -> Message<'_> {
    let mut fields = Fields::of(input);
    let content = fields.take("content").unwrap_or(input);
    let List(list): List<Json<'_>> = json::read(content).unwrap_or_default();
    let mut parts = Vec::new();
    for part in list {
        take_part(part, &mut parts);
    }
    if parts.is_empty() {
        parts = list_parts(vec![content]);
    }
    fields.rest(&mut parts);
    Message::of("user", parts)
}

fn take_part<'a>(part: Json<'a>, parts: &mut Vec<MessagePart<'a>>) {
    let mut fields = Fields::of(part);
    for kind in MEDIA {
        if fields.is_text(kind)
            && let Some(media) = fields.take(kind)
        {
            parts.push(media_part(kind, media));
            fields.rest(parts);
            return;
        }
    }
    parts.append(&mut list_parts(vec![part]));
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        answer.identify(None, body.model.0.as_deref());
        if body.data.is_none() {
            openai_error::take_flat(text, answer);
            openai_error::take(body.error, answer);
        }
        if answer.error.is_none() {
            answer.answers_numbers();
        }
        body.usage.take_input(answer);
        true
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        inputs: Option<List<Json<'a>>> = "inputs",
        ..parameters of PARAMETERS,
    }

    struct BodyWire<'a> {
        model: Text<'a> = "model",
        data: Option<Json<'a>> = "data",
        usage: Object<UsageWire> = "usage",
        error: Option<Json<'a>> = "error",
    }
}
