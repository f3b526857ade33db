//! The client and the servers around Envoy, on plain sockets.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use audit_layer_tests::envoy::Envoy;
use audit_layer_tests::ports::{self, Reserved};
use audit_layer_tests::wait::wait_until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::scenario::{Audit, Message};
use crate::wire;

/// One connection to Envoy.
pub(super) struct Client {
    /// Nothing once it has left.
    line: Option<Line>,
}

impl Client {
    pub(super) async fn connect(address: SocketAddr) -> Result<Self> {
        let line = Some(Line::over(TcpStream::connect(address).await?));
        Ok(Self { line })
    }

    pub(super) async fn send(&mut self, text: &str) -> Result<()> {
        self.line
            .as_mut()
            .context("the client has left")?
            .send(text)
            .await
    }

    pub(super) fn leave(&mut self) {
        self.line = None;
    }

    /// All that came until Envoy closed the connection.
    pub(super) async fn answer(self) -> Result<Option<Message>> {
        match self.line {
            Some(line) if line.sent => Ok(wire::message(&line.until_closed().await?)),
            _ => Ok(None),
        }
    }
}

/// The server behind Envoy, which holds one connection at a time.
pub(super) struct Upstream {
    listener: TcpListener,
    line: Option<Line>,
    /// What came on a connection that it closed itself.
    left: Option<Vec<u8>>,
    /// How many requests Envoy had sent to it before this exchange.
    sent_before: u64,
}

impl Upstream {
    pub(super) async fn start() -> Result<Self> {
        Ok(Self {
            listener: TcpListener::bind(ports::loopback(0)).await?,
            line: None,
            left: None,
            sent_before: 0,
        })
    }

    pub(super) fn port(&self) -> Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }

    pub(super) async fn send(&mut self, text: &str) -> Result<()> {
        self.line().await?.send(text).await
    }

    /// Closes the connection, once the request's headers are there.
    pub(super) async fn leave(&mut self) -> Result<()> {
        self.line().await?;
        self.left = self.line.take().map(|line| line.received());
        Ok(())
    }

    /// The request that came, if one did, with which the exchange is over.
    pub(super) async fn request(&mut self, envoy: &Envoy) -> Result<Option<Message>> {
        let sent = sent(envoy).await?;
        let comes = sent > std::mem::replace(&mut self.sent_before, sent);
        if let Some(left) = self.left.take() {
            return Ok(wire::message(&left));
        }
        // A guest that said nothing on the way may be done before the request is here.
        if comes {
            self.line().await?;
        }
        let line = self.line.take();
        Ok(line.and_then(|line| wire::message(&line.received())))
    }

    async fn line(&mut self) -> Result<&mut Line> {
        if self.line.is_none() {
            let accepted = tokio::time::timeout(super::PATIENCE, self.listener.accept()).await;
            self.line = Some(Line::over(accepted.context("no request came")??.0));
        }
        let line = self.line.as_mut().context("no connection")?;
        wait_until("request", super::PATIENCE, async || {
            let ended = line.reader.is_finished();
            Ok((ended || wire::message(&line.received()).is_some()).then_some(()))
        })
        .await?;
        Ok(line)
    }
}

/// How many requests Envoy has sent to the upstream, once none waits for a connection.
async fn sent(envoy: &Envoy) -> Result<u64> {
    const PENDING: &str = "cluster.upstream.upstream_rq_pending_active";
    const TOTAL: &str = "cluster.upstream.upstream_rq_total";
    wait_until("pending request", super::PATIENCE, async || {
        let stats = envoy.stats("cluster.upstream.upstream_rq").await?;
        let pending = stats.get(PENDING).context(PENDING)?;
        let total = stats.get(TOTAL).context(TOTAL)?;
        Ok((*pending == 0).then_some(*total))
    })
    .await
}

/// A connection whose other end is read all the time.
struct Line {
    writer: OwnedWriteHalf,
    received: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
    sent: bool,
}

impl Line {
    fn over(stream: TcpStream) -> Self {
        let (mut reader, writer) = stream.into_split();
        let received = Arc::<Mutex<Vec<u8>>>::default();
        let into = Arc::clone(&received);
        let reader = tokio::spawn(async move {
            let mut bytes = [0; 4096];
            // A reset ends the message as well as an orderly end does.
            while let Ok(count @ 1..) = reader.read(&mut bytes).await {
                if let Ok(mut into) = into.lock() {
                    into.extend_from_slice(&bytes[..count]);
                }
            }
        });
        Self {
            writer,
            received,
            reader,
            sent: false,
        }
    }

    async fn send(&mut self, text: &str) -> Result<()> {
        self.sent = true;
        Ok(self.writer.write_all(text.as_bytes()).await?)
    }

    fn received(&self) -> Vec<u8> {
        self.received
            .lock()
            .map(|bytes| bytes.clone())
            .unwrap_or_default()
    }

    async fn until_closed(mut self) -> Result<Vec<u8>> {
        let closed = tokio::time::timeout(super::PATIENCE, &mut self.reader).await;
        closed.context("Envoy did not close the client's connection")??;
        Ok(self.received())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// The server of the cluster `audit`.
pub(super) struct AuditServer {
    port: Option<u16>,
    task: Option<JoinHandle<()>>,
    /// Where calls are refused.
    _reserved: Option<Reserved>,
}

impl AuditServer {
    pub(super) async fn start(audit: Audit) -> Result<Self> {
        let answer = match audit {
            Audit::Answers => "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\npong",
            Audit::ResetsAfterHeaders => "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n",
            Audit::Hangs => "",
            Audit::RefusesConnections => {
                let reserved = Reserved::new()?;
                return Ok(Self {
                    port: Some(reserved.port()),
                    task: None,
                    _reserved: Some(reserved),
                });
            }
            Audit::HasNoHost => {
                return Ok(Self {
                    port: None,
                    task: None,
                    _reserved: None,
                });
            }
        };
        let listener = TcpListener::bind(ports::loopback(0)).await?;
        let port = Some(listener.local_addr()?.port());
        let task = Some(tokio::spawn(serve(listener, answer)));
        Ok(Self {
            port,
            task,
            _reserved: None,
        })
    }

    /// Its port; nothing if the cluster has no host.
    pub(super) fn port(&self) -> Option<u16> {
        self.port
    }
}

impl Drop for AuditServer {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Answers each connection's first call and closes it; without an answer, holds it for ever.
async fn serve(listener: TcpListener, answer: &'static str) {
    let mut silent = Vec::new();
    while let Ok((mut stream, _)) = listener.accept().await {
        if answer.is_empty() {
            silent.push(stream);
            continue;
        }
        let mut call = Vec::new();
        while !call.ends_with(b"ping") && matches!(stream.read_buf(&mut call).await, Ok(1..)) {}
        // The other end may have been stopped; the guest's lines tell.
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}
