//! llama.cpp's own completion of a text, and its filling of a gap in one.
//!
//! Source: <https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md>.

use std::borrow::Cow;

use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, Counts, Part};
use crate::json::{self, Count, Flag, Json, List, Object, Text};
use crate::prompt::{Fields, Message, MessagePart, Prompt, input_parts, media_part};

/// Members of a request that steer sampling.
const PARAMETERS: [&str; 13] = [
    "frequency_penalty",
    "max_tokens",
    "min_p",
    "mirostat",
    "n_predict",
    "presence_penalty",
    "repeat_last_n",
    "repeat_penalty",
    "seed",
    "stop",
    "temperature",
    "top_k",
    "top_p",
];

pub(super) const FORMAT: Format =
    Format::new("llama_cpp.completion", "llama_cpp", read_request, || {
        Box::new(AnswerReader::default())
    });

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    // A gap mostly has no prompt, which is then sent as an empty one.
    let has_gap = wire.prefix.0.is_some();
    let prompt = wire.prompt.map(prompt_message);
    let prompt = prompt.filter(|prompt| !has_gap || !prompt.is_blank());
    let extra = wire.extra.0.into_iter().filter_map(|it| it.0?.text.0);
    let extra = extra.map(|text| Message::text("extra", text));
    let prefix = wire.prefix.0.map(Message::user);
    let suffix = wire.suffix.0.map(|text| Message::text("suffix", text));
    let rest: Vec<_> = [prefix, prompt, suffix].into_iter().flatten().collect();
    let prompt = (!rest.is_empty()).then(|| Prompt::contents(extra.chain(rest)));
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        prompt,
        ..Request::default()
    })
}

/// A prompt with images is an object beside them.
fn prompt_message(prompt: Json<'_>) -> Message<'_> {
    let mut fields = Fields::of(prompt);
    let Some(text) = fields.text("prompt_string") else {
        return Message::of("user", input_parts(prompt));
    };
    let mut parts = vec![MessagePart::text(text)];
    if let Some(data) = fields.take("multimodal_data") {
        let List(data): List<Json<'_>> = json::read(data).unwrap_or_default();
        parts.extend(
            data.into_iter()
                .map(|data| media_part("media", data).hidden()),
        );
    }
    fields.rest(&mut parts);
    Message::of("user", parts)
}

#[derive(Debug, Default)]
pub(super) struct AnswerReader {
    /// Whether there are answers to several prompts, whose counts come apart.
    are_several: bool,
}

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        if let Some(Object(Some(body))) = json::read(text) {
            self.take(body, 0, answer);
            return true;
        }
        let Some(List(bodies)) = json::read::<List<Object<BodyWire<'_>>>>(text) else {
            return false;
        };
        let is_answer = !bodies.is_empty();
        for (position, Object(body)) in (0..).zip(bodies) {
            self.take(body.unwrap_or_default(), position, answer);
        }
        is_answer
    }

    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        self.body(data, answer)
    }
}

impl AnswerReader {
    fn take(&mut self, body: BodyWire<'_>, position: u64, answer: &mut Answer) {
        answer.identify(None, body.model.0.as_deref());
        if let Some(error) = body.error.and_then(openai_error::read) {
            answer.fail(error);
            return;
        }
        let choice = body.index.0.unwrap_or(position);
        answer.append(choice, Part::Content, &body.content.0.unwrap_or_default());
        answer.open(choice);
        self.are_several |= choice > 0;
        answer.count(Counts {
            input: body.input.0,
            output: body.output.0,
            cache_read: body.timings.0.and_then(|timings| timings.cached.0),
            ..Counts::default()
        });
        if self.are_several {
            answer.usage = Counts::default();
        }
        if body.is_end.0 {
            let older = [
                ("eos", body.by_eos.0),
                ("word", body.by_word.0),
                ("limit", body.by_limit.0),
            ];
            let older = older.into_iter().find(|(_, is_why)| *is_why);
            let why = body.why.0.or(older.map(|(why, _)| Cow::Borrowed(why)));
            answer.finish(choice, why.as_deref().unwrap_or("stop"));
        }
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        prompt: Option<Json<'a>> = "prompt",
        prefix: Text<'a> = "input_prefix",
        suffix: Text<'a> = "input_suffix",
        extra: List<Object<ExtraWire<'a>>> = "input_extra",
        ..parameters of PARAMETERS,
    }

    struct ExtraWire<'a> {
        text: Text<'a> = "text",
    }

    struct BodyWire<'a> {
        model: Text<'a> = "model",
        index: Count = "index",
        content: Text<'a> = "content",
        is_end: Flag = "stop",
        why: Text<'a> = "stop_type",
        // Older servers say so in three members.
        by_eos: Flag = "stopped_eos",
        by_word: Flag = "stopped_word",
        by_limit: Flag = "stopped_limit",
        input: Count = "tokens_evaluated",
        output: Count = "tokens_predicted",
        timings: Object<TimingsWire> = "timings",
        error: Option<Json<'a>> = "error",
    }

    struct TimingsWire {
        cached: Count = "cache_n",
    }
}
