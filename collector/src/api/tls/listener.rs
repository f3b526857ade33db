//! Accepting connections that begin with a handshake.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::limits;
use crate::telemetry::Telemetry;

/// Gives connections whose handshake is done. Handshakes go on beside each other, so that a client
/// that is slow, or says nothing, keeps no other one out.
pub(crate) struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
    handshakes: JoinSet<Option<Connection>>,
    /// The latest of them, done or not, oldest first.
    latest: VecDeque<AbortHandle>,
    telemetry: Telemetry,
}

type Connection = (TlsStream<TcpStream>, SocketAddr);

impl TlsListener {
    pub(crate) fn new(tcp: TcpListener, acceptor: TlsAcceptor, telemetry: Telemetry) -> Self {
        Self {
            tcp,
            acceptor,
            handshakes: JoinSet::new(),
            latest: VecDeque::new(),
            telemetry,
        }
    }

    fn shake_hands(&mut self, stream: TcpStream, address: SocketAddr) {
        if self.latest.len() >= limits::HANDSHAKES_MAX
            && let Some(oldest) = self.latest.pop_front()
            && !oldest.is_finished()
        {
            oldest.abort();
            let cause = io::Error::other("dropped as the oldest of too many handshakes");
            self.telemetry.handshake_failed(&cause);
        }
        let handshake = self.acceptor.accept(stream);
        let telemetry = self.telemetry.clone();
        let task = self.handshakes.spawn(async move {
            match timeout(limits::HANDSHAKE_TIME_MAX, handshake).await {
                Ok(Ok(stream)) => return Some((stream, address)),
                Ok(Err(error)) => telemetry.handshake_failed(&error),
                Err(_) => telemetry.handshake_failed(&io::ErrorKind::TimedOut.into()),
            }
            None
        });
        self.latest.push_back(task);
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> Connection {
        loop {
            tokio::select! {
                Some(done) = self.handshakes.join_next() => {
                    if let Ok(Some(connection)) = done {
                        return connection;
                    }
                }
                (stream, address) = Listener::accept(&mut self.tcp) => {
                    let _ = stream.set_nodelay(true);
                    self.shake_hands(stream, address);
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}
