//! Google's contents: messages made of parts, in requests and in answers.
//!
//! Source: <https://ai.google.dev/api/caching#Content>. As protobuf's JSON has it, every member
//! may be written in camelCase or in snake_case.

use std::borrow::Cow;

use super::google_partial_args::PartialArg;
use crate::json::{self, Broken, Flag, FromObject, Json, List, Members, Object, Text};
use crate::prompt::{Fields, Kind, Message, MessagePart, compact, data_text, medium, other_part};

json::wire! {
    /// A message; one without a role is the user's.
    pub(super) struct ContentWire<'a> {
        pub(super) role: Text<'a> = "role",
        pub(super) parts: List<Json<'a>> = "parts",
    }

    /// A call of a tool, or the next piece of one.
    pub(super) struct CallWire<'a> {
        pub(super) id: Text<'a> = "id",
        pub(super) name: Text<'a> = "name",
        pub(super) args: Option<Json<'a>> = "args",
        pub(super) partial: List<Object<PartialArg<'a>>> = "partialArgs" | "partial_args",
        pub(super) goes_on: Flag = "willContinue" | "will_continue",
    }
}

/// The message that a content is.
pub(super) fn message(mut content: Fields<'_>) -> Message<'_> {
    let role = content.text("role").unwrap_or(Cow::Borrowed("user"));
    let mut parts = Vec::new();
    match content.take("parts") {
        // Some clients put a single part into no list, which protobuf's JSON allows.
        Some(given) if given.get().starts_with('[') => {
            let List(given): List<Json<'_>> = json::read(given).unwrap_or_default();
            for part in given {
                take_part(part, &mut parts);
            }
        }
        Some(part) => take_part(part, &mut parts),
        None => {}
    }
    content.rest(&mut parts);
    Message::of(role, parts)
}

/// A part of a prompt, and what else it holds.
fn take_part<'a>(part: Json<'a>, parts: &mut Vec<MessagePart<'a>>) {
    if let Some(Text(Some(text))) = json::read(part) {
        parts.push(MessagePart::text(text));
        return;
    }
    let mut fields = Fields::of(part);
    let is_thought = fields.take("thought").is_some_and(|it| it.get() == "true");
    let text = fields.text("text");
    let known = NAMES
        .iter()
        .find(|(camel, snake)| fields.has(camel) || fields.has(snake));
    match (text, known) {
        (Some(text), _) if is_thought => {
            parts.push(MessagePart::beside(Kind::Reasoning, text).standing_as("thought", part));
        }
        (Some(text), _) => parts.push(MessagePart::text(text)),
        (None, Some((camel, snake))) => match fields.take_any(&[camel, snake]) {
            Some(value) => take_known(camel, value, part, parts),
            None => parts.push(other_part(camel, part)),
        },
        (None, None) => {
            parts.push(other_part("part", part));
            return;
        }
    }
    fields.rest(parts);
}

/// The members that say what a part is, in both spellings.
const NAMES: [(&str, &str); 8] = [
    ("functionCall", "function_call"),
    ("functionResponse", "function_response"),
    ("codeExecutionResult", "code_execution_result"),
    ("inlineData", "inline_data"),
    ("fileData", "file_data"),
    ("executableCode", "executable_code"),
    ("toolCall", "tool_call"),
    ("toolResponse", "tool_response"),
];

/// What a tool gave is asked of the model as much as what a person wrote.
fn take_known<'a>(
    name: &'static str,
    value: Json<'a>,
    part: Json<'a>,
    parts: &mut Vec<MessagePart<'a>>,
) {
    let mut fields = Fields::of(value);
    match name {
        "functionCall" | "toolCall" => {
            let id = fields.text("id");
            let tool = fields.any_text(&["name", "toolName", "tool_name", "toolType", "tool_type"]);
            let arguments = fields.take("args").map(data_text).unwrap_or_default();
            parts.push(MessagePart::call(id, tool, arguments).standing_as(name, part));
        }
        "executableCode" => {
            let code = fields.text("code").unwrap_or_default();
            let call = MessagePart::call(fields.text("id"), Some(EXECUTABLE_CODE.into()), code);
            parts.push(call.standing_as(name, part));
        }
        "functionResponse" | "codeExecutionResult" => {
            let id = fields.text("id");
            let tool = fields.text("name");
            let response = fields.take("response").map(data_json);
            let Some(text) = response.or_else(|| fields.text("output")) else {
                parts.push(other_part(name, part).of_kind(Kind::ToolResult));
                return;
            };
            parts.push(MessagePart::text(text).as_result(id.clone(), tool));
            take_result_parts(&mut fields, id.as_ref(), parts);
        }
        "toolResponse" => {
            let id = fields.text("id");
            let text = fields.take("response").map(data_json).unwrap_or_default();
            let result = MessagePart::beside(Kind::ToolResult, text).as_result(id, None);
            parts.push(result.standing_as(name, part));
        }
        _ => match medium(&mut fields) {
            Some(part_of) => parts.push(part_of.standing_as(name, part)),
            None => parts.push(other_part(name, part)),
        },
    }
    fields.rest(parts);
}

