//! An audit API that misbehaves as told, in front of a collector that does not.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use audit_layer_tests::server::Server;
use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use reqwest::Client;
use tokio::net::{TcpListener, TcpStream};

/// What the audit API does with deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Passes them on to the collector.
    Obliging,
    /// Answers with this status and stores nothing.
    Answering {
        /// The status.
        status: u16,
        /// The header `retry-after`, in seconds.
        retry_after: Option<u32>,
    },
    /// Is a web application that answers everything with a page.
    Page,
    /// Takes them, and never answers.
    Silent,
    /// Takes every third one and never answers it; passes on the rest. Every third, and not every
    /// other: of two workers in turn it would be always the same one's.
    SilentEveryThird,
    /// Passes them on; its answers break off after their headers.
    BreakingAnswers,
    /// Passes on half of each, and breaks the connection.
    BreakingDeliveries,
    /// Passes them on, but spoils the first event of each, so that the collector rejects that one.
    SpoilingOne,
    /// Answers 400 to each that has an event with these words, and passes on the rest.
    Refusing(&'static str),
}

/// The misbehaving API. Dropping it closes it.
#[derive(Debug)]
pub struct UnrulyApi {
    shared: Arc<Shared>,
    server: Server,
}

#[derive(Debug)]
struct Shared {
    mood: Mutex<Mood>,
    deliveries: AtomicU64,
    collector: SocketAddr,
    client: Client,
}

impl UnrulyApi {
    /// Starts it in front of a collector, obliging for now.
    pub async fn start(collector: SocketAddr) -> Result<Self> {
        let shared = Arc::new(Shared {
            mood: Mutex::new(Mood::Obliging),
            deliveries: AtomicU64::new(0),
            collector,
            client: Client::new(),
        });
        let server = Server::start(|listener| serve(listener, Arc::clone(&shared))).await?;
        Ok(Self { shared, server })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Has it behave like this from now on.
    pub fn set(&self, mood: Mood) {
        *self.shared.lock() = mood;
    }

    /// How many deliveries it has seen.
    pub fn deliveries(&self) -> u64 {
        self.shared.deliveries.load(Ordering::Relaxed)
    }
}

type Answer = Response<BoxBody<Bytes, Broken>>;

/// The connection is to be broken.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("broken on purpose")
    }
}

impl std::error::Error for Broken {}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((connection, _)) = listener.accept().await {
        tokio::spawn(converse(connection, Arc::clone(&shared)));
    }
}

async fn converse(connection: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(|request| shared.answer(request));
    let connection = TokioIo::new(connection);
    // Fails when it was broken, by either side.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(connection, service)
        .await;
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Mood> {
        self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Answer, Broken> {
        let mood = *self.lock();
        let number = self.deliveries.fetch_add(1, Ordering::Relaxed);
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
        match mood {
            Mood::Answering {
                status,
                retry_after,
            } => Ok(answering(status, retry_after)),
            Mood::Page => Ok(page()),
            Mood::Silent => std::future::pending().await,
            Mood::SilentEveryThird if number.is_multiple_of(3) => std::future::pending().await,
            Mood::Refusing(words) if contains(&body, words) => Ok(answering(400, None)),
            Mood::SpoilingOne => self.pass_on(&head, spoiled(&body)).await,
            Mood::BreakingDeliveries => {
                let half = body.slice(..body.len() / 2);
                let broken = stream::iter([Ok(half), Err(Broken)]);
                let delivery = reqwest::Body::wrap_stream(broken);
                // It fails, as it must: what it was to say is not known here either.
                let _ = self.deliver(&head, delivery).await;
                Err(Broken)
            }
            Mood::BreakingAnswers => {
                let answer = self.pass_on(&head, body).await?;
                let (head, _) = answer.into_parts();
                let broken = stream::once(async { Err(Broken) });
                Ok(Response::from_parts(head, StreamBody::new(broken).boxed()))
            }
            Mood::Obliging | Mood::SilentEveryThird | Mood::Refusing(_) => {
                self.pass_on(&head, body).await
            }
        }
    }

    /// The collector's own answer.
    async fn pass_on(
        &self,
        head: &hyper::http::request::Parts,
        body: Bytes,
    ) -> Result<Answer, Broken> {
        let answer = self.deliver(head, body.into()).await.map_err(|_| Broken)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|_| Broken)?;
        let mut passed = Response::new(full(body));
        *passed.status_mut() = status;
        Ok(passed)
    }

    async fn deliver(
        &self,
        head: &hyper::http::request::Parts,
        body: reqwest::Body,
    ) -> reqwest::Result<reqwest::Response> {
        let url = format!("http://{}{}", self.collector, head.uri);
        let mut request = self.client.request(head.method.clone(), url).body(body);
        for name in [header::AUTHORIZATION, header::CONTENT_TYPE] {
            if let Some(value) = head.headers.get(&name) {
                request = request.header(name, value);
            }
        }
        request.send().await
    }
}

fn answering(status: u16, retry_after: Option<u32>) -> Answer {
    let mut answer = Response::new(full(Bytes::new()));
    *answer.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    if let Some(seconds) = retry_after {
        answer
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

fn page() -> Answer {
    let mut answer = Response::new(full("<!DOCTYPE html><p>Please log in</p>".into()));
    let html = header::HeaderValue::from_static("text/html");
    answer.headers_mut().insert(header::CONTENT_TYPE, html);
    answer
}

fn full(body: Bytes) -> BoxBody<Bytes, Broken> {
    Full::new(body)
        .map_err(|never: Infallible| match never {})
        .boxed()
}

/// The batch with an impossible time in its first event.
fn spoiled(batch: &Bytes) -> Bytes {
    let text = String::from_utf8_lossy(batch);
    text.replacen("\"timestamp\":\"", "\"timestamp\":\"not ", 1)
        .into()
}

fn contains(body: &Bytes, words: &str) -> bool {
    body.windows(words.len())
        .any(|bytes| bytes == words.as_bytes())
}
