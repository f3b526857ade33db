//! A provider that answers with recorded bytes, to whatever is asked.

use std::net::SocketAddr;

use anyhow::Result;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::serve::ListenerExt as _;
use futures_util::stream::{self, Stream, StreamExt as _};

use crate::recordings::Recording;
use crate::server::Server;

/// A request with this header gets the answer of the recording of this number.
pub const REPLAY_HEADER: &str = "x-replay";

/// A running server. Dropping it closes it.
#[derive(Debug)]
pub struct Replay {
    server: Server,
}

/// What is served: the recordings, and the size of the pieces in which streams leave.
#[derive(Clone, Copy)]
struct Served(&'static [Recording], usize);

impl Replay {
    /// Serves recordings on a free port; those that were streams leave in pieces of a size.
    pub async fn start(recordings: &'static [Recording], piece: usize) -> Result<Self> {
        let router = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::disable())
            .with_state(Served(recordings, piece));
        let server = Server::start(|listener| async move {
            // Each piece leaves at once, not when there are enough of them for a packet.
            let listener = listener.tap_io(|connection| {
                let _ = connection.set_nodelay(true);
            });
            // Ends only with the task: axum itself retries what fails on accepting.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            server: server.await?,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }
}

async fn answer(
    State(Served(recordings, piece)): State<Served>,
    headers: HeaderMap,
    _body: Bytes,
) -> Response<Body> {
    let number = headers
        .get(REPLAY_HEADER)
        .and_then(|number| number.to_str().ok()?.parse::<usize>().ok());
    match number.and_then(|number| recordings.get(number)) {
        Some(recording) => replay(recording, piece),
        None => unknown(),
    }
}

fn replay(recording: &'static Recording, piece: usize) -> Response<Body> {
    let is_streamed = recording.streaming.is_some();
    let body = if is_streamed {
        Body::from_stream(pieces(recording.response(), piece))
    } else {
        Body::from(recording.response())
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(recording.status).unwrap_or_default();
    for (name, value) in recording.response_headers() {
        let name = HeaderName::try_from(name);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn pieces(
    body: &'static [u8],
    size: usize,
) -> impl Stream<Item = Result<Bytes, std::convert::Infallible>> {
    stream::iter(body.chunks(size)).then(|piece| async move {
        // What waits is written first, so that pieces do not leave as one.
        tokio::task::yield_now().await;
        Ok(Bytes::from_static(piece))
    })
}

/// A status that no client repeats, so that a test fails at once.
fn unknown() -> Response<Body> {
    let mut response = Response::new(Body::from(r#"{"error":{"message":"no such recording"}}"#));
    *response.status_mut() = StatusCode::NOT_FOUND;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
