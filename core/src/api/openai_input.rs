//! The input of OpenAI's responses: messages, what tools gave, and all that an earlier answer held
//! and a client sends back.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses/create>.

use std::borrow::Cow;

use crate::json::{self, Json, List, TextOrList};
use crate::prompt::{
    Fields, Kind, Message, MessagePart, content_parts, data_text, input_parts, media_part,
    other_part, results,
};

/// An item of the input, as the prompt has it.
pub(super) struct Item<'a> {
    pub(super) message: Message<'a>,
    /// Whether it stands for what only the provider has.
    pub(super) is_reference: bool,
}

impl<'a> Item<'a> {
    fn of(role: impl Into<Cow<'a, str>>, parts: Vec<MessagePart<'a>>) -> Self {
        Self {
            message: Message::of(role, parts),
            is_reference: false,
        }
    }
}

/// The instructions: a text, or items as an answer repeats them.
pub(super) fn instructions(given: Json<'_>) -> Vec<Message<'_>> {
    match json::expected(given).unwrap_or_default() {
        TextOrList::Absent => Vec::new(),
        TextOrList::Text(text) => vec![Message::text("system", text)],
        TextOrList::List(items) => items.into_iter().map(|it| item(it).message).collect(),
    }
}

/// The input: a text of the user, or items.
pub(super) fn messages(input: Json<'_>) -> Vec<Item<'_>> {
    match json::read(input).unwrap_or_default() {
        // One item that nobody put into a list.
        TextOrList::Absent if input.get().starts_with('{') => vec![item(input)],
        TextOrList::Absent => Vec::new(),
        TextOrList::Text(text) => vec![Item::of("user", vec![MessagePart::text(text)])],
        TextOrList::List(items) => items.into_iter().map(item).collect(),
    }
}

/// A message, a call of a tool, what one gave, a thought, or a placeholder for what has no text.
fn item(item: Json<'_>) -> Item<'_> {
    let mut fields = Fields::of(item);
    let kind = fields.text("type");
    let role = fields.text("role");
    let mut parts = Vec::new();
    let role = match (kind.as_deref(), role) {
        (None | Some("message"), Some(role)) => {
            let content = fields.take("content");
            let content = content.and_then(json::read);
            parts = content_parts(content.unwrap_or_default());
            role
        }
        (None, None) if json::read::<json::Text<'_>>(item).is_some_and(|it| it.0.is_some()) => {
            parts = input_parts(item);
            Cow::Borrowed("user")
        }
        (Some(kind), _) if is_output(kind, &fields) => {
            take_output(kind, &mut fields, &mut parts);
            Cow::Borrowed("tool")
        }
        // A picture of the screen, which is in no list.
        (Some(kind), _) if kind.ends_with("_call_output") && fields.has("output") => {
            let id = fields.text("call_id");
            let output = fields.take("output").unwrap_or(item);
            let picture = media_part("output", output).as_result(id, None);
            parts.push(picture.standing_as(kind, item));
            Cow::Borrowed("")
        }
        (Some("reasoning"), _) => {
            take_reasoning(item, &mut fields, &mut parts);
            Cow::Borrowed("")
        }
        (Some(kind), _) if kind.ends_with("_call") => {
            take_call(kind, item, &mut fields, &mut parts);
            Cow::Borrowed("")
        }
        (kind, _) => {
            let message = Item::of("", vec![other_part(kind.unwrap_or("item"), item)]);
            return Item {
                is_reference: kind == Some("item_reference"),
                ..message
            };
        }
    };
    fields.rest(&mut parts);
    Item::of(role, parts)
}

/// Whether an item is what a tool gave.
fn is_output(kind: &str, fields: &Fields<'_>) -> bool {
    match kind {
        "function_call_output" | "custom_tool_call_output" => true,
        _ => {
            kind.ends_with("_call_output") && (fields.is_text("output") || fields.is_list("output"))
        }
    }
}

fn take_output<'a>(kind: &str, fields: &mut Fields<'a>, parts: &mut Vec<MessagePart<'a>>) {
    // A shell's output has the id of its call as its own.
    let id = fields.any_text(&["call_id", "id"]);
    let output = fields.take("output");
    let given = output.and_then(json::read);
    let mut given = content_parts(given.unwrap_or_default());
    if given.is_empty() && parts.is_empty() {
        given.push(MessagePart::text(Cow::Borrowed("")).typed(kind.to_owned()));
    }
    parts.extend(results(given, id, None));
}

/// A call of a tool, of which the provider's own each have their names for what they are asked.
fn take_call<'a>(
    kind: &str,
    item: Json<'a>,
    fields: &mut Fields<'a>,
    parts: &mut Vec<MessagePart<'a>>,
) {
    let id = fields.text("call_id").or_else(|| fields.text("id"));
    let name = fields.text("name").or_else(|| Some(kind.to_owned().into()));
    let arguments = fields.take_any(&[
        "arguments",
        "input",
        "action",
        "actions",
        "code",
        "operation",
        "queries",
    ]);
    let arguments = arguments.map(data_text).unwrap_or_default();
    let call = MessagePart::call(id, name, arguments).standing_as(kind, item);
    parts.push(if kind == "function_call" {
        call
    } else {
        call.typed(kind.to_owned())
    });
}

/// What the model thought, as far as it may be read.
fn take_reasoning<'a>(item: Json<'a>, fields: &mut Fields<'a>, parts: &mut Vec<MessagePart<'a>>) {
    let mut texts = Vec::new();
    for name in ["summary", "content"] {
        let list = fields.take(name);
        let list: Option<List<Json<'a>>> = list.and_then(json::expected);
        let thoughts = list.unwrap_or_default().0.into_iter();
        texts.extend(thoughts.map(|thought| {
            let text = Fields::of(thought).text("text");
            text.unwrap_or_else(|| data_text(thought))
        }));
    }
    let mut thoughts = texts
        .into_iter()
        .map(|text| MessagePart::beside(Kind::Reasoning, text));
    let first = thoughts.next();
    let first = first.unwrap_or_else(|| MessagePart::beside(Kind::Reasoning, Cow::Borrowed("")));
    parts.push(first.standing_as("reasoning", item));
    parts.extend(thoughts);
}
