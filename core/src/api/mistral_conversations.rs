//! Mistral's conversations, which the provider keeps: begun, continued, or begun again from one
//! of their entries.
//!
//! Source: <https://docs.mistral.ai/api/endpoint/beta/conversations>.

use std::borrow::Cow;

use super::continued::Continued;
use super::openai_message::{take_chunk, take_content};
use super::openai_usage::UsageWire;
use super::tool_names::Tools;
use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, CallKey, CallPiece};
use crate::event::ApiError;
use crate::json::{self, Count, Json, List, Object, Scalar, Text, TextOrList};
use crate::note::Note;
use crate::prompt::{Fields, Message, MessagePart, Prompt, content_parts, data_text, other_part};

/// Members of `completion_args`, which steer sampling.
const PARAMETERS: [&str; 10] = [
    "frequency_penalty",
    "max_tokens",
    "presence_penalty",
    "random_seed",
    "reasoning_effort",
    "response_format",
    "stop",
    "temperature",
    "tool_choice",
    "top_p",
];

/// A conversation goes on in one way.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format =
    Format::new("mistral.conversations", "mistral", read_request, || {
        Box::new(AnswerReader)
    });

/// The same for paths that name the conversation that is continued.
pub(super) const CONTINUED: Format = Format {
    read_request: |text| {
        read_request(text).map(|request| Request {
            note: Some(Note::PromptContinued),
            ..request
        })
    },
    ..FORMAT
};

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let instructions = wire
        .instructions
        .0
        .map(|text| Message::text("system", text));
    let has_prompt = wire.inputs.is_some() || instructions.is_some();
    let inputs = wire.inputs.map(inputs).unwrap_or_default();
    Some(Request {
        model: wire.model.0.or_else(|| wire.agent_id.text()),
        parameters: wire.arguments.0.unwrap_or_default().parameters,
        definitions: (wire.tools.defined("tools"))
            .chain(wire.agent_id.defined("agent_id"))
            .collect(),
        tools: wire.tools.names,
        prompt: has_prompt.then(|| Prompt::contents(instructions.into_iter().chain(inputs))),
        // An agent has instructions of its own.
        note: wire.agent_id.note(),
        ..Request::default()
    })
}

/// A text of the user, or entries.
fn inputs(inputs: Json<'_>) -> Vec<Message<'_>> {
    match json::expected(inputs).unwrap_or_default() {
        TextOrList::Absent => Vec::new(),
        TextOrList::Text(text) => vec![Message::user(text)],
        TextOrList::List(entries) => entries.into_iter().map(input).collect(),
    }
}

fn input(entry: Json<'_>) -> Message<'_> {
    let mut fields = Fields::expected(entry);
    let kind = fields.text("type");
    let role = fields.text("role");
    let mut parts = Vec::new();
    let role = match (kind.as_deref(), fields.take("result")) {
        (_, Some(result)) => {
            let id = fields.text("tool_call_id");
            parts.push(MessagePart::text(json::text_of(result)).as_result(id, None));
            Cow::Borrowed("tool")
        }
        (None | Some("message.input" | "message.output"), None) => {
            let content = fields.take("content");
            let content = content.and_then(json::read);
            parts = content_parts(content.unwrap_or_default());
            role.unwrap_or_default()
        }
        (Some("function.call"), None) => {
            let id = fields.text("tool_call_id");
            let name = fields.text("name");
            let arguments = fields.take("arguments").map(data_text).unwrap_or_default();
            parts.push(MessagePart::call(id, name, arguments).standing_as("function.call", entry));
            Cow::Borrowed("")
        }
        (kind, None) => {
            parts.push(other_part(kind.unwrap_or("entry"), entry));
            return Message::of("", parts);
        }
    };
    fields.rest(&mut parts);
    Message::of(role, parts)
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        answer.identify(body.conversation_id.0.as_deref(), None);
        if body.conversation_id.0.is_none() && body.error.is_none() {
            openai_error::take_flat(text, answer);
        }
        for (number, Object(entry)) in (0..).zip(body.outputs.0) {
            take(&entry.unwrap_or_default(), number, answer);
        }
        body.usage.take(answer);
        openai_error::take(body.error, answer);
        true
    }

    fn message(&mut self, name: &str, data: &str, answer: &mut Answer) -> bool {
        let Some(event) = json::object::<EntryWire<'_>>(data) else {
            return false;
        };
        let kind = event.kind.0.clone().unwrap_or_else(|| name.into());
        match &*kind {
            "conversation.response.started" | "conversation.response.done" => {
                answer.ended |= kind.ends_with(".done");
                self.body(data, answer)
            }
            "conversation.response.error" => {
                answer.fail(ApiError {
                    kind: None,
                    code: event.code.0,
                    message: event.message.0,
                });
                true
            }
            _ => {
                let number = event.number.0.unwrap_or_default();
                take(&event, number, answer);
                true
            }
        }
    }
}

/// Takes an entry, or a piece of one.
fn take(entry: &EntryWire<'_>, number: u64, answer: &mut Answer) {
    answer.identify(None, entry.model.0.as_deref());
    match entry.kind.0.as_deref() {
        Some("message.output" | "message.output.delta") => {
            answer.open(CHOICE);
            if let Some(content) = entry.content {
                take_contents(content, answer);
            }
        }
        // Tools of the provider's come with their name when they start, and again at their end.
        Some(
            "function.call"
            | "function.call.delta"
            | "tool.execution"
            | "tool.execution.started"
            | "tool.execution.delta",
        ) => {
            let arguments = entry.arguments.map(json::text_of);
            answer.call(
                CallKey {
                    choice: CHOICE,
                    call: number,
                },
                CallPiece {
                    id: entry.call_id.0.as_deref().or(entry.id.0.as_deref()),
                    name: entry.name.0.as_deref(),
                    arguments: arguments.as_deref().unwrap_or_default(),
                },
            );
        }
        _ => {}
    }
}

/// A text, chunks, or the one chunk of a piece.
fn take_contents(content: Json<'_>, answer: &mut Answer) {
    match json::read(content).unwrap_or_default() {
        TextOrList::Absent => take_chunk(content, CHOICE, answer),
        content => take_content(content, CHOICE, answer),
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        agent_id: Continued<'a> = "agent_id",
        instructions: Text<'a> = "instructions",
        inputs: Option<Json<'a>> = "inputs",
        arguments: Object<ArgumentsWire<'a>> = "completion_args",
        tools: Tools<'a> = "tools",
    }

    struct ArgumentsWire<'a> {
        ..parameters of PARAMETERS,
    }

    struct BodyWire<'a> {
        conversation_id: Text<'a> = "conversation_id",
        outputs: List<Object<EntryWire<'a>>> = "outputs",
        usage: Object<UsageWire> = "usage",
        error: Option<Json<'a>> = "error",
    }

    struct EntryWire<'a> {
        kind: Text<'a> = "type",
        number: Count = "output_index",
        id: Text<'a> = "id",
        model: Text<'a> = "model",
        content: Option<Json<'a>> = "content",
        call_id: Text<'a> = "tool_call_id",
        name: Text<'a> = "name",
        arguments: Option<Json<'a>> = "arguments",
        code: Scalar = "code",
        message: Scalar = "message",
    }
}
