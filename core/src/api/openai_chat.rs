//! OpenAI chat completions, as OpenAI and those who follow it send them.
//!
//! Source: <https://platform.openai.com/docs/api-reference/chat>.

use super::chat_message::ChatMessages;
use super::tool_names::Tools;
use super::{Format, Request, openai_choices, openai_completions};
use crate::json::{self, Broken, FromObject, Json, Members, Text};
use crate::prompt::Prompt;

/// Members of a request that steer sampling. Schemas of tools and content are not among them.
const PARAMETERS: [&str; 35] = [
    "audio",
    "enable_thinking",
    "frequency_penalty",
    "ignore_eos",
    "length_penalty",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "min_p",
    "min_tokens",
    "modalities",
    "n",
    "parallel_tool_calls",
    "presence_penalty",
    "prompt_mode",
    "random_seed",
    "reasoning",
    "reasoning_effort",
    "reasoning_format",
    "repetition_penalty",
    "response_format",
    "safe_prompt",
    "seed",
    "service_tier",
    "stop",
    "stop_token_ids",
    "temperature",
    "thinking",
    "tool_choice",
    "top_k",
    "top_logprobs",
    "top_p",
    "verbosity",
    "web_search_options",
];

pub(super) const FORMAT: Format = Format::new(
    "openai.chat_completions",
    "openai",
    read_request,
    openai_choices::reader,
);

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let RequestWire {
        model,
        agent_id,
        messages,
        prompt,
        parameters,
        tools,
        functions,
        safety_identifier,
        user,
        session_id,
    } = json::object(text)?;
    let chat = messages.map(|messages| Prompt::contents(messages.read()));
    // Where there are messages, few servers read it as well.
    let other = prompt
        .filter(|_| chat.is_some())
        .map(|prompt| ("prompt", prompt));
    let definitions = tools.defined("tools").chain(functions.defined("functions"));
    let definitions = definitions.chain(other);
    Some(Request {
        model: model.0.or(agent_id.0),
        parameters,
        prompt: chat.or_else(|| Some(openai_completions::prompt(prompt?, Text(None)))),
        definitions: definitions.collect(),
        tools: [tools.names, functions.names].concat(),
        user: safety_identifier.filled().or(user.filled()),
        session: session_id.filled(),
        ..Request::default()
    })
}

#[derive(Default)]
struct RequestWire<'a> {
    model: Text<'a>,
    /// Mistral's agents, which have their model.
    agent_id: Text<'a>,
    messages: Option<ChatMessages<'a>>,
    /// OpenRouter's older place for one text.
    prompt: Option<Json<'a>>,
    parameters: Vec<(&'static str, Json<'a>)>,
    tools: Tools<'a>,
    functions: Tools<'a>,
    safety_identifier: Text<'a>,
    user: Text<'a>,
    /// OpenRouter's.
    session_id: Text<'a>,
}

impl<'de> FromObject<'de> for RequestWire<'de> {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        match name {
            "model" | "model_id" => self.model = value.next_value()?,
            "agent_id" => self.agent_id = value.next_value()?,
            "messages" => self.messages = Some(value.next_value()?),
            "prompt" => self.prompt = value.next_value()?,
            "safety_identifier" => self.safety_identifier = value.next_value()?,
            "tools" => self.tools = value.next_value()?,
            // The older name, of which the calls are `function_call`.
            "functions" => self.functions = value.next_value()?,
            "user" => self.user = value.next_value()?,
            "session_id" => self.session_id = value.next_value()?,
            _ => json::keep(&PARAMETERS, &mut self.parameters, name, value)?,
        }
        Ok(())
    }

    fn names(&self) -> [&'static [&'static str]; 2] {
        const NAMES: &[&str] = &[
            "model",
            "model_id",
            "agent_id",
            "messages",
            "prompt",
            "safety_identifier",
            "tools",
            "functions",
            "user",
            "session_id",
        ];
        [NAMES, &PARAMETERS]
    }
}
