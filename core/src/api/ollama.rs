//! Ollama's own API: chat, and the completion of a text.
//!
//! Source: <https://github.com/ollama/ollama/blob/main/docs/api.md>. Answers are streams of lines
//! unless the request says `"stream": false`.

use std::borrow::Cow;

use serde::de::MapAccess;

use super::tool_names::ToolNames;
use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::event::Usage;
use crate::framing::Hint;
use crate::json::{self, Count, Flag, FromObject, Json, List, Object, Text, skip};
use crate::note::Note;
use crate::prompt::{Message, Prompt, Wrapper, placeholder};

/// Members of `options` that steer sampling.
const PARAMETERS: [&str; 12] = [
    "frequency_penalty",
    "min_p",
    "num_ctx",
    "num_predict",
    "presence_penalty",
    "repeat_last_n",
    "repeat_penalty",
    "seed",
    "stop",
    "temperature",
    "top_k",
    "top_p",
];

/// An answer has one choice.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format = Format {
    name: "ollama",
    provider: "ollama",
    hint: Hint::Lines,
    read_request,
    reader: || Box::new(AnswerReader::default()),
    is_read: true,
};

fn read_request(text: &str) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::read::<Object<_>>(text)?.0?;
    let has_prompt = wire.messages.is_some() || wire.prompt.0.is_some();
    let messages = MessageWire::plain("system", wire.system)
        .into_iter()
        .chain(
            wire.messages
                .unwrap_or_default()
                .0
                .into_iter()
                .filter_map(|message| message.0),
        )
        .chain(
            MessageWire::plain("user", wire.prompt).map(|prompt| MessageWire {
                images: wire.images,
                ..prompt
            }),
        )
        .chain(MessageWire::plain("suffix", wire.suffix));
    Some(Request {
        model: wire.model.0,
        parameters: wire.options.0.unwrap_or_default().parameters,
        tools: wire.tools.0,
        prompt: has_prompt.then(|| Prompt {
            wrapper: Wrapper::Contents,
            messages: messages.map(message).collect(),
        }),
        // The numbers that an earlier answer gave stand for that conversation.
        note: wire.context.map(|_| Note::PromptContinued),
        ..Request::default()
    })
}

fn message(wire: MessageWire<'_>) -> Message<'_> {
    let images = wire
        .images
        .0
        .into_iter()
        .map(|image| Cow::Owned(placeholder("image", image)));
    let texts: Vec<_> = wire.content.0.into_iter().chain(images).collect();
    Message {
        role: wire.role.0.unwrap_or_default(),
        text: Cow::Owned(texts.join("\n")),
    }
}

#[derive(Debug, Default)]
struct AnswerReader {
    /// Tool calls so far, which have no numbers of their own.
    calls: u64,
}

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        read_body(text, &mut self.calls, answer)
    }
}

/// Reads a whole body or one line of a stream: a line is a body whose texts go on.
fn read_body(text: &str, calls: &mut u64, answer: &mut Answer) -> bool {
    let Some(Object(Some(body))) = json::read::<Object<BodyWire<'_>>>(text) else {
        return false;
    };
    answer.identify(None, body.model.0.as_deref());
    if let Some(error) = body.error.and_then(openai_error::read) {
        answer.fail(error);
        return true;
    }
    answer.open(CHOICE);
    let message = body.message.0.unwrap_or_default();
    for text in [message.content, body.response] {
        answer.append(CHOICE, Part::Content, &text.0.unwrap_or_default());
    }
    for text in [message.thinking, body.thinking] {
        answer.append(CHOICE, Part::Reasoning, &text.0.unwrap_or_default());
    }
    for Object(call) in message.tool_calls.0 {
        take_call(&call.unwrap_or_default(), calls, answer);
    }
    if body.done.0 {
        answer.finish(CHOICE, body.done_reason.0.as_deref().unwrap_or("stop"));
        answer.usage = Usage {
            input_tokens: body.prompt_eval_count.0,
            output_tokens: body.eval_count.0,
            ..Usage::default()
        };
        answer.ended = true;
    }
    true
}

fn take_call(call: &CallWire<'_>, calls: &mut u64, answer: &mut Answer) {
    let Some(function) = &call.function.0 else {
        return;
    };
    let piece = CallPiece {
        id: call.id.0.as_deref(),
        name: function.name.0.as_deref(),
        arguments: function.arguments.map_or("{}", |arguments| arguments.get()),
    };
    answer.call(
        CallKey {
            choice: CHOICE,
            call: *calls,
        },
        piece,
    );
    *calls = calls.saturating_add(1);
}

impl<'a> MessageWire<'a> {
    fn plain(role: &'static str, content: Text<'a>) -> Option<Self> {
        content.0.is_some().then(|| Self {
            role: Text(Some(Cow::Borrowed(role))),
            content,
            ..Self::default()
        })
    }
}

#[derive(Default)]
struct RequestWire<'a> {
    model: Text<'a>,
    messages: Option<List<Object<MessageWire<'a>>>>,
    prompt: Text<'a>,
    suffix: Text<'a>,
    system: Text<'a>,
    images: List<Json<'a>>,
    context: Option<Json<'a>>,
    options: Object<OptionsWire<'a>>,
    tools: ToolNames<'a>,
}

impl<'de> FromObject<'de> for RequestWire<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "model" => self.model = value.next_value()?,
            "messages" => self.messages = Some(value.next_value()?),
            "tools" => self.tools = value.next_value()?,
            "prompt" => self.prompt = value.next_value()?,
            "suffix" => self.suffix = value.next_value()?,
            "system" => self.system = value.next_value()?,
            "images" => self.images = value.next_value()?,
            "context" => self.context = value.next_value()?,
            "options" => self.options = value.next_value()?,
            _ => skip(value)?,
        }
        Ok(())
    }
}

json::wire! {
    struct OptionsWire<'a> {
        ..parameters of PARAMETERS,
    }

    struct MessageWire<'a> {
        role: Text<'a> = "role",
        content: Text<'a> = "content",
        thinking: Text<'a> = "thinking",
        images: List<Json<'a>> = "images",
        tool_calls: List<Object<CallWire<'a>>> = "tool_calls",
    }

    struct CallWire<'a> {
        id: Text<'a> = "id",
        function: Object<FunctionWire<'a>> = "function",
    }

    struct FunctionWire<'a> {
        name: Text<'a> = "name",
        arguments: Option<Json<'a>> = "arguments",
    }

    struct BodyWire<'a> {
        model: Text<'a> = "model",
        message: Object<MessageWire<'a>> = "message",
        response: Text<'a> = "response",
        thinking: Text<'a> = "thinking",
        done: Flag = "done",
        done_reason: Text<'a> = "done_reason",
        prompt_eval_count: Count = "prompt_eval_count",
        eval_count: Count = "eval_count",
        error: Option<Json<'a>> = "error",
    }
}
