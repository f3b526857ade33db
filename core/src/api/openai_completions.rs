//! OpenAI's legacy completions of a text.
//!
//! Source: <https://platform.openai.com/docs/api-reference/completions>.

use std::borrow::Cow;

use super::openai_usage::UsageWire;
use super::{DONE, Format, Reader, Request, openai_error};
use crate::answer::{Answer, Part};
use crate::framing::Hint;
use crate::json::{self, Count, Json, List, Object, Scalar, Text};
use crate::prompt::{Message, Prompt, Wrapper, input_text};

/// Members of a request that steer sampling.
const PARAMETERS: [&str; 13] = [
    "best_of",
    "echo",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "max_tokens",
    "min_p",
    "n",
    "presence_penalty",
    "seed",
    "stop",
    "temperature",
    "top_p",
];

pub(super) const FORMAT: Format = Format {
    name: "openai.completions",
    provider: "openai",
    hint: Hint::Json,
    read_request,
    reader: || Box::new(AnswerReader),
    is_read: true,
};

fn read_request(text: &str) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::read::<Object<_>>(text)?.0?;
    let prompt = wire.prompt.map(|prompt| {
        let prompt = ("user", input_text(prompt));
        // What the completion leads to is asked as much as what it starts from.
        let suffix = wire.suffix.0.map(|suffix| ("suffix", suffix));
        let messages = [Some(prompt), suffix].into_iter().flatten();
        Prompt {
            wrapper: Wrapper::Contents,
            messages: messages
                .map(|(role, text)| Message {
                    role: Cow::Borrowed(role),
                    text,
                })
                .collect(),
        }
    });
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        prompt,
        user: wire.user.0,
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

/// A completion and a chunk of one have the same members.
fn read_body(text: &str, answer: &mut Answer) -> bool {
    let Some(Object(Some(body))) = json::read::<Object<BodyWire<'_>>>(text) else {
        return false;
    };
    answer.identify(body.id.0.as_deref(), body.model.0.as_deref());
    for (position, Object(choice)) in (0..).zip(body.choices.0) {
        let choice = choice.unwrap_or_default();
        let index = choice.index.0.unwrap_or(position);
        answer.open(index);
        answer.append(index, Part::Content, &choice.text.0.unwrap_or_default());
        if let Some(reason) = choice.finish_reason.0 {
            answer.finish(index, &reason);
        }
    }
    if let Some(usage) = body.usage.counts() {
        answer.usage = usage;
    }
    if let Some(error) = body.error.and_then(openai_error::read) {
        answer.fail(error);
    }
    true
}

fn read_event(data: &str, answer: &mut Answer) -> bool {
    if data.trim() == DONE {
        answer.ended = true;
        return true;
    }
    read_body(data, answer)
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        prompt: Option<Json<'a>> = "prompt",
        suffix: Text<'a> = "suffix",
        user: Text<'a> = "user",
        ..parameters of PARAMETERS,
    }

    struct BodyWire<'a> {
        id: Text<'a> = "id",
        model: Text<'a> = "model",
        choices: List<Object<ChoiceWire<'a>>> = "choices",
        usage: UsageWire = "usage",
        error: Option<Json<'a>> = "error",
    }

    struct ChoiceWire<'a> {
        index: Count = "index",
        text: Text<'a> = "text",
        finish_reason: Scalar = "finish_reason",
    }
}
