//! OpenAI's legacy completions of a text.
//!
//! Source: <https://platform.openai.com/docs/api-reference/completions>.

use super::openai_or::OpenaiOr;
use super::{Format, Request, llama_cpp_completion};
use crate::framing::Hint;
use crate::json::{self, Json, Text};
use crate::prompt::{Message, Prompt, input_parts};

/// Members of a request that steer sampling.
const PARAMETERS: [&str; 20] = [
    "best_of",
    "echo",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "max_tokens",
    "min_p",
    "min_tokens",
    "n",
    "n_predict",
    "presence_penalty",
    "random_seed",
    "repetition_penalty",
    "seed",
    "stop",
    "stop_token_ids",
    "temperature",
    "top_k",
    "top_p",
    "typical_p",
];

pub(super) const FORMAT: Format = Format {
    name: "openai.completions",
    provider: "openai",
    hint: Hint::Json,
    read_request,
    // llama.cpp's own completions have this path, too, and its own bodies.
    reader: || Box::new(OpenaiOr::<llama_cpp_completion::AnswerReader>::default()),
    is_of_go: false,
    unread: None,
};

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let suffix = wire.suffix;
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        prompt: wire.prompt.map(|text| prompt(text, suffix)),
        user: wire.user.0,
        ..Request::default()
    })
}

/// The prompt that a text, or several, stand for. What the completion leads to is asked as much
/// as what it starts from.
pub(super) fn prompt<'a>(text: Json<'a>, suffix: Text<'a>) -> Prompt<'a> {
    let prompt = Message::of("user", input_parts(text));
    let suffix = suffix.0.map(|suffix| Message::text("suffix", suffix));
    Prompt::contents([prompt].into_iter().chain(suffix))
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        prompt: Option<Json<'a>> = "prompt",
        suffix: Text<'a> = "suffix",
        user: Text<'a> = "user",
        ..parameters of PARAMETERS,
    }
}
