//! OpenAI responses.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses>.

use std::borrow::Cow;

use serde::de::MapAccess;

use super::openai_usage::UsageWire;
use super::tool_names::ToolNames;
use super::{DONE, Format, Reader, Request, openai_error};
use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::event::ApiError;
use crate::framing::Hint;
use crate::json::{self, Count, FromObject, Json, List, Object, Scalar, Text, TextOrList};
use crate::note::Note;
use crate::prompt::{Message, Prompt, Wrapper, content_text, placeholder};

/// Members of a request that steer sampling. Schemas and content are not among them.
const PARAMETERS: [&str; 12] = [
    "background",
    "max_output_tokens",
    "max_tool_calls",
    "parallel_tool_calls",
    "reasoning",
    "service_tier",
    "temperature",
    "text",
    "tool_choice",
    "top_logprobs",
    "top_p",
    "truncation",
];

/// A response has one choice.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format = Format {
    name: "openai.responses",
    provider: "openai",
    hint: Hint::Json,
    read_request,
    reader: || Box::new(AnswerReader),
    is_read: true,
};

fn read_request(text: &str) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::read::<Object<_>>(text)?.0?;
    let has_prompt = wire.input.is_some() || wire.instructions.0.is_some();
    let instructions = wire.instructions.0.map(|text| Message {
        role: "system".into(),
        text,
    });
    let prompt = has_prompt.then(|| Prompt {
        wrapper: Wrapper::Contents,
        messages: instructions
            .into_iter()
            .chain(wire.input.map(messages).into_iter().flatten())
            .collect(),
    });
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        prompt,
        user: wire.safety_identifier.0.or(wire.user.0),
        note: wire.is_continued.then_some(Note::PromptContinued),
        tools: wire.tools.0,
    })
}

/// The input: a text of the user, or items.
fn messages(input: Json<'_>) -> Vec<Message<'_>> {
    match json::read(input.get()).unwrap_or_default() {
        TextOrList::Absent => Vec::new(),
        TextOrList::Text(text) => vec![Message {
            role: "user".into(),
            text,
        }],
        TextOrList::List(items) => items.into_iter().map(message).collect(),
    }
}

/// An item of the input: a message, the result of a tool, or a placeholder for what has no text.
fn message(item: Json<'_>) -> Message<'_> {
    let read: Option<Object<InputItem<'_>>> = json::read(item.get());
    let InputItem {
        kind,
        role,
        content,
        output,
    } = read.and_then(|read| read.0).unwrap_or_default();
    match (kind.0.as_deref(), role.0) {
        (None | Some("message"), Some(role)) => Message {
            role,
            text: content_text(content),
        },
        (Some("function_call_output" | "custom_tool_call_output"), _) => Message {
            role: "tool".into(),
            text: content_text(output),
        },
        (kind, _) => Message {
            role: Cow::Borrowed(""),
            text: Cow::Owned(placeholder(kind.unwrap_or("item"), item)),
        },
    }
}

/// Reads answers; a stream ends with [`DONE`].
#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        read_body(text, answer)
    }

    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        read_event(data, answer)
    }
}

fn read_body(text: &str, answer: &mut Answer) -> bool {
    let Some(Object(Some(body))) = json::read(text) else {
        return false;
    };
    take_response(body, answer);
    true
}

fn read_event(data: &str, answer: &mut Answer) -> bool {
    if data.trim() == DONE {
        answer.ended = true;
        return true;
    }
    let Some(Object(Some(event))) = json::read::<Object<EventWire<'_>>>(data) else {
        return false;
    };
    let delta = event.delta.0.as_deref().unwrap_or_default();
    match event.kind.0.as_deref() {
        Some("response.output_text.delta") => answer.append(CHOICE, Part::Content, delta),
        Some("response.refusal.delta") => answer.append(CHOICE, Part::Refusal, delta),
        Some("response.reasoning_summary_text.delta" | "response.reasoning_text.delta") => {
            answer.append(CHOICE, Part::Reasoning, delta);
        }
        Some(
            "response.function_call_arguments.delta"
            | "response.custom_tool_call_input.delta"
            | "response.mcp_call_arguments.delta",
        ) => answer.call(
            key(event.output_index.0.unwrap_or_default()),
            CallPiece {
                arguments: delta,
                ..CallPiece::default()
            },
        ),
        Some("response.output_item.added") => {
            let item = event.item.0.unwrap_or_default();
            take_call(event.output_index.0.unwrap_or_default(), &item, answer);
        }
        Some("response.created" | "response.queued" | "response.in_progress") => {
            let response = event.response.0.unwrap_or_default();
            answer.identify(response.id.0.as_deref(), response.model.0.as_deref());
            answer.open(CHOICE);
        }
        Some("response.completed" | "response.incomplete" | "response.failed") => {
            // It repeats everything, so that what came in pieces need not be trusted.
            answer.restart();
            take_response(event.response.0.unwrap_or_default(), answer);
            answer.ended = true;
        }
        Some("error") => take_error(event, answer),
        Some(_) => {}
        None => return false,
    }
    true
}

fn take_error(event: EventWire<'_>, answer: &mut Answer) {
    let nested = event.error.and_then(openai_error::read);
    answer.fail(nested.unwrap_or(ApiError {
        kind: None,
        code: event.code.0,
        message: event.message.0,
    }));
}

