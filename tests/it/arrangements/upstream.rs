//! A server that sends exact bytes: interim answers, trailers, answers before the request is over.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use audit_layer_tests::server::Server;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// The header that says which case a request belongs to.
pub(crate) const CASE: &str = "x-case";

/// What is sent back, after a pause.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) bytes: Vec<u8>,
    pub(crate) pause: Duration,
    /// Whether the answer goes out as soon as the request's headers are there.
    pub(crate) is_early: bool,
}

/// A request's headers, with names in small letters.
pub(crate) type Head = Vec<(String, String)>;

#[derive(Debug)]
pub(crate) struct Upstream {
    cases: Cases,
    server: Server,
}

#[derive(Debug, Default)]
struct Case {
    /// In the order of the requests; the last one stays.
    answers: Vec<Answer>,
    received: Vec<Head>,
}

type Cases = Arc<Mutex<BTreeMap<String, Case>>>;

impl Upstream {
    pub(crate) async fn start() -> Result<Self> {
        let cases = Cases::default();
        let shared = Arc::clone(&cases);
        let server = Server::start(|listener| accept(listener, shared)).await?;
        Ok(Self { cases, server })
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.address().port()
    }

    /// Keeps what the requests of a case are answered.
    pub(crate) fn answer(&self, case: &str, answers: Vec<Answer>) {
        let case = case.to_owned();
        let received = Vec::new();
        lock(&self.cases).insert(case, Case { answers, received });
    }

    /// The requests of a case, oldest first.
    pub(crate) fn received(&self, case: &str) -> Vec<Head> {
        let cases = lock(&self.cases);
        cases
            .get(case)
            .map(|case| case.received.clone())
            .unwrap_or_default()
    }
}

fn lock(cases: &Cases) -> std::sync::MutexGuard<'_, BTreeMap<String, Case>> {
    cases.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, cases: Cases) {
    while let Ok((stream, _)) = listener.accept().await {
        let cases = Arc::clone(&cases);
        // A connection that breaks is the test's business.
        tokio::spawn(async move { serve(stream, &cases).await.ok() });
    }
}

/// One request a connection.
async fn serve(stream: TcpStream, cases: &Cases) -> Result<()> {
    let mut stream = BufReader::new(stream);
    let head = head(&mut stream).await?;
    let answer = next(cases, &head).context("a request of no case")?;
    if !answer.is_early {
        body(&mut stream, &head).await?;
    }
    tokio::time::sleep(answer.pause).await;
    stream.write_all(&answer.bytes).await?;
    stream.shutdown().await?;
    // What still comes is taken, or closing would break the answer.
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(())
}

/// Keeps the request and takes the answer that is due.
fn next(cases: &Cases, head: &Head) -> Option<Answer> {
    let mut cases = lock(cases);
    let case = cases.get_mut(value(head, CASE)?)?;
    case.received.push(head.clone());
    let turn = case.received.len().min(case.answers.len());
    case.answers.get(turn.checked_sub(1)?).cloned()
}

async fn head(stream: &mut BufReader<TcpStream>) -> Result<Head> {
    let mut head = Head::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let line = line.trim_end();
        if line.is_empty() {
            return Ok(head);
        }
        if let Some((name, value)) = line.split_once(": ") {
            head.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }
}

async fn body(stream: &mut BufReader<TcpStream>, head: &Head) -> Result<()> {
    if value(head, "transfer-encoding").is_none() {
        let length = value(head, "content-length").unwrap_or("0").parse()?;
        tokio::io::copy(&mut stream.take(length), &mut tokio::io::sink()).await?;
        return Ok(());
    }
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let length = u64::from_str_radix(line.trim_end(), 16)?;
        // Each chunk ends with a line's end, and so does the last, which is empty.
        tokio::io::copy(&mut stream.take(length + 2), &mut tokio::io::sink()).await?;
        if length == 0 {
            return Ok(());
        }
    }
}

pub(crate) fn value<'a>(head: &'a Head, name: &str) -> Option<&'a str> {
    let header = head.iter().find(|(given, _)| given == name);
    header.map(|(_, value)| value.as_str())
}
