//! Replicate's predictions: models of all kinds, of which those that are given a prompt are read.
//!
//! Source: <https://replicate.com/docs/reference/http#predictions.create>. An answer that takes
//! longer than the client waits is fetched with another call.

use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, Counts, Part};
use crate::json::{self, Count, Json, List, Object, Text};
use crate::prompt::{Kind, Message, MessagePart, Prompt};

/// Members of `input` that steer sampling; each model has its own.
const PARAMETERS: [&str; 11] = [
    "frequency_penalty",
    "max_new_tokens",
    "max_tokens",
    "min_tokens",
    "presence_penalty",
    "reasoning_effort",
    "repetition_penalty",
    "seed",
    "temperature",
    "top_k",
    "top_p",
];

/// An answer has one choice.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format =
    Format::new("replicate.predictions", "replicate", read_request, || {
        Box::new(AnswerReader)
    });

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let input = wire.input.0.unwrap_or_default();
    let system = input.system.0.filter(|system| !system.is_empty());
    let system = system.map(|text| Message::text("system", text));
    let template = input
        .template
        .0
        .map(|text| MessagePart::beside(Kind::Other, text).typed("prompt_template"));
    let prompt = input.prompt.0.map(|text| {
        let parts = [MessagePart::text(text)].into_iter().chain(template);
        let user = Message::of("user", parts.collect());
        Prompt::contents(system.into_iter().chain([user]))
    });
    Some(Request {
        model: wire.version.0,
        parameters: input.parameters,
        prompt,
        ..Request::default()
    })
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        answer.identify(body.id.0.as_deref(), body.model.0.as_deref());
        match body.status.0.as_deref() {
            Some("starting" | "processing") => answer.is_pending = true,
            Some(status) => answer.finish(CHOICE, status),
            None => openai_error::take_flat(text, answer),
        }
        if let Some(output) = body.output {
            take_output(output, answer);
        }
        if let Some(metrics) = body.metrics.0 {
            answer.count(Counts {
                input: metrics.input.0,
                output: metrics.output.0,
                ..Counts::default()
            });
        }
        openai_error::take(body.error, answer);
        true
    }
}

/// A text comes whole or as a list of its pieces, and a file as its address.
fn take_output(output: Json<'_>, answer: &mut Answer) {
    let List(pieces): List<Json<'_>> = json::read(output).unwrap_or_default();
    let one = Some(output).filter(|_| pieces.is_empty());
    for piece in pieces.into_iter().chain(one) {
        match json::read(piece) {
            Some(Text(Some(text))) if !text.starts_with("https://") => {
                answer.append(CHOICE, Part::Content, &text);
            }
            _ => answer.is_not_text |= !matches!(piece.get(), "null" | "[]"),
        }
    }
}

json::wire! {
    struct RequestWire<'a> {
        version: Text<'a> = "version",
        input: Object<InputWire<'a>> = "input",
    }

    struct InputWire<'a> {
        prompt: Text<'a> = "prompt",
        system: Text<'a> = "system_prompt",
        template: Text<'a> = "prompt_template",
        ..parameters of PARAMETERS,
    }

    struct BodyWire<'a> {
        id: Text<'a> = "id",
        model: Text<'a> = "model",
        status: Text<'a> = "status",
        output: Option<Json<'a>> = "output",
        metrics: Object<MetricsWire> = "metrics",
        error: Option<Json<'a>> = "error",
    }

    struct MetricsWire {
        input: Count = "input_token_count",
        output: Count = "output_token_count",
    }
}
