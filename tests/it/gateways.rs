//! An Envoy with the shipped listener and one that leaves paths as they are, with a collector of
//! their own: for tests of what a gateway makes of requests that no client library would send.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context, Result};
use audit_layer_tests::collector::Collector;
use audit_layer_tests::envoy::{Configuration, Envoy};
use audit_layer_tests::stack::{self, LISTENER};
use audit_layer_tests::wait::{PATIENCE, wait_until};
use audit_layer_tests::{python, workspace};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fixture::unique;

/// Requests under way at the same time.
pub(crate) const PARALLEL: usize = 8;

/// The name of the listener that leaves paths as they are.
pub(crate) const AS_IT_COMES: &str = "as-it-comes";

pub(crate) struct Gateways {
    pub(crate) listeners: BTreeMap<&'static str, SocketAddr>,
    envoy: Envoy,
    collector: Collector,
    _folder: TempDir,
}

impl Gateways {
    /// Starts them with a configuration that `change` has taken to the servers of the test.
    pub(crate) async fn start(
        change: impl FnOnce(&mut Configuration) -> Result<()>,
    ) -> Result<Self> {
        let folder = workspace::scratch()?;
        let collector = Collector::start(folder.path().join("audit.db"), 0).await?;
        let mut configuration = Configuration::shipped("envoy.yaml")?;
        stack::connect(&mut configuration, &collector).await?;
        change(&mut configuration)?;
        configuration.listener_like(LISTENER, AS_IT_COMES, as_it_comes)?;
        let mut options = stack::envoy_options();
        // One worker, so that what it delivers last is last.
        options.concurrency = 1;
        let envoy = Envoy::start(&python::envoy().await?, &configuration, &options).await?;
        let address = |name| Ok((name, envoy.address(name)?));
        Ok(Self {
            listeners: [LISTENER, AS_IT_COMES]
                .into_iter()
                .map(address)
                .collect::<Result<_>>()?,
            envoy,
            collector,
            _folder: folder,
        })
    }

    /// Where any listener of the configuration accepts calls.
    pub(crate) fn address(&self, listener: &str) -> Result<SocketAddr> {
        self.envoy.address(listener)
    }

    /// The events with a session id, when none is still to come.
    pub(crate) async fn events_of(&self, session: &str) -> Result<Vec<Value>> {
        self.wait_for_all().await?;
        let query = format!("session_id={session}");
        self.collector.api().events(&query).await
    }

    /// The one event that a query finds, as soon as it is there.
    pub(crate) async fn event_of(&self, query: &str) -> Result<Value> {
        let found = wait_until("an event", PATIENCE, async || {
            Ok(self.collector.api().events(query).await?.pop())
        });
        found.await.with_context(|| self.envoy.log_tail())
    }

    /// All events, by their session ids, when none is still to come.
    pub(crate) async fn events(&self) -> Result<BTreeMap<String, Vec<Value>>> {
        self.wait_for_all().await?;
        let mut events: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let keep = |event: Value| {
            let session = event["session_id"].as_str().unwrap_or_default().to_owned();
            events.entry(session).or_default().push(event);
        };
        self.collector.api().each_event("", keep).await?;
        Ok(events)
    }

    /// Waits until the events of all calls so far are stored: that of a call behind them is.
    async fn wait_for_all(&self) -> Result<()> {
        let session = unique("last");
        for address in self.listeners.values() {
            send(*address, &ordinary(&session), End::Connection).await?;
        }
        let query = format!("session_id={session}");
        let delivered = wait_until("delivery of all events", PATIENCE, async || {
            let last = self.collector.api().events(&query).await?;
            Ok((last.len() == self.listeners.len()).then_some(()))
        });
        delivered.await.with_context(|| self.envoy.log_tail())?;
        // Batches may overtake each other.
        let recorded = self.envoy.plugin_stat("events_recorded").await?;
        let delivered = wait_until("delivery of earlier events", PATIENCE, async || {
            let delivered = self.envoy.plugin_stat("events_delivered").await?;
            Ok((delivered >= recorded).then_some(()))
        });
        delivered.await.with_context(|| self.envoy.log_tail())
    }
}

/// A call that nothing is wrong with.
fn ordinary(session: &str) -> Vec<u8> {
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: gateway.test\r\nconnection: close\r\n\
         x-audit-session-id: {session}\r\ncontent-type: application/json\r\n\
         content-length: 2\r\n\r\n{{}}"
    )
    .into_bytes()
}

/// What ends an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The end of the connection, as the request asks for it.
    Connection,
    /// The end of its headers: nothing behind them matters.
    Headers,
    /// A frame of HTTP/2 that says so.
    Frame,
}

/// Sends bytes on a connection of their own, so that no library tidies them up, and waits until the
/// answer is over; returns what came of it.
pub(crate) async fn send(gateway: SocketAddr, bytes: &[u8], end: End) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(gateway).await?;
    let (mut reader, mut writer) = stream.split();
    // Whoever refuses a request may close before all of it has come, and is waited for all the same.
    let write = async { writer.write_all(bytes).await.ok() };
    let read = async {
        let mut answer = Vec::new();
        let mut piece = [0; 4096];
        while let Ok(count @ 1..) = reader.read(&mut piece).await {
            answer.extend(&piece[..count]);
            let is_over = match end {
                End::Connection => false,
                End::Headers => answer.windows(4).any(|end| end == b"\r\n\r\n"),
                End::Frame => has_last_frame(&answer),
            };
            if is_over {
                break;
            }
        }
        answer
    };
    let both = async { tokio::join!(write, read) };
    let both = tokio::time::timeout(PATIENCE, both).await;
    let (_, answer) = both.context("no end of an answer")?;
    Ok(answer)
}

/// Whether these frames of HTTP/2 have one that ends stream 1 or the connection: RFC 9113,
/// section 4.1.
fn has_last_frame(mut frames: &[u8]) -> bool {
    const END_STREAM: u8 = 1;
    const RST_STREAM: u8 = 3;
    const GOAWAY: u8 = 7;
    while let Some((head, rest)) = frames.split_at_checked(9) {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let Some((_, next)) = rest.split_at_checked(length) else {
            return false;
        };
        let ends = matches!(head[3], 0 | 1) && head[4] & END_STREAM != 0;
        if ends || matches!(head[3], RST_STREAM | GOAWAY) {
            return true;
        }
        frames = next;
    }
    false
}

/// Has a gateway take what others refuse, and pass on paths as they came.
fn as_it_comes(manager: &mut Value) {
    for name in ["normalize_path", "merge_slashes"] {
        manager[name] = false.into();
    }
    manager["path_with_escaped_slashes_action"] = "KEEP_UNCHANGED".into();
    manager["http_protocol_options"] =
        json!({ "accept_http_10": true, "allow_chunked_length": true, "enable_trailers": true });
}
