//! Cohere's embed and rerank, versions 1 and 2, and the reranking of those who follow it: Voyage,
//! Jina, vLLM and Hugging Face's servers. Vectors and scores are never recorded.
//!
//! Sources: <https://docs.cohere.com/reference/embed> and `rerank` beside it;
//! <https://docs.voyageai.com/reference/reranker-api>.

use super::cohere_chat::{document, fail};
use super::cohere_usage::UsageWire;
use super::{Format, Reader, Request, openai_error, openai_usage};
use crate::answer::Answer;
use crate::json::{self, Json, List, Object, Text};
use crate::prompt::{Content, Message, MessagePart, Prompt, content_parts, data_text, media_part};

/// Members of a request that say how to embed or to rank.
const PARAMETERS: [&str; 10] = [
    "embedding_types",
    "input_type",
    "max_chunks_per_doc",
    "max_tokens",
    "max_tokens_per_doc",
    "output_dimension",
    "return_documents",
    "top_k",
    "top_n",
    "truncate",
];

pub(super) const EMBED: Format = Format::new("cohere.embed", "cohere", read_embed, || {
    Box::new(AnswerReader)
});

pub(super) const RERANK: Format = Format {
    name: "cohere.rerank",
    read_request: read_rerank,
    ..EMBED
};

fn read_embed(text: Json<'_>) -> Option<Request<'_>> {
    let wire: EmbedWire<'_> = json::object(text)?;
    let has_input = wire.texts.is_some() || wire.images.is_some() || wire.inputs.is_some();
    let texts = wire.texts.unwrap_or_default().0.into_iter();
    let texts = texts.map(|text| vec![MessagePart::text(data_text(text))]);
    let images = wire.images.unwrap_or_default().0.into_iter();
    let inputs = wire.inputs.unwrap_or_default().0.into_iter();
    let inputs = texts
        .chain(images.map(|image| vec![media_part("image", image)]))
        .chain(inputs.map(|input| content_parts(input.0.unwrap_or_default().content)));
    let messages = inputs.map(|parts| Message::of("user", parts));
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        prompt: has_input.then(|| Prompt::contents(messages)),
        ..Request::default()
    })
}

fn read_rerank(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RerankWire<'_> = json::object(text)?;
    let documents = wire.documents.0.into_iter().map(document);
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        prompt: wire
            .query
            .0
            .map(|text| Prompt::contents([Message::user(text)].into_iter().chain(documents))),
        ..Request::default()
    })
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            // Hugging Face's servers send the scores alone.
            let is_list = text.trim_start().starts_with('[');
            if is_list {
                answer.answers_numbers();
            }
            return is_list;
        };
        answer.identify(body.id.0.as_deref(), body.model.0.as_deref());
        fail(body.message, answer);
        openai_error::take(body.error, answer);
        if answer.error.is_none() {
            answer.answers_numbers();
        }
        body.meta.take(answer);
        body.usage.take_input(answer);
        true
    }
}

json::wire! {
    struct EmbedWire<'a> {
        model: Text<'a> = "model",
        texts: Option<List<Json<'a>>> = "texts",
        images: Option<List<Json<'a>>> = "images",
        inputs: Option<List<Object<InputWire<'a>>>> = "inputs",
        ..parameters of PARAMETERS,
    }

    struct InputWire<'a> {
        content: Content<'a> = "content",
    }

    struct RerankWire<'a> {
        model: Text<'a> = "model",
        query: Text<'a> = "query",
        documents: List<Json<'a>> = "documents" | "texts",
        ..parameters of PARAMETERS,
    }

    struct BodyWire<'a> {
        id: Text<'a> = "id",
        model: Text<'a> = "model",
        meta: Object<UsageWire> = "meta",
        usage: Object<openai_usage::UsageWire> = "usage",
        message: Option<Json<'a>> = "message" | "detail",
        error: Option<Json<'a>> = "error",
    }
}
