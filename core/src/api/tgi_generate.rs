//! The completion of a text by Hugging Face's Text Generation Inference, as its endpoints and
//! SageMaker serve it, and by SGLang, whose own API has the same path.
//!
//! Sources: <https://huggingface.github.io/text-generation-inference/> and
//! <https://docs.sglang.io/docs/basic_usage/sampling_params>.

use std::borrow::Cow;

use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, Counts, Part};
use crate::event::ApiError;
use crate::headers::Headers;
use crate::json::{self, Count, Flag, Json, List, Object, Text};
use crate::prompt::{Message, Prompt, input_parts};

/// Members of `parameters`, or of SGLang's `sampling_params`, that steer sampling.
const PARAMETERS: [&str; 16] = [
    "best_of",
    "do_sample",
    "frequency_penalty",
    "max_new_tokens",
    "min_p",
    "n",
    "presence_penalty",
    "repetition_penalty",
    "return_full_text",
    "seed",
    "stop",
    "temperature",
    "top_k",
    "top_p",
    "truncate",
    "typical_p",
];

pub(super) const FORMAT: Format = Format::new("tgi.generate", "huggingface", read_request, || {
    Box::new(AnswerReader)
});

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters.0.unwrap_or_default().parameters,
        prompt: wire
            .inputs
            .map(|inputs| Prompt::contents([Message::of("user", input_parts(inputs))])),
        ..Request::default()
    })
}

/// Reads answers, whose tokens may be counted in the headers alone.
#[derive(Debug, Default)]
pub(super) struct AnswerReader;

impl Reader for AnswerReader {
    fn head(&mut self, headers: Headers<'_>, answer: &mut Answer) {
        answer.count(counted(headers));
    }

    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        if let Some(Object(Some(body))) = json::read(text) {
            take(body, 0, answer);
            return true;
        }
        let Some(List(bodies)) = json::read::<List<Json<'_>>>(text) else {
            return false;
        };
        let only = bodies.len() == 1;
        for (position, body) in (0..).zip(bodies) {
            match json::read(body) {
                Some(Object(Some(body))) => take(body, position, answer),
                // Endpoints serve models of other kinds, too, whose answers are numbers.
                _ => answer.answers_numbers(),
            }
        }
        if !only {
            // Of several answers nobody says how their tokens add up.
            answer.usage.output = None;
        }
        true
    }

    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        self.body(data, answer)
    }
}

/// What the headers of a response count.
pub(super) fn counted(headers: Headers<'_>) -> Counts {
    let count = |name| headers.str(name).and_then(|count| count.parse().ok());
    Counts {
        input: count("x-prompt-tokens"),
        output: count("x-generated-tokens"),
        ..Counts::default()
    }
}

/// Takes a whole answer or one token of it, or all of it so far.
fn take(body: BodyWire<'_>, position: u64, answer: &mut Answer) {
    if let Some(error) = body.error.and_then(openai_error::read) {
        answer.fail(ApiError {
            kind: error.kind.or(body.error_type.0.map(Cow::into_owned)),
            ..error
        });
        return;
    }
    if let Some(token) = body.token.0 {
        take_token(&token, body.generated_text.0.as_deref(), answer);
    } else {
        let choice = body.index.0.unwrap_or(position);
        answer.open(choice);
        let text = body.generated_text.0.or(body.text.0).unwrap_or_default();
        append_rest(choice, &text, answer);
    }
    if let Some(details) = body.details.0 {
        take_details(details, position, answer);
    }
    if let Some(meta) = body.meta.0 {
        take_meta(meta, body.index.0.unwrap_or(position), answer);
    }
}

/// The last token comes with the whole text.
fn take_token(token: &TokenWire<'_>, whole: Option<&str>, answer: &mut Answer) {
    if !token.is_special.0 {
        let text = token.text.0.as_deref().unwrap_or_default();
        answer.append(0, Part::Content, text);
    }
    answer.open(0);
    answer.ended |= whole.is_some();
}

/// SGLang's streams say all of the text again and again.
fn append_rest(choice: u64, text: &str, answer: &mut Answer) {
    let known = answer.choices.iter().find(|known| known.index == choice);
    let rest = known.and_then(|known| text.strip_prefix(&*known.content.text));
    let rest = rest.unwrap_or(text).to_owned();
    answer.append(choice, Part::Content, &rest);
}

fn take_details(details: DetailsWire<'_>, choice: u64, answer: &mut Answer) {
    answer.count(Counts {
        input: details.input.0,
        output: details.output.0,
        ..Counts::default()
    });
    if let Some(reason) = details.finish_reason.0 {
        answer.finish(choice, &reason);
    }
}

fn take_meta(meta: MetaWire<'_>, choice: u64, answer: &mut Answer) {
    answer.identify(meta.id.0.as_deref(), None);
    // Of several answers to one prompt each has the prompt's tokens.
    if answer.choices.len() < 2 {
        answer.count(Counts {
            input: meta.input.0,
            output: meta.output.0,
            cache_read: meta.cached.0,
            ..Counts::default()
        });
    } else {
        answer.usage = Counts::default();
    }
    if let Some(reason) = meta.finish_reason.0.and_then(|reason| reason.kind.0) {
        answer.finish(choice, &reason);
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        inputs: Option<Json<'a>> = "inputs" | "text" | "input_ids",
        parameters: Object<ParametersWire<'a>> = "parameters" | "sampling_params",
    }

    struct ParametersWire<'a> {
        ..parameters of PARAMETERS,
    }

    struct BodyWire<'a> {
        generated_text: Text<'a> = "generated_text",
        details: Object<DetailsWire<'a>> = "details",
        token: Object<TokenWire<'a>> = "token",
        text: Text<'a> = "text",
        meta: Object<MetaWire<'a>> = "meta_info",
        // In a stream of tokens it is the token's number.
        index: Count = "index",
        error: Option<Json<'a>> = "error",
        error_type: Text<'a> = "error_type",
    }

    struct TokenWire<'a> {
        text: Text<'a> = "text",
        is_special: Flag = "special",
    }

    struct DetailsWire<'a> {
        finish_reason: Text<'a> = "finish_reason",
        output: Count = "generated_tokens",
        input: Count = "input_length",
    }

    struct MetaWire<'a> {
        id: Text<'a> = "id",
        finish_reason: Object<ReasonWire<'a>> = "finish_reason",
        input: Count = "prompt_tokens",
        output: Count = "completion_tokens",
        cached: Count = "cached_tokens",
    }

    struct ReasonWire<'a> {
        kind: Text<'a> = "type",
    }
}
