//! A message of a chat, as most formats write it. What no reader knows of it is told as well.
//!
//! Sources: <https://platform.openai.com/docs/api-reference/chat/create>,
//! <https://docs.claude.com/en/api/messages>, <https://docs.mistral.ai/api/>.

use std::borrow::Cow;
use std::mem;

use crate::json::{self, Broken, FromJson, FromObject, Items, Json, List, Members, Object, Text};
use crate::prompt::{
    Content, Fields, Kind, Message, MessagePart, content_parts, data_text, media_part, results,
};

/// A message, or a text in the place of one.
#[derive(Debug, Default)]
pub(super) struct ChatMessage<'a> {
    pub(super) role: Text<'a>,
    content: Content<'a>,
    rest: Fields<'a>,
}

/// Where vendors put the reasoning of earlier answers that a client sends back.
const REASONING: [&str; 5] = [
    "reasoning_content",
    "reasoning",
    "thinking",
    "reasoning_text",
    "tool_plan",
];

/// Members of an object that calls a tool, where the format has one.
const CALLED: [&str; 2] = ["function", "custom"];

impl<'de> FromJson<'de> for ChatMessage<'de> {
    fn empty() -> Self {
        Self::default()
    }
    fn string(&mut self, text: Cow<'de, str>) -> bool {
        self.content = Content::Text(text);
        true
    }
    fn boolean(&mut self, value: bool) {
        self.content.boolean(value);
    }
    fn whole(&mut self, number: u64) {
        self.content.whole(number);
    }
    fn float(&mut self, number: f64) {
        self.content.float(number);
    }
    fn object(&mut self, members: &mut Members<'_, 'de>) -> Result<(), Broken> {
        let mut message = Object::<Self>::default();
        message.object(members)?;
        *self = message.0.unwrap_or_default();
        Ok(())
    }
}

/// The messages of a chat: a list, or one that nobody put into a list.
#[derive(Debug, Default)]
pub(super) struct ChatMessages<'a>(pub(super) Vec<ChatMessage<'a>>);

impl<'de> FromJson<'de> for ChatMessages<'de> {
    fn empty() -> Self {
        Self::default()
    }
    fn string(&mut self, text: Cow<'de, str>) -> bool {
        let mut message = ChatMessage::empty();
        message.string(text);
        self.0.push(message);
        true
    }
    fn list(&mut self, items: &mut Items<'_, 'de>) -> Result<(), Broken> {
        let mut message = ChatMessage::empty();
        while items.read_into(&mut message)? {
            self.0.push(mem::take(&mut message));
        }
        Ok(())
    }
    fn object(&mut self, members: &mut Members<'_, 'de>) -> Result<(), Broken> {
        let mut message = ChatMessage::empty();
        message.object(members)?;
        self.0.push(message);
        Ok(())
    }
}

impl<'a> ChatMessages<'a> {
    /// Each message with all that it holds.
    pub(super) fn read(self) -> impl Iterator<Item = Message<'a>> {
        self.0.into_iter().map(ChatMessage::read)
    }
}

impl<'de> FromObject<'de> for ChatMessage<'de> {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        match name {
            "role" => self.role = value.next_value()?,
            "content" => self.content = value.next_value()?,
            _ => self.rest.put(name, value.next_value()?),
        }
        Ok(())
    }

    fn names(&self) -> [&'static [&'static str]; 2] {
        [&["role", "content"], &[]]
    }
}

impl<'a> ChatMessage<'a> {
    /// The message with all that it holds: what the model thought, what was said, the tools that
    /// it called, and what else there is.
    pub(super) fn read(self) -> Message<'a> {
        self.read_by(content_parts)
    }

    /// The same where the format has parts of its own.
    pub(super) fn read_by(self, parts_of: fn(Content<'a>) -> Vec<MessagePart<'a>>) -> Message<'a> {
        let Self {
            role,
            content,
            mut rest,
        } = self;
        let role = role.0.unwrap_or_default();
        let mut parts = Vec::new();
        for name in REASONING {
            let text = rest.text(name).filter(|text| !text.is_empty());
            parts.extend(text.map(|text| MessagePart::beside(Kind::Reasoning, text).typed(name)));
        }
        let mut said = parts_of(content);
        if matches!(&*role, "tool" | "function" | "TOOL") {
            let id = rest.text("tool_call_id");
            let name = rest.any_text(&["name", "tool_name"]);
            said = results(said, id, name).collect();
        }
        parts.append(&mut said);
        // Ollama's images, in base64.
        if let Some(images) = rest.take("images") {
            let List(images): List<Json<'a>> = json::expected(images).unwrap_or_default();
            parts.extend(images.into_iter().map(|image| media_part("image", image)));
        }
        let refusal = rest.text("refusal");
        parts.extend(refusal.map(|text| MessagePart::beside(Kind::Text, text).typed("refusal")));
        take_calls(&mut rest, &mut parts);
        rest.rest(&mut parts);
        Message::of(role, parts)
    }
}

fn take_calls<'a>(rest: &mut Fields<'a>, parts: &mut Vec<MessagePart<'a>>) {
    let calls = rest.take("tool_calls");
    let calls: Option<List<Json<'a>>> = calls.and_then(json::expected);
    for call in calls.unwrap_or_default().0 {
        take_call(Fields::expected(call), parts);
    }
    if let Some(call) = rest.take("function_call") {
        take_call(Fields::expected(call), parts);
    }
}

/// A call names its tool itself or in an object of its own.
fn take_call<'a>(mut call: Fields<'a>, parts: &mut Vec<MessagePart<'a>>) {
    let id = call.any_text(&["id", "tool_call_id"]);
    for name in CALLED {
        call.flatten(name);
    }
    let name = call.text("name");
    let arguments = call.take_any(&["arguments", "input", "parameters", "args"]);
    let arguments = arguments.map(data_text).unwrap_or_default();
    parts.push(MessagePart::call(id, name, arguments));
    call.rest(parts);
}
