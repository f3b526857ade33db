//! Cohere's chat, version 2.
//!
//! Source: <https://docs.cohere.com/reference/chat> and its page on streams, whose events hold the
//! same message as a whole answer, with single objects in the place of lists.

use super::chat_message::ChatMessages;
use super::cohere_usage::UsageWire;
use super::tool_names::Tools;
use super::{Format, Reader, Request};
use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::event::ApiError;
use crate::json::{self, Count, Json, List, Object, OneOrMany, Scalar, Text};
use crate::prompt::{Kind, Message, MessagePart, Prompt, data_text};

/// Members of a request that steer sampling.
const PARAMETERS: [&str; 14] = [
    "frequency_penalty",
    "k",
    "logprobs",
    "max_tokens",
    "p",
    "presence_penalty",
    "response_format",
    "safety_mode",
    "seed",
    "stop_sequences",
    "strict_tools",
    "temperature",
    "thinking",
    "tool_choice",
];

/// An answer has one choice.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format = Format::new("cohere.chat", "cohere", read_request, || {
    Box::new(AnswerReader)
});

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let documents = wire.documents.0.into_iter().map(document);
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        definitions: wire.tools.defined("tools").collect(),
        tools: wire.tools.names,
        prompt: wire
            .messages
            .map(|messages| Prompt::contents(messages.read().chain(documents))),
        ..Request::default()
    })
}

/// What the model is given to answer from.
pub(super) fn document(document: Json<'_>) -> Message<'_> {
    Message::of(
        "document",
        vec![MessagePart::of(Kind::Document, data_text(document))],
    )
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        answer.identify(body.id.0.as_deref(), None);
        match body.message.map(|message| message.get()).map(json::read) {
            Some(Some(Object(Some(message)))) => take_message(&message, 0, answer),
            _ => fail(body.message, answer),
        }
        end(body.finish_reason, body.usage, answer);
        true
    }

    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        let Some(event) = json::object::<EventWire<'_>>(data) else {
            return false;
        };
        answer.identify(event.id.0.as_deref(), None);
        // Of errors that are events there is only the message.
        fail(event.message, answer);
        let index = event.index.0.unwrap_or_default();
        let delta = event.delta.0.unwrap_or_default();
        if let Some(message) = delta.message.0 {
            take_message(&message, index, answer);
        }
        match event.kind.0.as_deref() {
            Some("tool-call-end") => answer.end_call(key(index)),
            Some("message-end") => {
                fail(delta.error, answer);
                end(delta.finish_reason, delta.usage, answer);
                answer.ended = true;
            }
            _ => {}
        }
        true
    }
}

/// Takes a whole message, or a piece of one of which `index` numbers the tool call.
fn take_message(message: &MessageWire<'_>, index: u64, answer: &mut Answer) {
    answer.open(CHOICE);
    let mut append = |part, text: &Text<'_>| {
        answer.append(CHOICE, part, text.0.as_deref().unwrap_or_default());
    };
    append(Part::Reasoning, &message.tool_plan);
    for part in &message.content.0 {
        append(Part::Content, &part.text);
        append(Part::Reasoning, &part.thinking);
    }
    for (number, call) in (index..).zip(&message.tool_calls.0) {
        let function = call.function.0.as_ref();
        let piece = CallPiece {
            id: call.id.0.as_deref(),
            name: function.and_then(|function| function.name.0.as_deref()),
            arguments: function
                .and_then(|function| function.arguments.0.as_deref())
                .unwrap_or_default(),
        };
        answer.call(key(number), piece);
    }
}

fn end(reason: Text<'_>, usage: Object<UsageWire>, answer: &mut Answer) {
    if let Some(reason) = reason.0 {
        answer.finish(CHOICE, &reason);
    }
    usage.take(answer);
}

/// Takes the words of an error, if they are some.
pub(super) fn fail(message: Option<Json<'_>>, answer: &mut Answer) {
    let Some(Scalar(Some(message))) = message.and_then(json::read) else {
        return;
    };
    answer.fail(ApiError {
        kind: None,
        code: None,
        message: Some(message),
    });
}

fn key(call: u64) -> CallKey {
    CallKey {
        choice: CHOICE,
        call,
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        messages: Option<ChatMessages<'a>> = "messages",
        documents: List<Json<'a>> = "documents",
        tools: Tools<'a> = "tools",
        ..parameters of PARAMETERS,
    }

    struct BodyWire<'a> {
        id: Text<'a> = "id",
        // Of an answer an object; of an error its words.
        message: Option<Json<'a>> = "message",
        finish_reason: Text<'a> = "finish_reason",
        usage: Object<UsageWire> = "usage",
    }

    struct EventWire<'a> {
        kind: Text<'a> = "type",
        id: Text<'a> = "id",
        index: Count = "index",
        delta: Object<DeltaWire<'a>> = "delta",
        message: Option<Json<'a>> = "message",
    }

    struct DeltaWire<'a> {
        message: Object<MessageWire<'a>> = "message",
        finish_reason: Text<'a> = "finish_reason",
        usage: Object<UsageWire> = "usage",
        error: Option<Json<'a>> = "error",
    }

    struct MessageWire<'a> {
        tool_plan: Text<'a> = "tool_plan",
        content: OneOrMany<PartWire<'a>> = "content",
        tool_calls: OneOrMany<CallWire<'a>> = "tool_calls",
    }

    struct PartWire<'a> {
        text: Text<'a> = "text",
        thinking: Text<'a> = "thinking",
    }

    struct CallWire<'a> {
        id: Text<'a> = "id",
        function: Object<FunctionWire<'a>> = "function",
    }

    struct FunctionWire<'a> {
        name: Text<'a> = "name",
        arguments: Text<'a> = "arguments",
    }
}
