//! The framings as one.

use super::message::{FramingError, Message};
use super::{event_stream, json_array, ndjson, sse};

/// Finds the messages in a body that comes in pieces, wherever it is split.
#[derive(Debug)]
pub enum Decoder {
    /// Server-sent events.
    Sse(sse::Decoder),
    /// Lines of JSON.
    Ndjson(ndjson::Decoder),
    /// Elements of one JSON array.
    JsonArray(json_array::Decoder),
    /// An AWS event stream.
    EventStream(event_stream::Decoder),
}

impl Decoder {
    /// Takes the next bytes and hands every message that they complete to `deliver`.
    ///
    /// # Errors
    /// When the framing is broken. What follows an error is passed over.
    pub fn push(
        &mut self,
        chunk: &[u8],
        deliver: impl FnMut(Message<'_>),
    ) -> Result<(), FramingError> {
        match self {
            Self::Sse(decoder) => decoder.push(chunk, deliver),
            Self::Ndjson(decoder) => decoder.push(chunk, deliver),
            Self::JsonArray(decoder) => decoder.push(chunk, deliver),
            Self::EventStream(decoder) => return decoder.push(chunk, deliver),
        }
        Ok(())
    }

    /// The body ended: hands over what stands unterminated.
    ///
    /// # Errors
    /// When the end is missing and the framing cannot do without it.
    pub fn finish(&mut self, deliver: impl FnMut(Message<'_>)) -> Result<(), FramingError> {
        match self {
            Self::Sse(decoder) => decoder.finish(deliver),
            Self::Ndjson(decoder) => decoder.finish(deliver),
            Self::JsonArray(decoder) => decoder.finish(deliver),
            Self::EventStream(decoder) => return decoder.finish(),
        }
        Ok(())
    }
}
