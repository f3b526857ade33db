//! Requests of OpenAI's responses, and of their compaction into fewer tokens.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses>.

use std::borrow::Cow;

use super::openai_input::{instructions, messages};
use super::tool_names::Tools;
use super::{Format, Request, openai_response};
use crate::json::{self, Broken, FromObject, Json, Members, Text};
use crate::note::Note;
use crate::prompt::Prompt;

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

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let messages = wire.input.map(messages);
    let is_continued = wire.is_continued || messages.iter().flatten().any(|it| it.is_reference);
    // What the request goes on with tells it from others that say the same.
    let template = wire.parameters.iter().find(|(name, _)| *name == "prompt");
    let conversation = wire.kept.iter().find(|(name, _)| *name == "conversation");
    let conversation = conversation.map(|(_, value)| *value);
    let kept = template.copied().into_iter().chain(wire.kept);
    let definitions = wire.tools.defined("tools").chain(kept).collect();
    let session = conversation.and_then(id);
    let has_prompt = messages.is_some() || wire.instructions.is_some();
    let instructions = wire.instructions.map(instructions).unwrap_or_default();
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
        user: wire.safety_identifier.filled().or(wire.user.filled()),
        session,
        note: is_continued.then_some(Note::PromptContinued),
        definitions,
        tools: wire.tools.names,
        ..Request::default()
    })
}

/// The id of a conversation: a text, or an object with it.
fn id(conversation: Json<'_>) -> Option<Cow<'_, str>> {
    if let Some(Text(Some(id))) = json::read(conversation) {
        return Some(id);
    }
    let wire: ConversationWire<'_> = json::object(conversation)?;
    wire.id.0
}

json::wire! {
    struct ConversationWire<'a> {
        id: Text<'a> = "id",
    }
}

#[derive(Default)]
struct RequestWire<'a> {
    model: Text<'a>,
    instructions: Option<Json<'a>>,
    input: Option<Json<'a>>,
    parameters: Vec<(&'static str, Json<'a>)>,
    tools: Tools<'a>,
    safety_identifier: Text<'a>,
    user: Text<'a>,
    is_continued: bool,
    /// The ids of what the provider keeps.
    kept: Vec<(&'static str, Json<'a>)>,
}

/// Members that say what the request goes on with.
const KEPT: [&str; 2] = ["conversation", "previous_response_id"];

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
                json::keep(&KEPT, &mut self.kept, name, value)?;
                self.kept.retain(|(_, value)| value.get() != "null");
                self.is_continued |= !self.kept.is_empty();
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

    fn names(&self) -> [&'static [&'static str]; 2] {
        const NAMES: &[&str] = &[
            "model",
            "instructions",
            "input",
            "safety_identifier",
            "user",
            "tools",
            "previous_response_id",
            "conversation",
        ];
        [NAMES, &PARAMETERS]
    }
}
