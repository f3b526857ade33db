//! Requests of OpenAI's responses, and of their compaction into fewer tokens.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses>.

use std::borrow::Cow;

use super::tool_names::ToolNames;
use super::{Format, Request, openai_response};
use crate::json::{self, Broken, FromObject, Json, Members, Object, Text, TextOrList};
use crate::note::Note;
use crate::prompt::{Message, Prompt, content_text, placeholder};

/// Members of a request that steer sampling. Schemas and content are not among them.
const PARAMETERS: [&str; 13] = [
    "background",
    "max_output_tokens",
    "max_tool_calls",
    "parallel_tool_calls",
    // The id of a template that the provider keeps, and what is filled into it.
    "prompt",
    "reasoning",
    "service_tier",
    "temperature",
    "text",
    "tool_choice",
    "top_logprobs",
    "top_p",
    "truncation",
];

pub(super) const FORMAT: Format = Format::new(
    "openai.responses",
    "openai",
    read_request,
    openai_response::reader,
);

fn read_request(text: &str) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let messages = wire.input.map(messages);
    let is_continued = wire.is_continued || messages.iter().flatten().any(|it| it.is_reference);
    let has_prompt = messages.is_some() || wire.instructions.0.is_some();
    let instructions = wire.instructions.0.map(|text| Message {
        role: "system".into(),
        text,
    });
    let prompt = has_prompt.then(|| {
        Prompt::contents(
            instructions
                .into_iter()
                .chain(messages.into_iter().flatten().map(|item| item.message)),
        )
    });
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        prompt,
        user: wire.safety_identifier.0.or(wire.user.0),
        note: is_continued.then_some(Note::PromptContinued),
        tools: wire.tools.0,
    })
}

/// An item of the input, as the prompt has it.
struct Item<'a> {
    message: Message<'a>,
    /// Whether it stands for what only the provider has.
    is_reference: bool,
}

impl<'a> Item<'a> {
    fn of(role: impl Into<Cow<'a, str>>, text: Cow<'a, str>) -> Self {
        Self {
            message: Message {
                role: role.into(),
                text,
            },
            is_reference: false,
        }
    }
}

/// The input: a text of the user, or items.
fn messages(input: Json<'_>) -> Vec<Item<'_>> {
    match json::read(input.get()).unwrap_or_default() {
        TextOrList::Absent => Vec::new(),
        TextOrList::Text(text) => vec![Item::of("user", text)],
        TextOrList::List(items) => items.into_iter().map(item).collect(),
    }
}

/// A message, the result of a tool, or a placeholder for what has no text.
fn item(item: Json<'_>) -> Item<'_> {
    let read: Option<Object<InputItem<'_>>> = json::read(item.get());
    let InputItem {
        kind,
        role,
        content,
        output,
    } = read.and_then(|read| read.0).unwrap_or_default();
    let has_output = !matches!(output, TextOrList::Absent);
    match (kind.0.as_deref(), role.0) {
        (None | Some("message"), Some(role)) => Item::of(role, content_text(content)),
        (Some("function_call_output" | "custom_tool_call_output"), _) => {
            Item::of("tool", content_text(output))
        }
        (Some(kind), _) if has_output && kind.ends_with("_call_output") => {
            Item::of("tool", content_text(output))
        }
        (kind, _) => Item {
            is_reference: kind == Some("item_reference"),
            ..Item::of("", Cow::Owned(placeholder(kind.unwrap_or("item"), item)))
        },
    }
}

#[derive(Default)]
struct RequestWire<'a> {
    model: Text<'a>,
    instructions: Text<'a>,
    input: Option<Json<'a>>,
    parameters: Vec<(&'static str, Json<'a>)>,
    tools: ToolNames<'a>,
    safety_identifier: Text<'a>,
    user: Text<'a>,
    is_continued: bool,
}

impl<'de> FromObject<'de> for RequestWire<'de> {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        match name {
            "model" => self.model = value.next_value()?,
            "instructions" => self.instructions = value.next_value()?,
            "input" => self.input = value.next_value()?,
            "safety_identifier" => self.safety_identifier = value.next_value()?,
            "user" => self.user = value.next_value()?,
            "tools" => self.tools = value.next_value()?,
            "previous_response_id" | "conversation" => {
                self.is_continued |= value.next_value::<Option<Json<'de>>>()?.is_some();
            }
            "prompt" => {
                json::keep(&PARAMETERS, &mut self.parameters, name, value)?;
                let template = self.parameters.iter().find(|(known, _)| *known == name);
                self.is_continued |= template.is_some_and(|(_, value)| value.get() != "null");
                // A text here would be content, not the name of a template.
                self.parameters
                    .retain(|(known, value)| *known != name || value.get().starts_with('{'));
            }
            _ => json::keep(&PARAMETERS, &mut self.parameters, name, value)?,
        }
        Ok(())
    }
}

json::wire! {
    struct InputItem<'a> {
        kind: Text<'a> = "type",
        role: Text<'a> = "role",
        content: TextOrList<'a> = "content",
        output: TextOrList<'a> = "output",
    }
}