fn take_response(response: ResponseWire<'_>, answer: &mut Answer) {
    answer.identify(response.id.0.as_deref(), response.model.0.as_deref());
    if response.object.0.as_deref() == Some("response") {
        answer.open(CHOICE);
    }
    for (number, Object(item)) in (0..).zip(response.output.0) {
        take_item(number, &item.unwrap_or_default(), answer);
    }
    let reason = response
        .incomplete_details
        .0
        .and_then(|details| details.reason.0);
    match (reason, response.status.0.as_deref()) {
        (Some(reason), _) => answer.finish(CHOICE, &reason),
        (None, None | Some("queued" | "in_progress")) => {}
        (None, Some(status)) => answer.finish(CHOICE, status),
    }
    if let Some(usage) = response.usage.counts() {
        answer.usage = usage;
    }
    if let Some(error) = response.error.and_then(openai_error::read) {
        answer.fail(error);
    }
}

fn take_item(number: u64, item: &ItemWire<'_>, answer: &mut Answer) {
    match item.kind.0.as_deref() {
        Some("message") => {
            for Object(part) in &item.content.0 {
                append(Part::Content, part.as_ref().map(|part| &part.text), answer);
                append(
                    Part::Refusal,
                    part.as_ref().map(|part| &part.refusal),
                    answer,
                );
            }
        }
        Some("reasoning") => {
            for Object(part) in item.summary.0.iter().chain(&item.content.0) {
                append(
                    Part::Reasoning,
                    part.as_ref().map(|part| &part.text),
                    answer,
                );
            }
        }
        _ => {
            take_call(number, item, answer);
            let arguments = item.arguments.0.as_deref().unwrap_or_default();
            answer.call(
                key(number),
                CallPiece {
                    arguments,
                    ..CallPiece::default()
                },
            );
        }
    }
}

/// Any item that is not a message or reasoning is the call of a tool; one of the provider's own
/// tools is named by its type.
fn take_call(number: u64, item: &ItemWire<'_>, answer: &mut Answer) {
    let kind = item.kind.0.as_deref();
    if matches!(kind, None | Some("message" | "reasoning")) {
        return;
    }
    let id = item.call_id.0.as_deref().or(item.id.0.as_deref());
    let name = item.name.0.as_deref().or(kind);
    answer.call(
        key(number),
        CallPiece {
            id,
            name,
            ..CallPiece::default()
        },
    );
}

fn append(part: Part, text: Option<&Text<'_>>, answer: &mut Answer) {
    let text = text.and_then(|text| text.0.as_deref());
    answer.append(CHOICE, part, text.unwrap_or_default());
}

fn key(item: u64) -> CallKey {
    CallKey {
        choice: CHOICE,
        call: item,
    }
}

#[derive(Default)]
struct RequestWire<'a> {
    model: Text<'a>,
    instructions: Text<'a>,
    input: Option<Json<'a>>,
    parameters: Vec<(&'static str, Json<'a>)>,
    tools: ToolNames<'a>,
    safety_identifier: Text<'a>,
    user: Text<'a>,
    is_continued: bool,
}

impl<'de> FromObject<'de> for RequestWire<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "model" => self.model = value.next_value()?,
            "instructions" => self.instructions = value.next_value()?,
            "input" => self.input = value.next_value()?,
            "safety_identifier" => self.safety_identifier = value.next_value()?,
            "user" => self.user = value.next_value()?,
            "tools" => self.tools = value.next_value()?,
            "previous_response_id" | "conversation" | "prompt" => {
                self.is_continued |= value.next_value::<Option<Json<'de>>>()?.is_some();
            }
            _ => json::keep(&PARAMETERS, &mut self.parameters, name, value)?,
        }
        Ok(())
    }
}

json::wire! {
    struct InputItem<'a> {
        kind: Text<'a> = "type",
        role: Text<'a> = "role",
        content: TextOrList<'a> = "content",
        output: TextOrList<'a> = "output",
    }

    struct ResponseWire<'a> {
        object: Text<'a> = "object",
        id: Text<'a> = "id",
        model: Text<'a> = "model",
        status: Text<'a> = "status",
        output: List<Object<ItemWire<'a>>> = "output",
        incomplete_details: Object<IncompleteWire<'a>> = "incomplete_details",
        usage: UsageWire = "usage",
        error: Option<Json<'a>> = "error",
    }

    struct IncompleteWire<'a> {
        reason: Text<'a> = "reason",
    }

    struct ItemWire<'a> {
        kind: Text<'a> = "type",
        id: Text<'a> = "id",
        call_id: Text<'a> = "call_id",
        name: Text<'a> = "name",
        arguments: Text<'a> = "arguments" | "input",
        content: List<Object<PartWire<'a>>> = "content",
        summary: List<Object<PartWire<'a>>> = "summary",
    }

    struct PartWire<'a> {
        text: Text<'a> = "text",
        refusal: Text<'a> = "refusal",
    }

    struct EventWire<'a> {
        kind: Text<'a> = "type",
        delta: Text<'a> = "delta",
        output_index: Count = "output_index",
        item: Object<ItemWire<'a>> = "item",
        response: Object<ResponseWire<'a>> = "response",
        error: Option<Json<'a>> = "error",
        code: Scalar = "code",
        message: Scalar = "message",
    }
}
