//! OpenAI's responses, plain and streamed.
//!
//! Sources: <https://platform.openai.com/docs/api-reference/responses/object> and
//! <https://platform.openai.com/docs/api-reference/responses-streaming>.

use super::openai_findings::{FilteredWire, ModerationWire};
use super::openai_usage::UsageWire;
use super::{Reader, is_done, openai_error};
use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::event::ApiError;
use crate::json::{self, Count, Json, List, Object, Scalar, Text};

/// A response has one choice.
const CHOICE: u64 = 0;

/// Reads answers; some servers end a stream with `[DONE]`.
pub(super) fn reader() -> Box<dyn Reader> {
    Box::new(AnswerReader)
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        read_body(text, answer)
    }

    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        read_event(data, answer)
    }

    fn passed_over(&mut self, name: &str, answer: &mut Answer) {
        answer.ended |= is_last(name);
    }
}

/// Whether an event is the last and repeats the whole response.
fn is_last(name: &str) -> bool {
    matches!(
        name,
        "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled"
    )
}

fn read_body(text: &str, answer: &mut Answer) -> bool {
    let Some(body) = json::object(text) else {
        return false;
    };
    take_response(body, answer);
    if answer.choices.is_empty() && answer.error.is_none() {
        openai_error::take_flat(text, answer);
    }
    true
}

fn read_event(data: &str, answer: &mut Answer) -> bool {
    if is_done(data, answer) {
        return true;
    }
    let Some(event) = json::object::<EventWire<'_>>(data) else {
        return false;
    };
    let delta = event.delta.0.as_deref().unwrap_or_default();
    match event.kind.0.as_deref() {
        Some("response.output_text.delta" | "response.audio.transcript.delta") => {
            answer.append(CHOICE, Part::Content, delta);
        }
        Some("response.refusal.delta") => answer.append(CHOICE, Part::Refusal, delta),
        Some("response.reasoning_summary_text.delta" | "response.reasoning_text.delta") => {
            answer.append(CHOICE, Part::Reasoning, delta);
        }
        Some(
            "response.function_call_arguments.delta"
            | "response.custom_tool_call_input.delta"
            | "response.mcp_call_arguments.delta"
            | "response.code_interpreter_call_code.delta",
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
        Some(kind) if is_last(kind) => {
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
        (None, None) => {}
        // It is made in the background.
        (None, Some("queued" | "in_progress")) => answer.is_pending = true,
        (None, Some(status)) => answer.finish(CHOICE, status),
    }
    response.usage.take_last(answer);
    FilteredWire::take_all(response.content_filters, answer);
    response.moderation.0.unwrap_or_default().take(answer);
    openai_error::take(response.error, answer);
}

fn take_item(number: u64, item: &ItemWire<'_>, answer: &mut Answer) {
    match item.kind.0.as_deref() {
        // A compaction begins with what users said.
        Some("message") if item.role.0.as_deref() == Some("user") => {}
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
            take_arguments(number, item, answer);
        }
    }
}

/// Whether an item asks for a tool; one of the provider's own is named by its type.
fn is_call(kind: &str) -> bool {
    let is_other = matches!(
        kind,
        "message" | "reasoning" | "compaction" | "mcp_list_tools" | "additional_tools"
    );
    // Tools that the provider runs itself give their results as items, too.
    !is_other && !kind.ends_with("_output")
}

fn take_call(number: u64, item: &ItemWire<'_>, answer: &mut Answer) {
    let Some(kind) = item.kind.0.as_deref().filter(|kind| is_call(kind)) else {
        return;
    };
    answer.is_not_text |= kind == "image_generation_call";
    answer.call(
        key(number),
        CallPiece {
            id: item.call_id.0.as_deref().or(item.id.0.as_deref()),
            name: item.name.0.as_deref().or(Some(kind)),
            ..CallPiece::default()
        },
    );
}

fn take_arguments(number: u64, item: &ItemWire<'_>, answer: &mut Answer) {
    let is_call = item.kind.0.as_deref().is_some_and(is_call);
    if let Some(arguments) = item.arguments.filter(|_| is_call) {
        answer.call(
            key(number),
            CallPiece {
                arguments: &json::text_of(arguments),
                ..CallPiece::default()
            },
        );
    }
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

json::wire! {
    struct ResponseWire<'a> {
        object: Text<'a> = "object",
        id: Text<'a> = "id",
        model: Text<'a> = "model",
        status: Text<'a> = "status",
        output: List<Object<ItemWire<'a>>> = "output",
        incomplete_details: Object<IncompleteWire<'a>> = "incomplete_details",
        usage: Object<UsageWire> = "usage",
        content_filters: List<Object<FilteredWire>> = "content_filters",
        moderation: Object<ModerationWire> = "moderation",
        error: Option<Json<'a>> = "error",
    }

    struct IncompleteWire<'a> {
        reason: Text<'a> = "reason",
    }

    struct ItemWire<'a> {
        kind: Text<'a> = "type",
        role: Text<'a> = "role",
        id: Text<'a> = "id",
        call_id: Text<'a> = "call_id",
        name: Text<'a> = "name",
        // The provider's own tools each have their name for what they are asked.
        arguments: Option<Json<'a>> = "arguments"
            | "input"
            | "action"
            | "code"
            | "operation"
            | "queries",
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
