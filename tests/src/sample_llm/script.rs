//! Exact bytes in exact pieces with an exact end: what the sample LLM sends in the end.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use futures_util::stream::{self, Stream, StreamExt};

/// A response as it goes over the wire.
#[derive(Debug, Clone)]
pub struct Script {
    /// The status.
    pub status: u16,
    /// All headers beside those of the framing.
    pub headers: Vec<(&'static str, String)>,
    /// The body in pieces, each sent by itself.
    pub chunks: Vec<Bytes>,
    /// What comes after the last piece.
    pub ending: Ending,
    /// The pause before each piece.
    pub pace: Duration,
}

/// The end of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The body ends as HTTP wants it.
    Clean,
    /// The connection breaks.
    Reset,
    /// Nothing more comes, and nothing ends, until the client leaves.
    Open,
}

impl Script {
    /// A whole answer with a length.
    pub fn plain(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let length = ("content-length", body.len().to_string());
        let mut script = Self::streamed(content_type, vec![body]);
        script.status = status;
        script.headers.push(length);
        script
    }

    /// An answer in pieces, of a length that is not said.
    pub fn streamed(content_type: &str, chunks: Vec<Bytes>) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type", content_type.to_owned())],
            chunks,
            ending: Ending::Clean,
            pace: Duration::ZERO,
        }
    }

    /// The same with another end.
    pub fn ending(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }

    /// The same with one more header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same, cut within the middle one of its pieces.
    pub(super) fn cut(mut self, ending: Ending) -> Self {
        self.chunks.truncate(self.chunks.len() / 2 + 1);
        if let Some(last) = self.chunks.last_mut() {
            last.truncate(last.len() / 2);
        }
        // A cut body keeps its promised length only when the connection breaks.
        if ending == Ending::Clean {
            self.headers.retain(|(name, _)| *name != "content-length");
        }
        self.ending(ending)
    }

    pub(super) fn not_found(what: &str) -> Self {
        let error = serde_json::json!({ "error": {
            "message": format!("the sample model has nothing at {what}"),
            "type": "invalid_request_error", "param": null, "code": "not_found",
        } });
        Self::plain(404, "application/json", error.to_string())
    }

    pub(super) fn play(self) -> Response<Body> {
        let Self {
            status,
            headers,
            chunks,
            ending,
            pace,
        } = self;
        let mut response = Response::new(Body::from_stream(pieces(chunks, ending, pace)));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response
                    .headers_mut()
                    .append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

fn pieces(
    chunks: Vec<Bytes>,
    ending: Ending,
    pace: Duration,
) -> impl Stream<Item = std::io::Result<Bytes>> {
    let chunks = stream::iter(chunks).then(move |chunk| async move {
        // A pause even when it is none: the pieces must not leave as one.
        tokio::time::sleep(pace).await;
        Ok(chunk)
    });
    chunks.chain(match ending {
        Ending::Clean => stream::empty().boxed(),
        Ending::Reset => stream::once(reset()).boxed(),
        Ending::Open => stream::pending().boxed(),
    })
}

/// An error in a body's stream makes the server break the connection.
async fn reset() -> std::io::Result<Bytes> {
    // What was written goes out first; a broken connection takes it along otherwise.
    tokio::time::sleep(RESET_PAUSE).await;
    Err(std::io::ErrorKind::ConnectionReset.into())
}

const RESET_PAUSE: Duration = Duration::from_millis(20);
