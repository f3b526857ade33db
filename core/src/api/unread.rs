//! Calls that are events without content: they ask for no answer of a model, or speak a protocol
//! whose messages are not JSON over HTTP.

use super::{Format, Reader, Request, openai_error};
use crate::answer::Answer;
use crate::framing::Hint;
use crate::json::{self, Json, Text};
use crate::note::Note;

/// Many calls handed in at once; their answers are fetched later.
pub(super) const BATCH: Format = Format {
    name: "batch",
    ..TOKEN_COUNT
};

/// The tokens of a prompt are counted, and no model answers it.
pub(super) const TOKEN_COUNT: Format = Format {
    name: "token_count",
    provider: "unknown",
    hint: Hint::Json,
    read_request: |text| {
        let wire: RequestWire<'_> = json::object(text)?;
        Some(Request {
            model: wire.model.0,
            note: Some(Note::NotAGeneration),
            ..Request::default()
        })
    },
    reader: || Box::new(ErrorReader),
    is_of_go: false,
    unread: None,
};

/// Event streams in both directions at once, as Bedrock's models of speech take and send them.
pub(super) const BEDROCK_BIDIRECTIONAL: Format = Format {
    name: "bedrock.invoke_bidirectional",
    provider: "bedrock",
    ..GRPC
};

/// gRPC, as the clients of xAI and of Vertex speak it.
pub(super) const GRPC: Format = Format {
    name: "grpc",
    unread: Some(Note::ProtocolNotRead),
    ..TOKEN_COUNT
};

/// WebSocket, as OpenAI's realtime and Gemini's live sessions speak it.
pub(super) const WEBSOCKET: Format = Format {
    name: "websocket",
    ..GRPC
};

/// A session with a model over WebRTC, as OpenAI's realtime begins it by a request.
pub(super) const WEBRTC: Format = Format {
    name: "webrtc",
    provider: "openai",
    ..GRPC
};

/// A call to a known provider by a path that nothing here knows.
pub const UNKNOWN: Format = Format {
    name: "unknown",
    unread: Some(Note::ApiUnknown),
    ..TOKEN_COUNT
};

/// Reads that a call was refused, or the id of a batch, by which its results are fetched.
#[derive(Debug)]
struct ErrorReader;

impl Reader for ErrorReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        answer.identify(body.id.0.as_deref(), None);
        if let Some(error) = body.error.and_then(openai_error::read) {
            answer.fail(error);
        }
        // That is all there is to read.
        answer.ended = true;
        true
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model" | "modelId",
    }

    struct BodyWire<'a> {
        id: Text<'a> = "id" | "name" | "jobArn" | "invocationArn",
        error: Option<Json<'a>> = "error",
    }
}
