//! The provider: answers at once what is prepared, by the model that it is asked for.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use audit_layer_tests::server::Server;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};
use memchr::memmem;
use tokio::time::{Instant, sleep_until};

use crate::gateway::clock;
use crate::gateway::serve::serve;
use crate::gateway::workload::{CHATS, Chat, DONE, ENDLESS, STREAMS, Stream};

/// A running provider. Dropping it ends it.
#[derive(Debug)]
pub struct Provider {
    server: Server,
    calls: Arc<AtomicU64>,
}

impl Provider {
    /// Listens on a free port.
    pub async fn start() -> Result<Self> {
        let answers = Arc::new(answers()?);
        let calls = Arc::<AtomicU64>::default();
        let counted = Arc::clone(&calls);
        let server = Server::start(|listener| {
            serve(listener, move |request| {
                counted.fetch_add(1, Ordering::Relaxed);
                answer(request, Arc::clone(&answers))
            })
        });
        Ok(Self {
            server: server.await?,
            calls,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Calls that came so far.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Clone)]
enum Answer {
    Whole { chat: Chat, body: Bytes },
    Events(Stream),
}

fn answers() -> Result<HashMap<&'static str, Answer>> {
    let mut answers = HashMap::new();
    for chat in CHATS {
        let body = chat.answer_body()?;
        answers.insert(chat.model, Answer::Whole { chat, body });
    }
    for stream in STREAMS.into_iter().chain([ENDLESS]) {
        answers.insert(stream.model, Answer::Events(stream));
    }
    Ok(answers)
}

type Sent = Response<BoxBody<Bytes, Infallible>>;

async fn answer(
    request: Request<Incoming>,
    answers: Arc<HashMap<&'static str, Answer>>,
) -> Result<Sent, Infallible> {
    let body = request.into_body().collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    Ok(match model(&body).and_then(|model| answers.get(model)) {
        Some(Answer::Whole { chat, body }) => whole(chat, body.clone()),
        Some(Answer::Events(stream)) => events(*stream),
        None => unknown(),
    })
}

/// The model, from the first member of that name.
fn model(body: &[u8]) -> Option<&str> {
    const MEMBER: &[u8] = br#""model":""#;
    let at = memmem::find(body, MEMBER)? + MEMBER.len();
    let rest = body.get(at..)?;
    let end = memchr::memchr(b'"', rest)?;
    str::from_utf8(rest.get(..end)?).ok()
}

fn whole(chat: &Chat, body: Bytes) -> Sent {
    let mut answer = Response::new(Full::new(body).boxed());
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if chat.gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    add_own(&mut answer);
    answer
}

fn events(stream: Stream) -> Sent {
    let began = Instant::now();
    let pieces = stream::unfold(0, move |number| async move {
        if number > stream.events {
            return None;
        }
        if number == stream.events {
            if stream == ENDLESS {
                std::future::pending::<()>().await;
            }
            return Some((DONE.to_owned(), number + 1));
        }
        let due = stream.gap * u32::try_from(number).unwrap_or(u32::MAX);
        if !due.is_zero() {
            sleep_until(began + due).await;
        }
        Some((stream.event(number, clock::now()), number + 1))
    });
    let frames = pieces.map(|text| Ok(Frame::data(Bytes::from(text))));
    let mut answer = Response::new(BoxBody::new(StreamBody::new(frames)));
    let kind = HeaderValue::from_static("text/event-stream; charset=utf-8");
    answer.headers_mut().insert(CONTENT_TYPE, kind);
    add_own(&mut answer);
    answer
}

/// Headers that OpenAI's answers have.
fn add_own(answer: &mut Sent) {
    for (name, value) in [
        ("x-request-id", "req_8c5e1f"),
        ("openai-processing-ms", "12"),
        ("openai-version", "2020-10-01"),
    ] {
        let value = HeaderValue::from_static(value);
        answer.headers_mut().insert(name, value);
    }
}

fn unknown() -> Sent {
    let text = "no such model in this measurement";
    let mut answer = Response::new(Full::new(Bytes::from(text)).boxed());
    *answer.status_mut() = StatusCode::NOT_FOUND;
    answer
}
