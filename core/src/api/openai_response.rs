//! OpenAI's responses, plain and streamed.
//!
//! Sources: <https://platform.openai.com/docs/api-reference/responses/object> and
//! <https://platform.openai.com/docs/api-reference/responses-streaming>.

use super::openai_findings::{FilteredWire, ModerationWire};
use super::openai_item::ItemWire;
use super::openai_items::{CHOICE, Items, key};
use super::openai_usage::UsageWire;
use super::{Reader, openai_error};
use crate::answer::{Answer, CallPiece, Part};
use crate::event::ApiError;
use crate::json::{self, Count, Json, List, Object, Scalar, Text};

/// Reads answers; some servers end a stream with `[DONE]`.
pub(super) fn reader() -> Box<dyn Reader> {
    Box::new(AnswerReader::default())
}

#[derive(Debug, Default)]
struct AnswerReader {
    items: Items,
}

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object(text) else {
            return false;
        };
        self.take_response(body, answer);
        if answer.choices.is_empty() && answer.error.is_none() {
            openai_error::take_flat(text, answer);
        }
        true
    }

    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        let Some(event) = json::object::<EventWire<'_>>(data) else {
            return false;
        };
        self.take_event(event, answer)
    }

    fn passed_over(&mut self, name: &str, answer: &mut Answer) {
        answer.ended |= is_last(name);
    }
}

/// Whether an event is the last and has the whole response, or some of it.
fn is_last(name: &str) -> bool {
    matches!(
        name,
        "response.completed"
            | "response.incomplete"
            | "response.failed"
            | "response.cancelled"
            // Of a session's response, and of gateways to one.
            | "response.done"
    )
}

impl AnswerReader {
    fn take_event(&mut self, event: EventWire<'_>, answer: &mut Answer) -> bool {
        let Some(kind) = event.kind.0.as_deref() else {
            // Gateways in between tell their errors in their own way.
            let error = event.error.and_then(openai_error::read);
            let is_error = error.is_some();
            error.into_iter().for_each(|error| answer.fail(error));
            return is_error;
        };
        match kind {
            "response.output_item.added" => {
                let item = event.item.0.unwrap_or_default();
                let number = self.items.new_number(event.output_index.0, &item);
                self.items.begin(number, &item, answer);
            }
            "response.output_item.done" => {
                let item = event.item.0.unwrap_or_default();
                let number = self.items.new_number(event.output_index.0, &item);
                self.items.settle(number, &item, answer);
            }
            "response.created" | "response.queued" | "response.in_progress" => {
                if kind == "response.created" && answer.ended {
                    self.items.begin_response();
                    answer.ended = false;
                }
                let response = event.response.0.unwrap_or_default();
                answer.identify(response.id.0.as_deref(), response.model.0.as_deref());
                answer.open(CHOICE);
                response.usage.take(answer);
            }
            kind if is_last(kind) => {
                self.take_response(event.response.0.unwrap_or_default(), answer);
                answer.ended = true;
            }
            "error" | "response.error" => take_error(event, answer),
            kind => return self.take_piece(kind, &event, answer),
        }
        true
    }

    /// A piece of an item, or a text of it as a whole; false if it is a piece of none that is known.
    fn take_piece(&mut self, kind: &str, event: &EventWire<'_>, answer: &mut Answer) -> bool {
        let number = self
            .items
            .number(event.output_index.0, event.item_id.0.as_deref());
        let kind = kind.strip_prefix("response.").unwrap_or(kind);
        if let Some(kind) = kind.strip_suffix(".delta") {
            let delta = event.delta.0.as_deref().unwrap_or_default();
            match part(kind) {
                Some(part) => self.items.append(number, part, delta, answer),
                None if is_asked(kind) => answer.call(key(number), asked(delta)),
                None => return delta.is_empty() || is_given(kind),
            }
        } else if let Some(kind) = kind.strip_suffix(".done") {
            match (
                event.part_of(kind),
                event.text(),
                event.asked.or(event.code),
            ) {
                (Some(part), Some(text), _) => self.items.complete(number, part, text, answer),
                (None, _, Some(whole)) if is_asked(kind) => {
                    answer.settle_call(key(number), asked(&json::text_of(whole)));
                }
                _ => {}
            }
        }
        true
    }

    fn take_response(&mut self, response: ResponseWire<'_>, answer: &mut Answer) {
        answer.identify(response.id.0.as_deref(), response.model.0.as_deref());
        self.items.finish(&response.output.0, answer);
        if response.object.0.as_deref() == Some("response") {
            answer.open(CHOICE);
        }
        let reason = response.incomplete_details.0;
        let reason = reason.and_then(|details| details.reason.0);
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
}

/// The part of an answer that events of this name have.
fn part(kind: &str) -> Option<Part> {
    match kind {
        "output_text" | "audio.transcript" | "output_audio_transcript" => Some(Part::Content),
        "refusal" => Some(Part::Refusal),
        "reasoning_summary_text"
        | "reasoning_text"
        | "reasoning_summary"
        | "reasoning_summary_part"
        | "reasoning" => Some(Part::Reasoning),
        _ => None,
    }
}

/// Whether events of this name have sound, or what a tool gave, which comes as an item, too.
fn is_given(kind: &str) -> bool {
    kind.contains("audio") || kind.contains("_call")
}

/// Whether events of this name have what a tool is asked. What it gave comes as an item.
fn is_asked(kind: &str) -> bool {
    kind.contains("_call_") && !kind.contains("output")
}

fn asked(arguments: &str) -> CallPiece<'_> {
    CallPiece {
        arguments,
        ..CallPiece::default()
    }
}

fn take_error(event: EventWire<'_>, answer: &mut Answer) {
    let nested = event.error.and_then(openai_error::read);
    answer.fail(
        nested.unwrap_or(ApiError {
            kind: None,
            code: event
                .code
                .and_then(|code| json::read(code.get()))
                .and_then(|Scalar(code)| code),
            message: event.message.0,
        }),
    );
}

impl EventWire<'_> {
    /// The part of an answer that it has a text of as a whole.
    fn part_of(&self, kind: &str) -> Option<Part> {
        let own = self.part.0.as_ref().and_then(|it| it.kind.0.as_deref());
        part(own.filter(|_| kind == "content_part").unwrap_or(kind))
    }

    fn text(&self) -> Option<&str> {
        let part = self.part.0.as_ref();
        let texts = [&self.text, &self.refusal, &self.transcript];
        let texts = texts.into_iter().chain(part.map(|part| &part.text));
        texts.into_iter().find_map(|text| text.0.as_deref())
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

    struct PartWire<'a> {
        kind: Text<'a> = "type",
        text: Text<'a> = "text" | "refusal" | "transcript",
    }

    struct IncompleteWire<'a> {
        reason: Text<'a> = "reason",
    }

    struct EventWire<'a> {
        kind: Text<'a> = "type",
        delta: Text<'a> = "delta",
        output_index: Count = "output_index",
        item_id: Text<'a> = "item_id",
        text: Text<'a> = "text",
        refusal: Text<'a> = "refusal",
        transcript: Text<'a> = "transcript",
        part: Object<PartWire<'a>> = "part",
        asked: Option<Json<'a>> = "arguments" | "input" | "diff" | "command",
        item: Object<ItemWire<'a>> = "item",
        response: Object<ResponseWire<'a>> = "response",
        error: Option<Json<'a>> = "error",
        // Of an error its code, of an interpreter what it runs.
        code: Option<Json<'a>> = "code",
        message: Scalar = "message",
    }
}
