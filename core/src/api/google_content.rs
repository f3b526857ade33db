//! Google's contents: messages made of parts, in requests and in answers.
//!
//! Source: <https://ai.google.dev/api/caching#Content>. As protobuf's JSON has it, every member
//! may be written in camelCase or in snake_case.

use std::borrow::Cow;

use super::google_partial_args::PartialArg;
use crate::answer::Answer;
use crate::json::{self, Flag, Json, List, Object, Scalar, Text};
use crate::prompt::{
    Fields, Kind, Message, MessagePart, compact, data_text, medium, other_part, results,
};

json::wire! {
    /// What an answer says.
    pub(super) struct ContentWire<'a> {
        pub(super) parts: Option<Json<'a>> = "parts",
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
            let mut given = vec![MessagePart::text(text).as_result(None, tool)];
            take_result_parts(&mut fields, &mut given);
            parts.extend(results(given, id, None));
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
fn take_result_parts<'a>(fields: &mut Fields<'a>, parts: &mut Vec<MessagePart<'a>>) {
    let given = fields.take("parts");
    let given: Option<List<Json<'a>>> = given.and_then(json::expected);
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
        parts.push(part);
    }
}

/// JSON without the white space between tokens, also of a string.
fn data_json(data: Json<'_>) -> Cow<'_, str> {
    Cow::Owned(compact(data.get()))
}

/// The parts of an answer's content. Some servers put a single part into no list.
pub(super) fn parts<'a>(parts: Option<Json<'a>>, answer: &mut Answer) -> Vec<PartWire<'a>> {
    match parts {
        Some(list) if list.get().starts_with('[') => {
            let List(parts): List<Json<'_>> = json::read(list).unwrap_or_default();
            parts.into_iter().map(|part| read(part, answer)).collect()
        }
        Some(part) => vec![read(part, answer)],
        None => Vec::new(),
    }
}

/// Members that stand beside the one that says what a part is.
const BESIDE: [&str; 7] = [
    "mediaResolution",
    "partMetadata",
    "thought",
    "thoughtSignature",
    "thought_signature",
    "videoMetadata",
    "part_metadata",
];

/// Reads a part. One that is none that is known is told as it is.
fn read<'a>(part: Json<'a>, answer: &mut Answer) -> PartWire<'a> {
    let wire = PartWire::read(part);
    if wire.is_empty() {
        let mut members = Fields::of(part).into_members();
        if let Some((name, value)) = members.find(|(name, _)| !BESIDE.contains(&&**name)) {
            answer.part(Kind::Other, &name, None, &data_text(value));
        }
    }
    wire
}

json::wire! {
    /// A part of an answer, of which one member says what it is.
    pub(super) struct PartWire<'a> {
        pub(super) text: Text<'a> = "text",
        pub(super) thought: Flag = "thought",
        pub(super) call: Object<CallWire<'a>> = "functionCall" | "function_call",
        // What the model runs itself, and what Google's tools are asked.
        pub(super) code: Object<CodeWire<'a>> = "executableCode" | "executable_code",
        pub(super) tool: Object<ToolWire<'a>> = "toolCall" | "tool_call",
        pub(super) media: Option<Json<'a>> = "inlineData"
            | "inline_data"
            | "fileData"
            | "file_data",
        code_result: Object<GivenWire<'a>> = "codeExecutionResult" | "code_execution_result",
        tool_result: Object<GivenWire<'a>> = "toolResponse" | "tool_response",
        function_result: Object<GivenWire<'a>> = "functionResponse" | "function_response",
    }

    pub(super) struct CodeWire<'a> {
        pub(super) id: Text<'a> = "id",
        pub(super) code: Text<'a> = "code",
    }

    pub(super) struct ToolWire<'a> {
        pub(super) id: Text<'a> = "id",
        pub(super) name: Scalar = "name" | "toolName" | "tool_name",
        pub(super) kind: Scalar = "toolType" | "tool_type",
        pub(super) args: Option<Json<'a>> = "args",
    }

    /// What a tool gave.
    pub(super) struct GivenWire<'a> {
        pub(super) id: Text<'a> = "id",
        outcome: Scalar = "outcome",
        output: Text<'a> = "output",
        response: Option<Json<'a>> = "response",
    }
}

impl<'a> PartWire<'a> {
    fn read(part: Json<'a>) -> Self {
        if let Some(Text(Some(text))) = json::read(part) {
            return Self {
                text: Text(Some(text)),
                ..Self::default()
            };
        }
        let read: Option<Object<Self>> = json::read(part);
        read.and_then(|read| read.0).unwrap_or_default()
    }

    /// Whether it is none that is known.
    fn is_empty(&self) -> bool {
        let Self {
            text,
            call,
            code,
            tool,
            media,
            ..
        } = self;
        let is_said = text.0.is_some() || media.is_some() || call.0.is_some();
        !is_said && code.0.is_none() && tool.0.is_none() && self.given().next().is_none()
    }

    /// What tools gave, by the names of its type.
    pub(super) fn given(&self) -> impl Iterator<Item = (&'static str, &GivenWire<'a>)> {
        let given = [
            ("codeExecutionResult", &self.code_result),
            ("toolResponse", &self.tool_result),
            ("functionResponse", &self.function_result),
        ];
        given
            .into_iter()
            .filter_map(|(name, given)| Some((name, given.0.as_ref()?)))
    }
}

impl<'a> GivenWire<'a> {
    /// What it says: a response, what code printed, or else how that ended.
    pub(super) fn text(&self) -> Cow<'a, str> {
        let response = self.response.map(data_json);
        let output = self.output.0.clone().filter(|output| !output.is_empty());
        let outcome = self.outcome.0.clone().map(Cow::Owned);
        response.or(output).or(outcome).unwrap_or_default()
    }
}
