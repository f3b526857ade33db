//! Google's contents: messages made of parts, in requests and in answers.
//!
//! Source: <https://ai.google.dev/api/caching#Content>. As protobuf's JSON has it, every member
//! may be written in camelCase or in snake_case.

use std::borrow::Cow;

use super::google_partial_args::PartialArg;
use crate::json::{self, Broken, Flag, FromObject, Json, List, Members, Object, Text};
use crate::prompt::{Message, compact, placeholder};

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

    struct ResultWire<'a> {
        response: Option<Json<'a>> = "response",
        output: Text<'a> = "output",
        parts: List<Json<'a>> = "parts",
    }
}

pub(super) fn message(content: ContentWire<'_>) -> Message<'_> {
    let texts: Vec<_> = content.parts.0.into_iter().map(part_text).collect();
    Message {
        role: content.role.0.unwrap_or(Cow::Borrowed("user")),
        text: Cow::Owned(texts.join("\n")),
    }
}

fn part_text(part: Json<'_>) -> Cow<'_, str> {
    let wire = PartWire::read(part);
    match wire.text.0 {
        Some(text) if !wire.thought.0 => return text,
        Some(_) => return Cow::Owned(placeholder("thought", part)),
        None => {}
    }
    // What a tool gave is asked of the model as much as what a person wrote.
    wire.result
        .and_then(result_text)
        .unwrap_or_else(|| Cow::Owned(placeholder(wire.kind.unwrap_or("part"), part)))
}

/// What a tool gave: its JSON, or what its code printed.
fn result_text(result: Json<'_>) -> Option<Cow<'_, str>> {
    let wire: ResultWire<'_> = json::read::<Object<_>>(result.get())?.0?;
    let given = wire
        .response
        .map(|response| Cow::Owned(compact(response.get())));
    let text = given.or(wire.output.0)?;
    if wire.parts.0.is_empty() {
        return Some(text);
    }
    let parts = wire.parts.0.into_iter().map(|part| {
        let kind = PartWire::read(part).kind;
        Cow::Owned(placeholder(kind.unwrap_or("part"), part))
    });
    let texts: Vec<_> = [text].into_iter().chain(parts).collect();
    Some(Cow::Owned(texts.join("\n")))
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
        let read: Option<Object<Self>> = json::read(part.get());
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
}
