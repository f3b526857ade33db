//! Ollama's own API: chat, and the completion of a text.
//!
//! Source: <https://github.com/ollama/ollama/blob/main/docs/api.md>. Answers are streams of lines
//! unless the request says `"stream": false`.

use std::borrow::Cow;

use super::chat_message::ChatMessages;
use super::continued::Continued;
use super::tool_names::Tools;
use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, CallKey, CallPiece, Counts, Part};
use crate::framing::Hint;
use crate::json::{self, Count, Flag, Json, List, Object, Text};
use crate::note::Note;
use crate::prompt::{Message, MessagePart, Prompt, media_part};

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

pub(super) const FORMAT: Format = Format::new("ollama", "ollama", read_request, || {
    Box::new(AnswerReader::default())
})
.with_hint(Hint::Lines)
.of_go();

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let has_prompt = wire.messages.is_some() || wire.prompt.0.is_some();
    let note = wire.note();
    // Clients send empty texts for what nobody set.
    let is_set = |text: &Cow<'_, str>| !text.is_empty();
    let system = Text(wire.system.0.filter(is_set));
    let suffix = Text(wire.suffix.0.filter(is_set));
    let prompt = wire.prompt.0.map(|prompt| {
        let images = wire.images.0.into_iter();
        let images = images.map(|image| media_part("image", image));
        let parts = [MessagePart::text(prompt)]
            .into_iter()
            .chain(images)
            .collect();
        Message::of("user", parts)
    });
    let messages = wire.messages.unwrap_or_default();
    let messages = system
        .0
        .map(|text| Message::text("system", text))
        .into_iter()
        .chain(messages.read())
        .chain(prompt)
        .chain(suffix.0.map(|text| Message::text("suffix", text)));
    Some(Request {
        model: wire.model.0,
        parameters: wire.options.0.unwrap_or_default().parameters,
        definitions: (wire.tools.defined("tools"))
            .chain(wire.context.defined("context"))
            .collect(),
        tools: wire.tools.names,
        prompt: has_prompt.then(|| Prompt::contents(messages)),
        note,
        ..Request::default()
    })
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
    let Some(body) = json::object::<BodyWire<'_>>(text) else {
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
        answer.ended = true;
    }
    answer.count(Counts {
        input: body.prompt_eval_count.0,
        output: body.eval_count.0,
        ..Counts::default()
    });
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

impl RequestWire<'_> {
    fn note(&self) -> Option<Note> {
        let messages = self.messages.as_ref().map(|messages| messages.0.len());
        let prompt = self.prompt.0.as_ref().map(|prompt| prompt.len());
        if messages.unwrap_or(0).saturating_add(prompt.unwrap_or(0)) == 0 {
            // The model is loaded or unloaded, and says nothing.
            return Some(Note::NotAGeneration);
        }
        // The numbers that an earlier answer gave stand for that conversation.
        self.context.note()
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        messages: Option<ChatMessages<'a>> = "messages",
        prompt: Text<'a> = "prompt",
        suffix: Text<'a> = "suffix",
        system: Text<'a> = "system",
        images: List<Json<'a>> = "images",
        context: Continued<'a> = "context",
        options: Object<OptionsWire<'a>> = "options",
        tools: Tools<'a> = "tools",
    }

    struct OptionsWire<'a> {
        ..parameters of PARAMETERS,
    }

    struct MessageWire<'a> {
        content: Text<'a> = "content",
        thinking: Text<'a> = "thinking",
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
