//! Connections: taking them, answering what comes on them, and letting them end.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::serve::{Listener, ListenerExt};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;

use crate::{limits, telemetry};

/// The other end of the connection that a request came on: the client's, or that of a proxy before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Answers are small and written at once: waiting for more would only delay them.
pub(crate) fn at_once(listener: TcpListener) -> impl Listener<Io = TcpStream, Addr = SocketAddr> {
    listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    })
}

/// Answers requests until `shutdown`; then finishes those in progress, as far as there is time.
pub(crate) async fn serve_until(
    listener: impl Listener<Addr = SocketAddr>,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
) {
    let patience = Patience {
        head: limits::HEAD_TIME_MAX,
        reading: limits::READING_PAUSE_MAX,
    };
    serve(listener, router, patience, shutdown).await;
}

/// How long a client is waited for.
struct Patience {
    /// Until its head is there.
    head: Duration,
    /// Until it takes more of its answer.
    reading: Duration,
}

/// Not `axum::serve`, under which a client may take forever to send a head, or to read its answer.
async fn serve(
    mut listener: impl Listener<Addr = SocketAddr>,
    router: Router,
    patience: Patience,
    shutdown: impl Future<Output = ()> + Send,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(patience.head);
    let connections = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            (stream, address) = listener.accept() => {
                let router = TowerToHyperService::new(router.clone());
                let service = service_fn(move |mut request: Request<Incoming>| {
                    request.extensions_mut().insert(Peer(address));
                    router.call(request)
                });
                let mut stream = TimeoutStream::new(stream);
                stream.set_write_timeout(Some(patience.reading));
                let connection = http.serve_connection(TokioIo::new(Box::pin(stream)), service);
                // A connection that breaks is its client's affair, who may come again.
                tokio::spawn(connections.watch(connection));
            }
            () = &mut shutdown => break,
        }
    }
    drop(listener);
    telemetry::stopping();
    if timeout(limits::SHUTDOWN_MAX, connections.shutdown())
        .await
        .is_err()
    {
        telemetry::requests_cut_off();
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::io;
    use std::time::Instant;

    use axum::Extension;
    use axum::body::Body;

    use axum::routing::get;
    use futures_util::stream;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::mpsc;

    use super::*;

    async fn connected(patience: Patience, router: Router) -> TcpStream {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = TcpListener::bind(any_port).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(at_once(listener), router, patience, pending()));
        TcpStream::connect(address).await.unwrap()
    }

    /// Tells when it is dropped.
    struct Held(mpsc::UnboundedSender<()>);

    impl Drop for Held {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }

    fn patience(head: Duration, reading: Duration) -> Patience {
        Patience { head, reading }
    }

    fn here() -> Router {
        Router::new().route("/", get(async || "here"))
    }

    #[tokio::test]
    async fn a_client_that_does_not_end_its_head_is_dropped() {
        const MAX: Duration = Duration::from_millis(100);
        for begun in ["", "GET / HTTP/1.1\r\nhost: x\r\n"] {
            let patience = patience(MAX, limits::READING_PAUSE_MAX);
            let mut stream = connected(patience, here()).await;
            let start = Instant::now();
            stream.write_all(begun.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            assert_eq!(answer, b"", "{begun:?}");
            assert!(start.elapsed() >= MAX / 2, "{begun:?}");
        }
    }

    #[tokio::test]
    async fn a_connection_is_kept_from_one_request_to_the_next() {
        let patience = patience(limits::HEAD_TIME_MAX, limits::READING_PAUSE_MAX);
        let mut stream = connected(patience, here()).await;
        for _ in 0..3 {
            let request = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
            stream.write_all(request).await.unwrap();
            let mut answer = [0; 512];
            let len = stream.read(&mut answer).await.unwrap();
            assert!(answer[..len].ends_with(b"here"));
        }
    }

    #[tokio::test]
    async fn a_client_that_has_stopped_reading_is_dropped() {
        let (told, mut is_over) = mpsc::unbounded_channel();
        let endless = async move || {
            let held = Held(told.clone());
            let piece = async |held| Some((Ok::<_, io::Error>(vec![b'x'; 1 << 16]), held));
            Body::from_stream(stream::unfold(held, piece))
        };
        let router = Router::new().route("/", get(endless));
        let patience = patience(limits::HEAD_TIME_MAX, Duration::from_millis(100));
        let mut stream = connected(patience, router).await;
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        assert_eq!(is_over.recv().await, Some(()));
        drop(stream);
    }

    #[tokio::test]
    async fn a_request_knows_where_it_comes_from() {
        let peer = async |Extension(Peer(address)): Extension<Peer>| address.to_string();
        let patience = patience(limits::HEAD_TIME_MAX, limits::READING_PAUSE_MAX);
        let mut stream = connected(patience, Router::new().route("/", get(peer))).await;
        let own = stream.local_addr().unwrap().to_string();
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with(&own), "{answer}");
    }
}
