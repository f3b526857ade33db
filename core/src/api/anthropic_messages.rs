//! Anthropic Messages.
//!
//! Source: <https://docs.claude.com/en/api/messages> and its page on streaming.

use std::borrow::Cow;

use serde::de::MapAccess;

use super::token_counts::TokenCounts;
use super::tool_names::ToolNames;
use super::{ChatMessage, Format, Reader, Request, openai_error};
use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::framing::Hint;
use crate::json::{self, Count, FromObject, Json, List, Object, Text, TextOrList};
use crate::prompt::{Message, Prompt, Wrapper, content_text};

/// Members of a request that steer sampling. Content is not among them.
const PARAMETERS: [&str; 10] = [
    "max_tokens",
    "output_config",
    "service_tier",
    "speed",
    "stop_sequences",
    "temperature",
    "thinking",
    "tool_choice",
    "top_k",
    "top_p",
];

/// An answer has one choice.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format = Format {
    name: "anthropic.messages",
    provider: "anthropic",
    hint: Hint::Json,
    read_request,
    reader: || Box::new(AnswerReader::default()),
    is_read: true,
};

fn read_request(text: &str) -> Option<Request<'_>> {
    let RequestWire {
        model,
        system,
        messages,
        parameters,
        tools,
        metadata,
    } = json::read::<Object<_>>(text)?.0?;
    let user = metadata.0.and_then(|metadata| metadata.user_id.0);
    Some(Request {
        model: model.0,
        parameters,
        prompt: messages.map(|List(messages)| Prompt {
            wrapper: Wrapper::UpperRoles,
            messages: system_message(system)
                .into_iter()
                .chain(messages.into_iter().map(ChatMessage::read))
                .collect(),
        }),
        tools: tools.0,
        user,
        ..Request::default()
    })
}

/// As the client wrapper has it, an empty system prompt is none.
fn system_message(system: TextOrList<'_>) -> Option<Message<'_>> {
    let is_empty = match &system {
        TextOrList::Absent => true,
        TextOrList::Text(text) => text.is_empty(),
        TextOrList::List(parts) => parts.is_empty(),
    };
    (!is_empty).then(|| Message {
        role: Cow::Borrowed("system"),
        text: content_text(system),
    })
}

/// Reads answers; of a stream, the counts come in two events.
#[derive(Debug, Default)]
struct AnswerReader(TokenCounts);

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        read_body(text, &mut self.0, answer)
    }

    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        read_event(data, &mut self.0, answer)
    }
}

fn read_body(text: &str, counts: &mut TokenCounts, answer: &mut Answer) -> bool {
    let Some(Object(Some(body))) = json::read(text) else {
        return false;
    };
    take_message(body, counts, answer);
    true
}

fn read_event(data: &str, counts: &mut TokenCounts, answer: &mut Answer) -> bool {
    let Some(Object(Some(event))) = json::read::<Object<EventWire<'_>>>(data) else {
        return false;
    };
    let index = event.index.0.unwrap_or_default();
    match event.kind.0.as_deref() {
        Some("message_start") => take_message(event.message.0.unwrap_or_default(), counts, answer),
        Some("content_block_start") => {
            start_block(index, &event.block.0.unwrap_or_default(), answer);
        }
        Some("content_block_delta") => {
            take_delta(index, &event.delta.0.unwrap_or_default(), answer);
        }
        Some("content_block_stop") => answer.end_call(key(index)),
        Some("message_delta") => {
            take_usage(event.usage, counts, answer);
            stop(&event.delta.0.unwrap_or_default().stop_reason, answer);
        }
        Some("message_stop") => answer.ended = true,
        Some("error") => take_error(event.error, answer),
        // Pings, and what Anthropic may add: its versioning policy says to pass over it.
        Some(_) => {}
        None => return false,
    }
    true
}

fn take_message(message: MessageWire<'_>, counts: &mut TokenCounts, answer: &mut Answer) {
    answer.identify(message.id.0.as_deref(), message.model.0.as_deref());
    take_error(message.error, answer);
    if message.kind.0.as_deref() == Some("message") {
        answer.open(CHOICE);
    }
    for (number, Object(block)) in (0..).zip(message.content.0) {
        start_block(number, &block.unwrap_or_default(), answer);
        answer.end_call(key(number));
    }
    take_usage(message.usage, counts, answer);
    stop(&message.stop_reason, answer);
}

fn take_error(error: Option<Json<'_>>, answer: &mut Answer) {
    if let Some(error) = error.and_then(openai_error::read) {
        answer.fail(error);
    }
}

fn stop(reason: &Text<'_>, answer: &mut Answer) {
    if let Text(Some(reason)) = reason {
        answer.finish(CHOICE, reason);
    }
}

