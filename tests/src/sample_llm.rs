//! A small LLM server that speaks the wire formats of OpenAI and Anthropic, plain and streamed.
//!
//! Its answers are made up from the prompt, its framing, headers and token arithmetic are the real
//! providers'. What it does is chosen by the model's name (see [`scenario`]), so that unmodified
//! clients can drive it; tests can also have it send exact bytes (see [`script`]).

mod anthropic;
mod journal;
mod openai;
mod reply;
pub mod scenario;
pub mod script;
mod sse;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::request::Parts;
use axum::response::Response;

use self::journal::Journal;
pub use self::journal::Received;
pub use self::reply::tokens;
use self::script::Script;
use crate::server::Server;

/// A request with this header is kept under the header's value, for tests to read back.
pub const CASE_HEADER: &str = "x-sample-case";
/// A request with this header gets the script of this name.
pub const SCRIPT_HEADER: &str = "x-sample-script";

/// A running sample LLM. Dropping it closes it.
#[derive(Debug)]
pub struct SampleLlm {
    shared: Arc<Shared>,
    server: Server,
}

impl SampleLlm {
    /// Starts the server on a free port; `pace` is the pause between the pieces of a stream.
    pub async fn start(pace: Duration) -> Result<Self> {
        let shared = Arc::new(Shared {
            pace,
            ..Shared::default()
        });
        let router = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&shared));
        let server = Server::start(|listener| async move {
            // Ends only with the task: axum itself retries what fails on accepting.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            shared,
            server: server.await?,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Keeps a script and returns the value of [`SCRIPT_HEADER`] that plays it, as often as asked.
    pub fn script(&self, script: Script) -> String {
        let name = format!("script-{}", self.shared.next_number());
        let scripts = self.shared.scripts.lock();
        scripts
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.clone(), script);
        name
    }

    /// The requests that came with this value of [`CASE_HEADER`], oldest first.
    pub fn received(&self, case: &str) -> Vec<Received> {
        self.shared.journal.received(case)
    }
}

#[derive(Debug, Default)]
struct Shared {
    pace: Duration,
    numbers: AtomicU64,
    scripts: Mutex<BTreeMap<String, Script>>,
    journal: Journal,
}

impl Shared {
    /// Numbers responses, so that each has ids of its own.
    fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn scripted(&self, name: &str) -> Option<Script> {
        let scripts = self.scripts.lock();
        scripts
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }
}

async fn answer(State(shared): State<Arc<Shared>>, parts: Parts, body: Bytes) -> Response<Body> {
    let header = |name: &str| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    if let Some(case) = header(CASE_HEADER) {
        shared
            .journal
            .keep(case, Received::new(&parts, body.clone()));
    }
    let script = match header(SCRIPT_HEADER) {
        Some(name) => shared
            .scripted(name)
            .unwrap_or_else(|| Script::not_found(name)),
        None => converse(&shared, parts.uri.path(), &body),
    };
    script.play()
}

fn converse(shared: &Shared, path: &str, body: &[u8]) -> Script {
    let number = shared.next_number();
    match path {
        "/v1/chat/completions" => openai::respond(body, number, shared.pace),
        "/v1/messages" => anthropic::respond(body, number, shared.pace),
        _ => Script::not_found(path),
    }
}
