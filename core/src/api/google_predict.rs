//! Vertex's `:predict`, of models that anyone may deploy, and of those that paint: a prompt is
//! answered with text, images or whatever the model gives.
//!
//! Source: <https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api>.
//! Embeddings have the same path and bodies; they are told by the model's name.

use super::{Format, Reader, google_embed_content, openai_error};
use crate::answer::{Answer, Part};
use crate::json::{self, Json, List, Object, Text};

pub(super) const FORMAT: Format = Format::new(
    "google.predict",
    "vertex",
    google_embed_content::FORMAT.read_request,
    || Box::new(AnswerReader),
);

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        for (position, prediction) in (0..).zip(body.predictions.0) {
            take_prediction(position, prediction, answer);
        }
        openai_error::take(body.error, answer);
        true
    }
}

/// Models that anyone may deploy answer with a text, others with an object that they describe.
fn take_prediction(position: u64, prediction: Json<'_>, answer: &mut Answer) {
    if let Some(Text(Some(text))) = json::read(prediction) {
        answer.append(position, Part::Content, &text);
        return;
    }
    let Object(read) = json::read::<Object<PredictionWire<'_>>>(prediction).unwrap_or_default();
    let PredictionWire { text, prompt, why } = read.unwrap_or_default();
    let is_text = text.0.is_some();
    for text in [text.0, prompt.0].into_iter().flatten() {
        answer.append(position, Part::Content, &text);
    }
    match why.0 {
        // What was not painted, and why.
        Some(why) => answer.find(&why),
        None => answer.is_not_text |= !is_text,
    }
}

json::wire! {
    struct BodyWire<'a> {
        predictions: List<Json<'a>> = "predictions",
        error: Option<Json<'a>> = "error",
    }

    struct PredictionWire<'a> {
        text: Text<'a> = "content" | "generated_text" | "text",
        // What the model painted in the place of the prompt.
        prompt: Text<'a> = "prompt",
        why: Text<'a> = "raiFilteredReason",
    }
}
