//! Amazon Bedrock's InvokeModel and InvokeModelWithResponseStream.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html>.
//! A body is the vendor's own, and a stream holds the vendor's events in base64. The model may be
//! an ARN that hides the vendor, so that the members of a body must tell whose it is.

use std::mem;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::bedrock_error::ErrorHead;
use super::bedrock_guardrail::{self, INTERVENED};
use super::token_counts::TokenCounts;
use super::{
    Format, Reader, Request, anthropic_messages, bedrock_converse, bedrock_text, cohere_embed,
    cohere_v1, openai_chat,
};
use crate::answer::{Answer, Counts};
use crate::headers::Headers;
use crate::json::{self, Json, List, Object, OneOrMany, Text};

/// The events of Nova's streams: Converse's, under their names.
const EVENTS: [&str; 6] = [
    "contentBlockDelta",
    "contentBlockStart",
    "contentBlockStop",
    "messageStart",
    "messageStop",
    "metadata",
];

pub(super) const FORMAT: Format =
    Format::new("bedrock.invoke_model", "bedrock", read_request, || {
        Box::new(AnswerReader::default())
    });

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    // The format that it is of tells what is odd.
    let wire: RequestWire<'_> = json::object(text.get())?;
    let read = match wire.messages {
        Some(_) if wire.version.is_some() => anthropic_messages::FORMAT.read_request,
        Some(_) if wire.is_nova.is_some() => bedrock_converse::FORMAT.read_request,
        Some(messages) if has_untyped_part(&messages) => bedrock_converse::FORMAT.read_request,
        Some(_) => openai_chat::FORMAT.read_request,
        None if wire.message.is_some() => cohere_v1::CHAT.read_request,
        None if wire.inputs.is_some() => cohere_embed::EMBED.read_request,
        None if wire.query.is_some() => cohere_embed::RERANK.read_request,
        None => bedrock_text::read_request,
    };
    read(text)
}

/// Whether a part of a message says by its one member what it is, as Converse's do.
fn has_untyped_part(List(messages): &List<Object<MessageWire<'_>>>) -> bool {
    messages
        .iter()
        .filter_map(|message| message.0.as_ref())
        .flat_map(|message| &message.content.0)
        .any(|part| part.kind.0.is_none())
}

/// Reads answers by the reader of the format that the first body or chunk is of.
#[derive(Debug, Default)]
struct AnswerReader {
    error: ErrorHead,
    /// What Bedrock itself counted, for formats that do not.
    counted: Counts,
    inner: Option<(Family, Box<dyn Reader>)>,
}

/// Whose members a body or chunk has.
#[derive(Debug, Clone, Copy)]
enum Family {
    Anthropic,
    Cohere,
    Nova,
    OpenAi,
    Text,
}

impl Reader for AnswerReader {
    fn head(&mut self, headers: Headers<'_>, _answer: &mut Answer) {
        self.error = ErrorHead::of(headers);
        let count = |name| headers.str(name).and_then(|count| count.parse().ok());
        self.counted = TokenCounts {
            input: count("x-amzn-bedrock-input-token-count"),
            output: count("x-amzn-bedrock-output-token-count"),
            cache_read: count("x-amzn-bedrock-cache-read-input-token-count"),
            cache_write: count("x-amzn-bedrock-cache-write-input-token-count"),
            ..TokenCounts::default()
        }
        .counts_beside_cache();
    }

    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        self.take_metadata(&body, answer);
        let is_read = match Family::of(&body) {
            Some(family) => family.reader().body(text, answer),
            None if body.is_numbers() => {
                answer.answers_numbers();
                true
            }
            None if body.images.is_some() => {
                answer.is_not_text = true;
                true
            }
            None => self.error.read(text, answer),
        };
        self.fill(answer);
        is_read
    }

    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        let Some(bytes) = chunk(data) else {
            return false;
        };
        let (text, _, has_halves) = json::text_with_halves(&bytes);
        answer.expect_halves(has_halves);
        let Some(body) = json::object::<BodyWire<'_>>(&text) else {
            return false;
        };
        self.take_metadata(&body, answer);
        // Of a chunk with nothing of a vendor's, all has been taken.
        let is_read = Family::of(&body).is_none_or(|family| {
            let (family, reader) = self.inner.get_or_insert_with(|| (family, family.reader()));
            family.message(&mut **reader, &text, &body, answer)
        });
        self.fill(answer);
        is_read
    }
}

