//! Bodies of models on Amazon Bedrock whose prompt is one text: Titan, Llama, the older Mistral,
//! Claude, Command and Jurassic, and models that embed or draw.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html>. Every
//! vendor has its own names, which do not contradict each other.

use std::borrow::Cow;

use super::openai_usage::UsageWire;
use super::token_counts::sum;
use super::{Reader, Request};
use crate::answer::{Answer, Counts, Part};
use crate::json::{self, Count, Json, List, Object, Text};
use crate::prompt::{Message, Prompt, input_parts, media_part};

/// Members of a request, or of Titan's `textGenerationConfig`, that steer sampling.
const PARAMETERS: [&str; 26] = [
    "dimensions",
    "embeddingTypes",
    "frequency_penalty",
    "k",
    "maxTokenCount",
    "maxTokens",
    "max_gen_len",
    "max_tokens",
    "max_tokens_to_sample",
    "n",
    "normalize",
    "numResults",
    "num_generations",
    "p",
    "presence_penalty",
    "seed",
    "stop",
    "stopSequences",
    "stop_sequences",
    "taskType",
    "temperature",
    "topK",
    "topKReturn",
    "topP",
    "top_k",
    "top_p",
];

pub(super) fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let params = wire.params.0.unwrap_or_default();
    let prompts = wire.prompts.0.into_iter().filter_map(|prompt| prompt.0);
    let images = wire.images.0.into_iter().chain(wire.image);
    let texts = params.text.map(TextOrValue::read).and_then(|text| text.0);
    let texts = texts.into_iter();
    let texts = texts.chain(prompts.filter_map(|prompt| prompt.text.0));
    let images = images.map(|image| Message::of("user", vec![media_part("image", image)]));
    let messages: Vec<_> = wire
        .prompt
        .map(|prompt| Message::of("user", input_parts(prompt)))
        .into_iter()
        .chain(texts.map(Message::user))
        .chain(images)
        .collect();
    Some(Request {
        parameters: [
            wire.config.0.unwrap_or_default().parameters,
            wire.parameters,
        ]
        .concat(),
        prompt: (!messages.is_empty()).then_some(Prompt::contents(messages)),
        ..Request::default()
    })
}

/// Reads whole answers and chunks of them, which have the same members.
#[derive(Debug)]
pub(super) struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        let choice = body.index.0.unwrap_or_default();
        take(choice, &body.text, &body.reason, answer);
        let mut tokens = None;
        for (choice, Object(piece)) in (0..).zip(body.pieces.0) {
            let piece = piece.unwrap_or_default();
            // Each result has its own count.
            tokens = sum(tokens, piece.tokens.0);
            let inner = piece.data.0.unwrap_or_default().text;
            let finish = piece.finish.0.unwrap_or_default().reason;
            let text = Text(piece.text.0.or(inner.0));
            take(choice, &text, &Text(piece.reason.0.or(finish.0)), answer);
        }
        // Titan's total stands in its last chunk, also where a guardrail gave the answer.
        answer.ended |= body.total.0.is_some();
        // Llama says only in its first chunk how long the prompt was.
        answer.count(Counts {
            input: body.input.0,
            output: body.total.0.or(body.output.0).or(tokens),
            ..Counts::default()
        });
        body.usage.take(answer);
        true
    }
}

fn take(choice: u64, text: &Text<'_>, reason: &Text<'_>, answer: &mut Answer) {
    if let Some(text) = &text.0 {
        answer.open(choice);
        answer.append(choice, Part::Content, text);
    }
    if let Some(reason) = &reason.0 {
        answer.finish(choice, reason);
    }
}

/// The text of a task: of one that embeds it is an object's value.
struct TextOrValue<'a>(Option<Cow<'a, str>>);

impl<'a> TextOrValue<'a> {
    fn read(text: Json<'a>) -> Self {
        let Text(plain) = json::read(text).unwrap_or_default();
        let Object(object) = json::read::<Object<ValueWire<'_>>>(text).unwrap_or_default();
        Self(plain.or(object.and_then(|object| object.value.0)))
    }
}

json::wire! {
    struct RequestWire<'a> {
        prompt: Option<Json<'a>> = "prompt" | "inputText" | "inputPrompt",
        prompts: List<Object<TextWire<'a>>> = "text_prompts",
        images: List<Json<'a>> = "images",
        image: Option<Json<'a>> = "inputImage",
        params: Object<ParamsWire<'a>> = "singleEmbeddingParams" | "textToImageParams",
        config: Object<ConfigWire<'a>> = "textGenerationConfig",
        ..parameters of PARAMETERS,
    }

    struct ConfigWire<'a> {
        ..parameters of PARAMETERS,
    }

    struct ParamsWire<'a> {
        text: Option<Json<'a>> = "text",
    }

    struct ValueWire<'a> {
        value: Text<'a> = "value",
    }

    struct TextWire<'a> {
        text: Text<'a> = "text",
    }

    struct BodyWire<'a> {
        index: Count = "index",
        text: Text<'a> = "outputText" | "generation" | "completion",
        reason: Text<'a> = "completionReason" | "stop_reason",
        pieces: List<Object<PieceWire<'a>>> = "results" | "outputs" | "completions",
        input: Count = "inputTextTokenCount" | "prompt_token_count",
        output: Count = "generation_token_count",
        total: Count = "totalOutputTextTokenCount",
        usage: Object<UsageWire> = "usage",
    }

    struct PieceWire<'a> {
        text: Text<'a> = "text" | "outputText",
        data: Object<TextWire<'a>> = "data",
        reason: Text<'a> = "stop_reason" | "completionReason",
        finish: Object<ReasonWire<'a>> = "finishReason",
        tokens: Count = "tokenCount",
    }

    struct ReasonWire<'a> {
        reason: Text<'a> = "reason",
    }
}