/// The name of a call by which the model runs code of its own.
pub(super) const EXECUTABLE_CODE: &str = "executable_code";

/// Images and files that a tool gave beside its answer.
fn take_result_parts<'a>(
    fields: &mut Fields<'a>,
    id: Option<&Cow<'a, str>>,
    parts: &mut Vec<MessagePart<'a>>,
) {
    let given = fields.take("parts");
    let given: Option<List<Json<'a>>> = given.and_then(json::read);
    for part in given.unwrap_or_default().0 {
        let mut fields = Fields::of(part);
        let kind = NAMES
            .iter()
            .find(|(camel, snake)| fields.has(camel) || fields.has(snake));
        let kind = kind.map_or("part", |(camel, _)| camel);
        for (camel, snake) in NAMES {
            fields.flatten(camel);
            fields.flatten(snake);
        }
        let part = match medium(&mut fields) {
            Some(medium) => medium.standing_as(kind, part),
            None => other_part(kind, part),
        };
        parts.push(part.as_result(id.cloned(), None));
    }
}

/// JSON without the white space between tokens, also of a string.
fn data_json(data: Json<'_>) -> Cow<'_, str> {
    Cow::Owned(compact(data.get()))
}

/// A part, of which one member says what it is.
#[derive(Default)]
pub(super) struct PartWire<'a> {
    pub(super) text: Text<'a>,
    pub(super) thought: Flag,
    pub(super) call: Object<CallWire<'a>>,
    pub(super) kind: Option<&'static str>,
    result: Option<Json<'a>>,
}

impl<'a> PartWire<'a> {
    pub(super) fn read(part: Json<'a>) -> Self {
        let read: Option<Object<Self>> = json::read(part);
        read.and_then(|read| read.0).unwrap_or_default()
    }

    /// Whether it is an image, sound or a file.
    pub(super) fn is_media(&self) -> bool {
        matches!(self.kind, Some("inlineData" | "fileData"))
    }
}

impl<'de> FromObject<'de> for PartWire<'de> {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        let kind = match name {
            "text" => return value.next_value().map(|text| self.text = text),
            "thought" => return value.next_value().map(|thought| self.thought = thought),
            "functionCall" | "function_call" => {
                self.call = value.next_value()?;
                "functionCall"
            }
            "functionResponse" | "function_response" => {
                self.result = Some(value.next_value()?);
                "functionResponse"
            }
            "codeExecutionResult" | "code_execution_result" => {
                self.result = Some(value.next_value()?);
                "codeExecutionResult"
            }
            _ => {
                value.skip()?;
                match name {
                    "inlineData" | "inline_data" => "inlineData",
                    "fileData" | "file_data" => "fileData",
                    "executableCode" | "executable_code" => "executableCode",
                    "toolCall" | "tool_call" => "toolCall",
                    "toolResponse" | "tool_response" => "toolResponse",
                    _ => return Ok(()),
                }
            }
        };
        self.kind = Some(kind);
        Ok(())
    }

    fn names(&self) -> [&'static [&'static str]; 2] {
        const NAMES: &[&str] = &[
            "text",
            "thought",
            "functionCall",
            "functionResponse",
            "codeExecutionResult",
            "inlineData",
            "fileData",
            "executableCode",
            "toolCall",
            "toolResponse",
        ];
        [NAMES, &[]]
    }
}
