//! Requests of Anthropic Messages, of Anthropic itself and of clouds that serve its models.
//!
//! Source: <https://docs.claude.com/en/api/messages>.

use super::chat_message::ChatMessages;
use super::tool_names::Tools;
use super::{Format, Request, anthropic_answer};
use crate::json::{self, Broken, FromObject, Json, Members, Object, Text};
use crate::prompt::{Content, Message, Prompt, Wrapper, content_parts};

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

pub(super) const FORMAT: Format = Format::new(
    "anthropic.messages",
    "anthropic",
    read_request,
    anthropic_answer::reader,
);

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let RequestWire {
        model,
        system,
        messages,
        parameters,
        tools,
        metadata,
    } = json::object(text)?;
    let user = metadata.0.and_then(|metadata| metadata.user_id.0);
    Some(Request {
        model: model.0,
        parameters,
        prompt: messages.map(|messages| Prompt {
            wrapper: Wrapper::UpperRoles,
            messages: system_message(system)
                .into_iter()
                .chain(messages.read())
                .collect(),
            beside: Vec::new(),
        }),
        definitions: tools.defined("tools").collect(),
        tools: tools.names,
        user,
        ..Request::default()
    })
}

/// As the client wrapper has it, an empty system prompt is none.
fn system_message(system: Content<'_>) -> Option<Message<'_>> {
    let is_empty = match &system {
        Content::Absent => true,
        Content::Text(text) => text.is_empty(),
        Content::List(parts) => parts.is_empty(),
        Content::Object(_) | Content::Scalar(_) => false,
    };
    (!is_empty).then(|| Message::of("system", content_parts(system)))
}

#[derive(Default)]
struct RequestWire<'a> {
    model: Text<'a>,
    system: Content<'a>,
    messages: Option<ChatMessages<'a>>,
    parameters: Vec<(&'static str, Json<'a>)>,
    tools: Tools<'a>,
    metadata: Object<MetadataWire<'a>>,
}

impl<'de> FromObject<'de> for RequestWire<'de> {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
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

    fn names(&self) -> [&'static [&'static str]; 2] {
        const NAMES: &[&str] = &["model", "system", "messages", "tools", "metadata"];
        [NAMES, &PARAMETERS]
    }
}

json::wire! {
    struct MetadataWire<'a> {
        user_id: Text<'a> = "user_id",
    }
}
