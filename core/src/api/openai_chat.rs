//! OpenAI chat completions, as OpenAI and those who follow it send them.
//!
//! Source: <https://platform.openai.com/docs/api-reference/chat>.

use serde::de::MapAccess;

use super::openai_usage::UsageWire;
use super::tool_names::ToolNames;
use super::{ChatMessage, DONE, Format, Reader, Request, openai_error};
use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::framing::Hint;
use crate::json::{self, Count, FromObject, Json, List, Object, Scalar, Text, TextOrList};
use crate::prompt::{Prompt, Wrapper, content_text};

/// Members of a request that steer sampling. Schemas of tools and content are not among them.
const PARAMETERS: [&str; 22] = [
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "min_p",
    "modalities",
    "n",
    "parallel_tool_calls",
    "presence_penalty",
    "reasoning_effort",
    "repetition_penalty",
    "response_format",
    "seed",
    "service_tier",
    "stop",
    "temperature",
    "tool_choice",
    "top_k",
    "top_logprobs",
    "top_p",
    "verbosity",
];

/// The key of the one call of the older `function_call`; newer calls count from 0.
const FUNCTION_CALL: u64 = u64::MAX;

pub(super) const FORMAT: Format = Format {
    name: "openai.chat_completions",
    provider: "openai",
    hint: Hint::Json,
    read_request,
    reader: || Box::new(AnswerReader),
    is_read: true,
};

fn read_request(text: &str) -> Option<Request<'_>> {
    let RequestWire {
        model,
        messages,
        parameters,
        tools,
        functions,
        safety_identifier,
        user,
    } = json::read::<Object<_>>(text)?.0?;
    Some(Request {
        model: model.0,
        parameters,
        prompt: messages.map(|List(messages)| Prompt {
            wrapper: Wrapper::Contents,
            messages: messages.into_iter().map(ChatMessage::read).collect(),
        }),
        tools: [tools.0, functions.0].concat(),
        user: safety_identifier.0.or(user.0),
        ..Request::default()
    })
}

/// Reads answers; a stream ends with [`DONE`].
#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        read_body(text, answer)
    }

    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        read_event(data, answer)
    }
}

fn read_body(text: &str, answer: &mut Answer) -> bool {
    let Some(Object(Some(body))) = json::read(text) else {
        return false;
    };
    take(body, answer);
    true
}

fn read_event(data: &str, answer: &mut Answer) -> bool {
    if data.trim() == DONE {
        answer.ended = true;
        return true;
    }
    read_body(data, answer)
}

/// A completion and a chunk of one differ only in that a choice has a `message` or a `delta`.
fn take(body: BodyWire<'_>, answer: &mut Answer) {
    answer.identify(body.id.0.as_deref(), body.model.0.as_deref());
    for (position, Object(choice)) in body.choices.0.into_iter().enumerate() {
        take_choice(choice.unwrap_or_default(), position, answer);
    }
    if let Some(usage) = body.usage.counts() {
        answer.usage = usage;
    }
    if let Some(error) = body.error.and_then(openai_error::read) {
        answer.fail(error);
    }
}

fn take_choice(choice: ChoiceWire<'_>, position: usize, answer: &mut Answer) {
    let index = choice
        .index
        .0
        .or(u64::try_from(position).ok())
        .unwrap_or_default();
    answer.open(index);
    let message = choice.message.0.or(choice.delta.0).unwrap_or_default();
    answer.append(index, Part::Content, &content_text(message.content));
    answer.append(index, Part::Refusal, &message.refusal.0.unwrap_or_default());
    let reasoning = message.reasoning_content.0.or(message.reasoning.0);
    answer.append(index, Part::Reasoning, &reasoning.unwrap_or_default());
    for (position, Object(call)) in message.tool_calls.0.into_iter().enumerate() {
        take_call(index, &call.unwrap_or_default(), position, answer);
    }
    if let Some(function) = message.function_call.0 {
        answer.call(
            CallKey {
                choice: index,
                call: FUNCTION_CALL,
            },
            function.piece(None),
        );
    }
    if let Some(reason) = choice.finish_reason.0 {
        answer.finish(index, &reason);
    }
}

/// A call without a number is known by its id, or else by its place in the list.
fn take_call(choice: u64, call: &CallWire<'_>, position: usize, answer: &mut Answer) {
    let id = call.id.0.as_deref();
    let number = call
        .index
        .0
        .or_else(|| answer.call_with_id(choice, id?))
        .or(u64::try_from(position).ok())
        .unwrap_or_default();
    let function = call.function.0.as_ref().or(call.custom.0.as_ref());
    let piece = function.map_or(
        CallPiece {
            id,
            ..CallPiece::default()
        },
        |it| it.piece(id),
    );
    answer.call(
        CallKey {
            choice,
            call: number,
        },
        piece,
    );
}

#[derive(Default)]
struct RequestWire<'a> {
    model: Text<'a>,
    messages: Option<List<Object<ChatMessage<'a>>>>,
    parameters: Vec<(&'static str, Json<'a>)>,
    tools: ToolNames<'a>,
    functions: ToolNames<'a>,
    safety_identifier: Text<'a>,
    user: Text<'a>,
}

impl<'de> FromObject<'de> for RequestWire<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "model" => self.model = value.next_value()?,
            "messages" => self.messages = Some(value.next_value()?),
            "safety_identifier" => self.safety_identifier = value.next_value()?,
            "tools" => self.tools = value.next_value()?,
            // The older name, of which the calls are `function_call`.
            "functions" => self.functions = value.next_value()?,
            "user" => self.user = value.next_value()?,
            _ => json::keep(&PARAMETERS, &mut self.parameters, name, value)?,
        }
        Ok(())
    }
}

json::wire! {
    struct BodyWire<'a> {
        id: Text<'a> = "id",
        model: Text<'a> = "model",
        choices: List<Object<ChoiceWire<'a>>> = "choices",
        usage: UsageWire = "usage",
        error: Option<Json<'a>> = "error",
    }

    struct ChoiceWire<'a> {
        index: Count = "index",
        message: Object<MessageWire<'a>> = "message",
        delta: Object<MessageWire<'a>> = "delta",
        finish_reason: Scalar = "finish_reason",
    }

    struct MessageWire<'a> {
        content: TextOrList<'a> = "content",
        refusal: Text<'a> = "refusal",
        // DeepSeek's name, and OpenRouter's; vLLM sends both.
        reasoning_content: Text<'a> = "reasoning_content",
        reasoning: Text<'a> = "reasoning",
        tool_calls: List<Object<CallWire<'a>>> = "tool_calls",
        function_call: Object<FunctionWire<'a>> = "function_call",
    }

    struct CallWire<'a> {
        index: Count = "index",
        id: Text<'a> = "id",
        function: Object<FunctionWire<'a>> = "function",
        custom: Object<FunctionWire<'a>> = "custom",
    }

    struct FunctionWire<'a> {
        name: Text<'a> = "name",
        // A custom tool's input is free text in the place of arguments.
        arguments: Text<'a> = "arguments" | "input",
    }
}

impl FunctionWire<'_> {
    fn piece<'b>(&'b self, id: Option<&'b str>) -> CallPiece<'b> {
        CallPiece {
            id,
            name: self.name.0.as_deref(),
            arguments: self.arguments.0.as_deref().unwrap_or_default(),
        }
    }
}
