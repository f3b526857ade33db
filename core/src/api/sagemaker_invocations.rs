//! Calls of a model behind an endpoint of SageMaker, or of Databricks, which has the same path.
//! The bodies are those of the server in the container: Hugging Face's, or one like OpenAI's.
//!
//! Source: <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html>
//! and `InvokeEndpointWithResponseStream`, whose messages are pieces of the container's stream.

use super::bedrock_error::ErrorHead;
use super::openai_or::OpenaiOr;
use super::{Format, Reader, Request, openai_chat, tgi_generate};
use crate::answer::Answer;
use crate::framing::{Decoder, Framing, Hint, Message, Sniffer};
use crate::headers::Headers;
use crate::json::Json;

/// What the framing calls a piece of the container's stream.
const PIECE: &str = "PayloadPart";

pub(super) const FORMAT: Format =
    Format::new("sagemaker.invocations", "sagemaker", read_request, || {
        Box::new(AnswerReader::default())
    });

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let own = (tgi_generate::FORMAT.read_request)(text)?;
    if own.prompt.is_some() {
        return Some(own);
    }
    (openai_chat::FORMAT.read_request)(text)
}

#[derive(Debug)]
struct AnswerReader {
    container: OpenaiOr<tgi_generate::AnswerReader>,
    stream: Stream,
    error: ErrorHead,
}

/// The container's stream, as far as its first bytes have told what it is.
#[derive(Debug)]
enum Stream {
    Awaited(Sniffer),
    Told(Decoder),
    Unknown,
}

impl Default for AnswerReader {
    fn default() -> Self {
        Self {
            container: OpenaiOr::default(),
            stream: Stream::Awaited(Sniffer::new(Hint::Lines)),
            error: ErrorHead::default(),
        }
    }
}

impl Reader for AnswerReader {
    fn head(&mut self, headers: Headers<'_>, answer: &mut Answer) {
        self.error = ErrorHead::of(headers);
        self.container.head(headers, answer);
    }

    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        self.error.read(text, answer) || self.container.body(text, answer)
    }

    fn message(&mut self, name: &str, data: &str, answer: &mut Answer) -> bool {
        if name != PIECE {
            return self.container.message(name, data, answer);
        }
        let container = &mut self.container;
        let mut is_read = true;
        self.stream.push(data.as_bytes(), |message| {
            let name = String::from_utf8_lossy(message.name);
            let data = String::from_utf8_lossy(message.data);
            is_read &= container.message(&name, &data, answer);
        });
        is_read && !matches!(self.stream, Stream::Unknown)
    }
}

impl Stream {
    /// Takes a piece, which may end anywhere.
    fn push(&mut self, piece: &[u8], mut deliver: impl FnMut(Message<'_>)) {
        let (head, rest) = match self {
            Self::Awaited(sniffer) => {
                let Some(sniffed) = sniffer.push(piece) else {
                    return;
                };
                *self = match sniffed.framing {
                    Framing::Stream(decoder) => Self::Told(decoder),
                    Framing::Plain => Self::Unknown,
                };
                (sniffed.head, sniffed.rest)
            }
            _ => (Vec::new(), piece),
        };
        if let Self::Told(decoder) = self {
            let is_whole = decoder.push(&head, &mut deliver).is_ok()
                && decoder.push(rest, &mut deliver).is_ok();
            if !is_whole {
                *self = Self::Unknown;
            }
        }
    }
}
