//! Google's Interactions: conversations and agents in steps, which the provider may keep.
//!
//! Source: <https://ai.google.dev/api/interactions-api>. Before 2026 steps were `outputs`, and
//! their events `content.start`, `content.delta` and `content.stop`.

use std::borrow::Cow;

use super::continued::Continued;
use super::token_counts::sum;
use super::tool_names::Tools;
use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, CallKey, CallPiece, Counts, Part};
use crate::json::{self, Count, Json, List, Object, Text, text_of};
use crate::prompt::{
    Fields, Kind, Message, MessagePart, Prompt, compact, data_text, medium, other_part, results,
};

/// Members of `generation_config` that steer sampling.
const PARAMETERS: [&str; 8] = [
    "max_output_tokens",
    "seed",
    "stop_sequences",
    "temperature",
    "thinking_level",
    "thinking_summaries",
    "tool_choice",
    "top_p",
];

/// An answer has one choice.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format =
    Format::new("google.interactions", "gemini", read_request, || {
        Box::new(AnswerReader)
    });

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let system = wire
        .system
        .map(|system| Message::of("system", content_parts(system)));
    let prompt = wire
        .input
        .map(|input| Prompt::contents(system.into_iter().chain(messages(input))));
    Some(Request {
        model: wire.model.0.or(wire.agent.0),
        parameters: wire.config.0.unwrap_or_default().parameters,
        note: wire.previous.note(),
        definitions: (wire.tools.defined("tools"))
            .chain(wire.previous.defined("previous_interaction_id"))
            .collect(),
        tools: wire.tools.names,
        prompt,
        ..Request::default()
    })
}

/// An input is a text, a content, or a list of contents, turns or steps.
fn messages(input: Json<'_>) -> Vec<Message<'_>> {
    if input.get().starts_with('[') {
        let List(items): List<Json<'_>> = json::read(input).unwrap_or_default();
        return items.into_iter().map(message).collect();
    }
    vec![message(input)]
}

fn message(item: Json<'_>) -> Message<'_> {
    let wire = ItemWire::read(item);
    let by_kind = match wire.kind.0.as_deref() {
        Some("model_output" | "thought" | "function_call") => "model",
        Some("function_result") => "function",
        _ => "user",
    };
    let parts = match wire.content {
        Some(content) => content_parts(content),
        None => {
            let mut parts = Vec::new();
            take_part(item, &mut parts);
            parts
        }
    };
    Message::of(wire.role.0.unwrap_or(Cow::Borrowed(by_kind)), parts)
}

/// A content's parts: one, or a list of them.
fn content_parts(content: Json<'_>) -> Vec<MessagePart<'_>> {
    let mut parts = Vec::new();
    if content.get().starts_with('[') {
        let List(list): List<Json<'_>> = json::read(content).unwrap_or_default();
        for part in list {
            take_part(part, &mut parts);
        }
    } else {
        take_part(content, &mut parts);
    }
    parts
}

/// A part that is text, or what a tool gave; what the model called and thought stands as its hash.
fn take_part<'a>(part: Json<'a>, parts: &mut Vec<MessagePart<'a>>) {
    if let Some(Text(Some(text))) = json::read(part) {
        parts.push(MessagePart::text(text));
        return;
    }
    let mut fields = Fields::of(part);
    let kind = fields.text("type");
    let text = fields.text("text");
    let result = fields.take("result");
    match (kind.as_deref(), text, result) {
        (Some("text"), Some(text), _) => parts.push(MessagePart::text(text)),
        (_, _, Some(result)) => {
            let id = fields.any_text(&["call_id", "id"]);
            let name = fields.text("name");
            parts.extend(results(result_parts(result), id, name));
        }
        (Some("function_call"), ..) => {
            let id = fields.text("id");
            let name = fields.text("name");
            let arguments = fields.take("arguments").map(data_text).unwrap_or_default();
            parts.push(MessagePart::call(id, name, arguments).standing_as("function_call", part));
        }
        (Some("thought"), text, _) => {
            let summary = fields.take("summary").map(data_text);
            let said = text.or(summary).unwrap_or_default();
            parts.push(MessagePart::beside(Kind::Reasoning, said).standing_as("thought", part));
        }
        (Some(kind @ ("image" | "audio" | "video" | "document")), ..) => {
            match medium(&mut fields) {
                Some(medium) => parts.push(medium.standing_as(kind, part)),
                None => parts.push(other_part(kind, part)),
            }
        }
        (kind, _, _) => {
            parts.push(other_part(kind.unwrap_or("part"), part));
            return;
        }
    }
    fields.rest(parts);
}

/// What a tool gave is asked of the model as much as what a person wrote.
fn result_parts(result: Json<'_>) -> Vec<MessagePart<'_>> {
    let List(given): List<Json<'_>> = json::read(result).unwrap_or_default();
    if given.is_empty() {
        return vec![MessagePart::text(data_text(result))];
    }
    let given = given.into_iter().map(|part| {
        let mut fields = Fields::of(part);
        match (fields.text("text"), fields.text("type")) {
            (Some(text), _) => MessagePart::text(text),
            (None, kind) => {
                let kind = kind.as_deref().unwrap_or("part");
                match medium(&mut fields) {
                    Some(medium) => medium.standing_as(kind, part),
                    None => other_part(kind, part),
                }
            }
        }
    });
    given.collect()
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<InteractionWire<'_>>(text) else {
            return false;
        };
        for (number, step) in (0..).zip(&body.steps.0) {
            take_item(number, &ItemWire::read(*step), answer);
            end_item(number, answer);
        }
        let status = body.status.0.as_deref();
        answer.is_pending = matches!(status, Some("in_progress" | "queued"));
        take_interaction(body, answer);
        true
    }

    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        let Some(event) = json::object::<EventWire<'_>>(data) else {
            return false;
        };
        let index = event.index.0.unwrap_or_default();
        for item in [event.item, event.delta] {
            if let Some(item) = item.0 {
                take_item(index, &item, answer);
            }
        }
        if let Some(interaction) = event.interaction.0 {
            // The last event's steps are those that have come.
            take_interaction(interaction, answer);
        }
        openai_error::take(event.error, answer);
        match event.kind.0.as_deref() {
            Some("step.stop" | "content.stop") => end_item(index, answer),
            Some("interaction.completed" | "interaction.complete") => answer.ended = true,
            Some(_) => {}
            None => return answer.error.is_some(),
        }
        true
    }
}

