//! Google's embeddings, of Gemini and of Vertex. The vectors are never recorded.
//!
//! Sources: <https://ai.google.dev/api/embeddings> and, for `:predict`,
//! <https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api>.

use super::google_content::message;
use super::videos::take_media;
use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, Counts};
use crate::json::{self, Count, Json, List, Object, Text};
use crate::prompt::{Fields, Message, MessagePart, Prompt};

/// Members of a request that say how to embed.
const PARAMETERS: [&str; 4] = [
    "outputDimensionality",
    "output_dimensionality",
    "taskType",
    "task_type",
];

/// Members of `parameters` that do so at Vertex.
const PREDICT_PARAMETERS: [&str; 13] = [
    "aspectRatio",
    "autoTruncate",
    "language",
    "maxOutputTokens",
    "outputDimensionality",
    "personGeneration",
    "safetySetting",
    "sampleCount",
    "sampleImageSize",
    "seed",
    "temperature",
    "topK",
    "topP",
];

pub(super) const FORMAT: Format =
    Format::new("google.embed_content", "gemini", read_request, || {
        Box::new(AnswerReader)
    });

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let batch = wire.requests.0.into_iter().filter_map(|it| it.0);
    let contents = wire.content.0.into_iter();
    let contents = contents.chain(batch.filter_map(|request| request.content.0));
    let instances = wire.instances.0.into_iter();
    let mut messages: Vec<_> = contents
        .map(message)
        .chain(instances.filter_map(instance))
        .collect();
    let config = wire.config.0.unwrap_or_default();
    // Words are no parameter.
    if let (Some(text), Some(last)) = (config.negative.0, messages.last_mut()) {
        let negative = MessagePart::text(text).typed("negative_prompt");
        last.parts.push(negative);
    }
    Some(Request {
        parameters: wire
            .parameters
            .into_iter()
            .chain(config.parameters)
            .collect(),
        prompt: (!messages.is_empty()).then_some(Prompt::contents(messages)),
        ..Request::default()
    })
}

/// What a model of Vertex is given; nothing if it is neither a text nor media.
fn instance(instance: Json<'_>) -> Option<Message<'_>> {
    let mut fields = Fields::of(instance);
    let title = fields.text("title");
    let text = fields.any_text(&["content", "prompt", "text"]);
    let text = text.map(|text| MessagePart::text(text).named(title));
    let mut parts: Vec<_> = text.into_iter().collect();
    take_media(&mut fields, &mut parts);
    if parts.is_empty() {
        return None;
    }
    fields.rest(&mut parts);
    Some(Message::of("user", parts))
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        if body.error.is_none() {
            answer.answers_numbers();
        }
        let counted = body.usage.0.and_then(|usage| usage.prompt.0);
        answer.count(Counts {
            input: counted.or_else(|| predicted(body.predictions)),
            ..Counts::default()
        });
        if let Some(error) = body.error.and_then(openai_error::read) {
            answer.fail(error);
        }
        true
    }
}

/// Vertex counts each of the texts; unknown if it did not count one of them.
fn predicted(predictions: List<Json<'_>>) -> Option<u64> {
    let counts = predictions.0.into_iter().map(|prediction| {
        let Object(prediction) = json::read::<Object<PredictionWire>>(prediction)?;
        prediction?.embeddings.0?.statistics.0?.tokens.0
    });
    counts.reduce(|sum, count| Some(sum?.saturating_add(count?)))?
}

json::wire! {
    struct RequestWire<'a> {
        content: Object<Fields<'a>> = "content",
        requests: List<Object<OneWire<'a>>> = "requests",
        instances: List<Json<'a>> = "instances",
        config: Object<ConfigWire<'a>> = "parameters" | "embedContentConfig",
        ..parameters of PARAMETERS,
    }

    struct OneWire<'a> {
        content: Object<Fields<'a>> = "content",
    }

    struct ConfigWire<'a> {
        negative: Text<'a> = "negativePrompt",
        ..parameters of PREDICT_PARAMETERS,
    }

    struct BodyWire<'a> {
        usage: Object<UsageWire> = "usageMetadata",
        predictions: List<Json<'a>> = "predictions",
        error: Option<Json<'a>> = "error",
    }

    struct UsageWire {
        prompt: Count = "promptTokenCount",
    }

    struct PredictionWire {
        embeddings: Object<EmbeddingsWire> = "embeddings",
    }

    struct EmbeddingsWire {
        statistics: Object<StatisticsWire> = "statistics",
    }

    struct StatisticsWire {
        tokens: Count = "token_count",
    }
}
