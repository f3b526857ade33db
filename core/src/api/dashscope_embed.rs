//! Embeddings and reranking of Alibaba's DashScope by its own format. Vectors and scores are never
//! recorded.
//!
//! Sources: <https://help.aliyun.com/zh/model-studio/text-embedding-synchronous-api>,
//! <https://help.aliyun.com/zh/model-studio/multimodal-embedding-api-reference> and
//! <https://help.aliyun.com/zh/model-studio/text-rerank-api>.

use super::dashscope::parts;
use super::openai_usage::UsageWire;
use super::{Format, Reader, Request, openai_error};
use crate::answer::Answer;
use crate::json::{self, Json, List, Object, Text};
use crate::prompt::{Content, Fields, Kind, Message, MessagePart, Prompt};

/// Members of `parameters` that say how to embed or to rank.
const PARAMETERS: [&str; 6] = [
    "dimension",
    "instruct",
    "output_type",
    "return_documents",
    "text_type",
    "top_n",
];

pub(super) const EMBED: Format = Format::new("dashscope.embed", "alibaba", read_request, || {
    Box::new(AnswerReader)
});

pub(super) const RERANK: Format = Format {
    name: "dashscope.rerank",
    ..EMBED
};

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let mut input = wire.input.map(Fields::of).unwrap_or_default();
    let mut messages: Vec<_> = input.take("query").map(query).into_iter().collect();
    for name in ["texts", "contents", "documents"] {
        let list = input.take(name);
        let list: Option<List<Json<'_>>> = list.and_then(json::expected);
        let list = list.unwrap_or_default().0.into_iter();
        messages.extend(list.map(|item| item_of(item, name)));
    }
    let mut rest = Vec::new();
    // Such as the address of a file of texts.
    input.rest(&mut rest);
    if !rest.is_empty() {
        messages.push(Message::of("user", rest));
    }
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters.0.unwrap_or_default().parameters,
        prompt: (!messages.is_empty()).then(|| Prompt::contents(messages)),
        ..Request::default()
    })
}

fn query(query: Json<'_>) -> Message<'_> {
    Message::of("user", parts(Content::List(vec![query])))
}

fn item_of<'a>(item: Json<'a>, list: &str) -> Message<'a> {
    let parts = parts(Content::List(vec![item]));
    if list != "documents" {
        return Message::of("user", parts);
    }
    let as_document = |part: MessagePart<'a>| match part.kind {
        Kind::Text => part.of_kind(Kind::Document),
        _ => part,
    };
    Message::of("", parts.into_iter().map(as_document).collect())
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        answer.identify(body.request_id.0.as_deref(), body.model.0.as_deref());
        if body.output.is_none() {
            openai_error::take_flat(text, answer);
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
        input: Option<Json<'a>> = "input",
        parameters: Object<ParametersWire<'a>> = "parameters",
    }

    struct ParametersWire<'a> {
        ..parameters of PARAMETERS,
    }

    struct BodyWire<'a> {
        request_id: Text<'a> = "request_id",
        model: Text<'a> = "model",
        output: Option<Json<'a>> = "output",
        usage: Object<UsageWire> = "usage",
    }
}