fn take_interaction(wire: InteractionWire<'_>, answer: &mut Answer) {
    let model = wire.model.0.or(wire.agent.0);
    answer.identify(wire.id.0.as_deref(), model.as_deref());
    match wire.status.0.as_deref() {
        Some("in_progress" | "queued") | None => {}
        Some(status) => answer.finish(CHOICE, status),
    }
    if let Some(usage) = &wire.usage.0 {
        answer.recount(usage.counts());
    }
    openai_error::take(wire.error, answer);
}

/// Takes a step, a part of one, or what is new of either.
fn take_item(index: u64, item: &ItemWire<'_>, answer: &mut Answer) {
    match item.kind.0.as_deref() {
        Some("text") => append(item, Part::Content, answer),
        Some("model_output") => take_parts(item.content, Part::Content, answer),
        Some("thought") => take_parts(item.summary, Part::Reasoning, answer),
        Some("thought_summary") => take_parts(item.content, Part::Reasoning, answer),
        Some("function_call" | "arguments_delta") => take_call(index, item, answer),
        Some("image" | "audio" | "video") => answer.is_not_text = true,
        // Google's own tools, which go by their type.
        Some(kind) if kind.ends_with("_call") => take_call(index, item, answer),
        Some(kind) if kind.ends_with("_result") => {
            let given = item.result.map(text_of).unwrap_or_default();
            let id = item.call_id.0.as_deref();
            answer.part(Kind::ToolResult, kind, id, &given);
        }
        // Signatures and annotations.
        _ => {}
    }
}