impl AnswerReader {
    /// Takes what Bedrock writes beside what the vendor's model gave.
    fn take_metadata(&mut self, body: &BodyWire<'_>, answer: &mut Answer) {
        if body.guardrail.0.as_deref() == Some("INTERVENED") {
            answer.find(INTERVENED);
        }
        if let Some(trace) = body.trace {
            bedrock_guardrail::read(trace, answer);
        }
        if let Some(metrics) = &body.metrics.0 {
            self.counted = metrics.counts_beside_cache();
            // They stand in the last chunk of every vendor's.
            answer.ended = true;
        }
    }

    /// The vendor's own counts come first, unless they are only placeholders.
    fn fill(&self, answer: &mut Answer) {
        let known = mem::replace(&mut answer.usage, self.counted);
        answer.recount(known);
    }
}

/// The vendor's bytes in a message of the stream.
fn chunk(data: &str) -> Option<Vec<u8>> {
    let Object(chunk) = json::read::<Object<ChunkWire<'_>>>(data)?;
    STANDARD.decode(chunk?.bytes.0?.as_bytes()).ok()
}

impl Family {
    /// The family of a body or chunk; `None` if it holds no text.
    fn of(body: &BodyWire<'_>) -> Option<Self> {
        if body.output.is_some() || !body.events.is_empty() {
            Some(Self::Nova)
        } else if body.kind.0.as_deref().is_some_and(|it| it != "completion") {
            Some(Self::Anthropic)
        } else if body.choices.is_some() {
            Some(Self::OpenAi)
        } else if body.is_cohere.is_some() {
            Some(Self::Cohere)
        } else if body.is_text.is_some() || body.has_results(|result| result.text.is_some()) {
            Some(Self::Text)
        } else {
            None
        }
    }

    fn reader(self) -> Box<dyn Reader> {
        match self {
            Self::Anthropic => (anthropic_messages::FORMAT.reader)(),
            Self::Cohere => (cohere_v1::CHAT.reader)(),
            Self::Nova => (bedrock_converse::FORMAT.reader)(),
            Self::OpenAi => (openai_chat::FORMAT.reader)(),
            Self::Text => Box::new(bedrock_text::AnswerReader),
        }
    }

    fn message(
        self,
        reader: &mut dyn Reader,
        text: &str,
        body: &BodyWire<'_>,
        answer: &mut Answer,
    ) -> bool {
        let mut events = body.events.iter();
        match self {
            Self::Nova => events.all(|(name, event)| reader.message(name, event.get(), answer)),
            _ => reader.message("", text, answer),
        }
    }
}

impl BodyWire<'_> {
    fn is_numbers(&self) -> bool {
        self.vectors.is_some() || self.has_results(|result| result.score.is_some())
    }

    /// Titan's results are texts, and those that rank have scores.
    fn has_results(&self, is_so: fn(&ResultWire<'_>) -> bool) -> bool {
        self.results.0.iter().any(is_so)
    }
}

json::wire! {
    struct RequestWire<'a> {
        version: Option<Json<'a>> = "anthropic_version",
        messages: Option<List<Object<MessageWire<'a>>>> = "messages",
        is_nova: Option<Json<'a>> = "schemaVersion" | "inferenceConfig" | "toolConfig" | "system",
        message: Option<Json<'a>> = "message",
        inputs: Option<Json<'a>> = "texts" | "inputs" | "input_type",
        query: Option<Json<'a>> = "query",
    }

    struct MessageWire<'a> {
        content: OneOrMany<PartWire<'a>> = "content",
    }

    struct PartWire<'a> {
        kind: Text<'a> = "type",
    }

    struct ChunkWire<'a> {
        bytes: Text<'a> = "bytes",
    }

    struct BodyWire<'a> {
        kind: Text<'a> = "type",
        output: Option<Json<'a>> = "output",
        choices: Option<Json<'a>> = "choices",
        is_cohere: Option<Json<'a>> =
            "event_type" | "generations" | "generation_id" | "is_finished" | "text",
        is_text: Option<Json<'a>> =
            "outputText" | "generation" | "outputs" | "completions" | "completion",
        results: OneOrMany<ResultWire<'a>> = "results",
        vectors: Option<Json<'a>> = "embedding" | "embeddings" | "embeddingsByType",
        images: Option<Json<'a>> = "images" | "artifacts",
        guardrail: Text<'a> = "amazon-bedrock-guardrailAction",
        trace: Option<Json<'a>> = "amazon-bedrock-trace",
        metrics: Object<TokenCounts> = "amazon-bedrock-invocationMetrics",
        ..events of EVENTS,
    }

    struct ResultWire<'a> {
        text: Option<Json<'a>> = "outputText",
        score: Option<Json<'a>> = "relevance_score",
    }
}