/// A block begins empty, or whole where the provider does not stream it.
fn start_block(number: u64, block: &BlockWire<'_>, answer: &mut Answer) {
    match block.kind.0.as_deref() {
        Some("text") => append(answer, Part::Content, &block.text),
        Some("thinking") => append(answer, Part::Reasoning, &block.thinking),
        Some("tool_use" | "server_tool_use" | "mcp_tool_use") => {
            let input = block
                .input
                .map(|input| input.get())
                .filter(|input| *input != "{}");
            let piece = CallPiece {
                id: block.id.0.as_deref(),
                name: block.name.0.as_deref(),
                arguments: input.unwrap_or_default(),
            };
            answer.call(key(number), piece);
        }
        _ => {}
    }
}

fn take_delta(number: u64, delta: &DeltaWire<'_>, answer: &mut Answer) {
    match delta.kind.0.as_deref() {
        Some("text_delta") => append(answer, Part::Content, &delta.text),
        Some("thinking_delta") => append(answer, Part::Reasoning, &delta.thinking),
        Some("input_json_delta") => {
            let arguments = delta.partial_json.0.as_deref().unwrap_or_default();
            answer.call(
                key(number),
                CallPiece {
                    arguments,
                    ..CallPiece::default()
                },
            );
        }
        _ => {}
    }
}

fn append(answer: &mut Answer, part: Part, text: &Text<'_>) {
    answer.append(CHOICE, part, text.0.as_deref().unwrap_or_default());
}

fn key(block: u64) -> CallKey {
    CallKey {
        choice: CHOICE,
        call: block,
    }
}

fn take_usage(usage: Object<UsageWire>, counts: &mut TokenCounts, answer: &mut Answer) {
    let Object(Some(usage)) = usage else { return };
    counts.update(TokenCounts {
        input: usage.input.0,
        output: usage.output.0,
        cache_read: usage.cache_read.0,
        cache_write: usage.cache_write.0,
        reasoning: usage.output_details.0.unwrap_or_default().thinking.0,
    });
    answer.usage = counts.usage();
}

#[derive(Default)]
struct RequestWire<'a> {
    model: Text<'a>,
    system: TextOrList<'a>,
    messages: Option<List<Object<ChatMessage<'a>>>>,
    parameters: Vec<(&'static str, Json<'a>)>,
    tools: ToolNames<'a>,
    metadata: Object<MetadataWire<'a>>,
}

impl<'de> FromObject<'de> for RequestWire<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "model" => self.model = value.next_value()?,
            "system" => self.system = value.next_value()?,
            "messages" => self.messages = Some(value.next_value()?),
            "tools" => self.tools = value.next_value()?,
            "metadata" => self.metadata = value.next_value()?,
            _ => json::keep(&PARAMETERS, &mut self.parameters, name, value)?,
        }
        Ok(())
    }
}

json::wire! {
    struct MetadataWire<'a> {
        user_id: Text<'a> = "user_id",
    }

    struct EventWire<'a> {
        kind: Text<'a> = "type",
        index: Count = "index",
        message: Object<MessageWire<'a>> = "message",
        block: Object<BlockWire<'a>> = "content_block",
        delta: Object<DeltaWire<'a>> = "delta",
        usage: Object<UsageWire> = "usage",
        error: Option<Json<'a>> = "error",
    }

    struct MessageWire<'a> {
        kind: Text<'a> = "type",
        id: Text<'a> = "id",
        model: Text<'a> = "model",
        content: List<Object<BlockWire<'a>>> = "content",
        stop_reason: Text<'a> = "stop_reason",
        usage: Object<UsageWire> = "usage",
        error: Option<Json<'a>> = "error",
    }

    struct BlockWire<'a> {
        kind: Text<'a> = "type",
        id: Text<'a> = "id",
        name: Text<'a> = "name",
        text: Text<'a> = "text",
        thinking: Text<'a> = "thinking",
        input: Option<Json<'a>> = "input",
    }

    struct DeltaWire<'a> {
        kind: Text<'a> = "type",
        text: Text<'a> = "text",
        thinking: Text<'a> = "thinking",
        partial_json: Text<'a> = "partial_json",
        stop_reason: Text<'a> = "stop_reason",
    }

    struct UsageWire {
        input: Count = "input_tokens",
        output: Count = "output_tokens",
        cache_read: Count = "cache_read_input_tokens",
        cache_write: Count = "cache_creation_input_tokens",
        output_details: Object<OutputDetailsWire> = "output_tokens_details",
    }

    struct OutputDetailsWire {
        thinking: Count = "thinking_tokens",
    }
}