fn take_parts(parts: Option<Json<'_>>, part: Part, answer: &mut Answer) {
    let Some(parts) = parts else {
        return;
    };
    let List(many): List<Json<'_>> = json::read(parts).unwrap_or_default();
    let one = Some(parts).filter(|_| many.is_empty());
    for wire in many.into_iter().chain(one).map(ItemWire::read) {
        match wire.kind.0.as_deref() {
            Some("text") => append(&wire, part, answer),
            Some("image" | "audio" | "video") => answer.is_not_text = true,
            _ => {}
        }
    }
}

fn append(item: &ItemWire<'_>, part: Part, answer: &mut Answer) {
    answer.append(CHOICE, part, item.text.0.as_deref().unwrap_or_default());
}

/// A call's arguments are an object, or pieces of one after an empty one.
fn take_call(index: u64, item: &ItemWire<'_>, answer: &mut Answer) {
    let arguments = item.arguments.map(text_of).unwrap_or_default();
    let is_empty = compact(&arguments) == "{}";
    let kind = item.kind.0.as_deref();
    let kind = kind.filter(|kind| !matches!(*kind, "function_call" | "arguments_delta"));
    let piece = CallPiece {
        id: item.id.0.as_deref(),
        name: item.name.0.as_deref().or(kind),
        arguments: if is_empty { "" } else { &arguments },
    };
    answer.call(key(index), piece);
}

fn end_item(index: u64, answer: &mut Answer) {
    answer.end_call(key(index));
}

fn key(call: u64) -> CallKey {
    CallKey {
        choice: CHOICE,
        call,
    }
}

impl UsageWire {
    /// Google counts apart what tools added to the prompt, and what was thought.
    fn counts(&self) -> Counts {
        let tool_use = self.tool_use.0.unwrap_or(0);
        Counts {
            input: self.input.0.map(|input| input.saturating_add(tool_use)),
            output: sum(self.output.0, self.thought.0),
            cache_read: self.cached.0,
            reasoning: self.thought.0,
            ..Counts::default()
        }
    }
}

impl<'a> ItemWire<'a> {
    fn read(item: Json<'a>) -> Self {
        let read: Option<Object<Self>> = json::read(item);
        read.and_then(|read| read.0).unwrap_or_default()
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        agent: Text<'a> = "agent",
        system: Option<Json<'a>> = "system_instruction",
        input: Option<Json<'a>> = "input",
        config: Object<ConfigWire<'a>> = "generation_config",
        tools: Tools<'a> = "tools",
        previous: Continued<'a> = "previous_interaction_id",
    }

    struct ConfigWire<'a> {
        ..parameters of PARAMETERS,
    }

    /// A turn, a step or a part of one, as requests and answers have them.
    struct ItemWire<'a> {
        kind: Text<'a> = "type",
        role: Text<'a> = "role",
        text: Text<'a> = "text",
        content: Option<Json<'a>> = "content",
        summary: Option<Json<'a>> = "summary",
        id: Text<'a> = "id",
        call_id: Text<'a> = "call_id",
        name: Text<'a> = "name",
        arguments: Option<Json<'a>> = "arguments" | "partial_arguments",
        result: Option<Json<'a>> = "result",
    }

    struct InteractionWire<'a> {
        id: Text<'a> = "id",
        model: Text<'a> = "model",
        agent: Text<'a> = "agent",
        status: Text<'a> = "status",
        steps: List<Json<'a>> = "steps" | "outputs",
        usage: Object<UsageWire> = "usage",
        error: Option<Json<'a>> = "error",
    }

    struct EventWire<'a> {
        kind: Text<'a> = "event_type",
        index: Count = "index",
        item: Object<ItemWire<'a>> = "step" | "content",
        delta: Object<ItemWire<'a>> = "delta",
        interaction: Object<InteractionWire<'a>> = "interaction",
        error: Option<Json<'a>> = "error",
    }

    struct UsageWire {
        input: Count = "total_input_tokens",
        tool_use: Count = "total_tool_use_tokens",
        output: Count = "total_output_tokens",
        thought: Count = "total_thought_tokens",
        cached: Count = "total_cached_tokens",
    }
}
