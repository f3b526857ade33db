//! One client: a connection on which it asks again and again.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// What every request says beside its body.
pub(super) const HEADERS: [(&str, &str); 5] = [
    ("content-type", "application/json"),
    ("authorization", "Bearer sk-measured"),
    ("user-agent", "OpenAI/Python 3.54.0"),
    ("accept", "application/json"),
    ("accept-encoding", "gzip"),
];

/// What applications ask for.
pub(super) const PATH: &str = "/v1/chat/completions";

/// A connection to a proxy.
pub(super) struct Client {
    sender: SendRequest<Full<Bytes>>,
    proxy: SocketAddr,
    body: Bytes,
}

impl Client {
    /// Connects; each request will have this body.
    pub(super) async fn connect(proxy: SocketAddr, body: Bytes) -> Result<Self> {
        let stream = TcpStream::connect(proxy).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // How it ends shows in the requests.
        tokio::spawn(async move { drop(connection.await) });
        Ok(Self {
            sender,
            proxy,
            body,
        })
    }

    /// The head of an answer, whose body is still to come.
    ///
    /// # Errors
    /// The connection breaks, or the answer's status is not 200.
    pub(super) async fn ask(&mut self) -> Result<Response<Incoming>> {
        let mut request = Request::post(PATH).header("host", self.proxy.to_string());
        for (name, value) in HEADERS {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(self.body.clone()))?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        ensure!(status == 200, "the proxy answered with status {status}");
        Ok(answer)
    }

    /// A whole answer, which is forgotten.
    pub(super) async fn ask_whole(&mut self) -> Result<()> {
        let mut answer = self.ask().await?.into_body();
        while let Some(frame) = answer.frame().await {
            frame.context("the answer broke off")?;
        }
        Ok(())
    }
}
