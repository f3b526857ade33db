//! Clients that make call after call, and remember how each ended for them.

use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use reqwest::{Client, Response};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// The user whom every call names; its events are found by it.
pub const USER: &str = "load";

/// The request header that names a call, for access logs. Events have the name as `session_id`.
pub const CALL_HEADER: &str = "x-call";

/// How clients call.
#[derive(Debug, Clone)]
pub struct Manner {
    /// What the names of their calls begin with.
    pub name: &'static str,
    /// How many clients, each with a connection of its own.
    pub clients: usize,
    /// The pause of a client between two calls.
    pub pause: Duration,
    /// How many calls each client makes, unless it is stopped before.
    pub calls_each: usize,
    /// The model they ask for, which decides what the sample LLM does.
    pub model: &'static str,
    /// Bytes that the prompts have beside their question.
    pub padding: usize,
    /// Which answers are streamed.
    pub streamed: Streamed,
    /// A part of the answer after which the client leaves.
    pub leaves_after: Option<&'static str>,
    /// The time after which the client leaves.
    pub patience: Duration,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            name: "call",
            clients: 8,
            pause: Duration::from_millis(20),
            calls_each: usize::MAX,
            model: "sample",
            padding: 0,
            streamed: Streamed::Half,
            leaves_after: None,
            patience: CALL_MAX,
        }
    }
}

/// Which answers are streamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streamed {
    /// Two of four, one in each format.
    Half,
    /// All.
    All,
}

/// A call, as its client saw it.
#[derive(Debug)]
pub struct Call {
    /// Its name: that of the manner, the client's number, and its number with that client.
    pub name: String,
    /// The client's number. Its calls come one after another over one connection.
    pub client: usize,
    /// When it ended.
    pub ended_at: Instant,
    /// How.
    pub end: CallEnd,
}

/// How a call ended for its client.
#[derive(Debug)]
pub enum CallEnd {
    /// There was no connection, so there was no call.
    NotMade,
    /// The answer came whole.
    Whole {
        /// Its status.
        status: u16,
        /// Its body, unless the status is 200.
        refusal: Option<Bytes>,
    },
    /// The connection broke before the answer was whole, or before there was any.
    Broken,
    /// The client left.
    Left,
}

impl Call {
    /// Whether the client got less than it wanted.
    pub fn is_error(&self) -> bool {
        !matches!(
            self.end,
            CallEnd::NotMade | CallEnd::Left | CallEnd::Whole { status: 200, .. }
        )
    }

    /// The status of a whole answer.
    pub fn status(&self) -> Option<u16> {
        match self.end {
            CallEnd::Whole { status, .. } => Some(status),
            _ => None,
        }
    }
}

/// Clients at work.
#[derive(Debug)]
pub struct Load {
    stop: watch::Sender<bool>,
    clients: JoinSet<Vec<Call>>,
}

impl Load {
    /// Starts clients that call `url`.
    pub fn start(url: &str, manner: &Manner) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut clients = JoinSet::new();
        for number in 0..manner.clients {
            let client = Caller {
                number,
                url: url.to_owned(),
                manner: manner.clone(),
                http: client(),
            };
            clients.spawn(client.call_until(stopped.clone()));
        }
        Self { stop, clients }
    }

    /// Lets the clients finish the calls they are at.
    pub async fn stop(self) -> Vec<Call> {
        // Fails when all have finished by themselves.
        let _ = self.stop.send(true);
        self.finish().await
    }

    /// Waits until the clients have made all calls that they were to make.
    pub async fn finish(self) -> Vec<Call> {
        let calls = self.clients.join_all().await;
        calls.into_iter().flatten().collect()
    }
}

struct Caller {
    number: usize,
    url: String,
    manner: Manner,
    http: Client,
}

impl Caller {
    async fn call_until(self, stopped: watch::Receiver<bool>) -> Vec<Call> {
        let mut calls = Vec::new();
        for number in 0..self.manner.calls_each {
            if *stopped.borrow() {
                break;
            }
            let name = format!("{}-{}-{number}", self.manner.name, self.number);
            let end = timeout(self.manner.patience, self.call(number, &name)).await;
            calls.push(Call {
                name,
                client: self.number,
                ended_at: Instant::now(),
                end: end.unwrap_or(CallEnd::Left),
            });
            sleep(self.manner.pause).await;
        }
        calls
    }

    async fn call(&self, number: usize, name: &str) -> CallEnd {
        match self.send(number, name).await {
            Ok(response) => self.read(response).await.unwrap_or(CallEnd::Broken),
            Err(error) if error.is_connect() => CallEnd::NotMade,
            Err(_) => CallEnd::Broken,
        }
    }

    /// Plain and streamed, and in the formats of two providers, in turn.
    async fn send(&self, number: usize, name: &str) -> Result<Response, reqwest::Error> {
        let path = ["/v1/chat/completions", "/v1/messages"][number % 2];
        let padding = "Some \"quoted\" words. ".repeat(self.manner.padding.div_ceil(21));
        let content = format!("{padding}This is question {name}; how many words has it?");
        let body = json!({
            "model": self.manner.model,
            "max_tokens": 100,
            "stream": self.manner.streamed == Streamed::All || number % 4 < 2,
            "messages": [{ "role": "user", "content": content }],
        });
        let request = self
            .http
            .post(format!("{}{path}", self.url))
            .header(CALL_HEADER, name)
            .header("x-audit-session-id", name)
            .header("x-audit-user-id", USER);
        request.json(&body).send().await
    }

    async fn read(&self, mut response: Response) -> Result<CallEnd> {
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            let has = |part: &str| {
                body.windows(part.len())
                    .any(|bytes| bytes == part.as_bytes())
            };
            if self.manner.leaves_after.is_some_and(has) {
                return Ok(CallEnd::Left);
            }
        }
        Ok(CallEnd::Whole {
            status,
            refusal: (status != 200).then(|| body.into()),
        })
    }
}

/// A client that keeps one connection.
fn client() -> Client {
    Client::builder()
        .pool_max_idle_per_host(1)
        .build()
        .unwrap_or_default()
}

/// Longer than any call of ours takes; it only bounds failures.
const CALL_MAX: Duration = Duration::from_secs(60);
