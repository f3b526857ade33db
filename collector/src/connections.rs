//! Connections: taking them, answering what comes on them, and letting them end.

use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::serve::{Listener, ListenerExt};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::{limits, telemetry};

/// Answers are small and written at once: waiting for more would only delay them.
pub(crate) fn at_once(
    listener: TcpListener,
) -> impl Listener<Io = TcpStream, Addr = std::net::SocketAddr> {
    listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    })
}

/// Answers requests until `shutdown`; then finishes those in progress, as far as there is time.
pub(crate) async fn serve_until(
    listener: impl Listener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
) {
    serve(listener, router, limits::HEAD_TIME_MAX, shutdown).await;
}

/// Not `axum::serve`, under which a client may take for ever to send a head.
async fn serve(
    mut listener: impl Listener,
    router: Router,
    head_time_max: Duration,
    shutdown: impl Future<Output = ()> + Send,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(head_time_max);
    let connections = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            (stream, _) = listener.accept() => {
                let service = TowerToHyperService::new(router.clone());
                let connection = http.serve_connection(TokioIo::new(stream), service);
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
    use std::net::SocketAddr;
    use std::time::Instant;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn connected(head_time_max: Duration) -> TcpStream {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = TcpListener::bind(any_port).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(async || "here"));
        tokio::spawn(serve(at_once(listener), router, head_time_max, pending()));
        TcpStream::connect(address).await.unwrap()
    }

    #[tokio::test]
    async fn a_client_that_does_not_end_its_head_is_dropped() {
        const MAX: Duration = Duration::from_millis(100);
        for begun in ["", "GET / HTTP/1.1\r\nhost: x\r\n"] {
            let mut stream = connected(MAX).await;
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
        let mut stream = connected(limits::HEAD_TIME_MAX).await;
        for _ in 0..3 {
            let request = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
            stream.write_all(request).await.unwrap();
            let mut answer = [0; 512];
            let len = stream.read(&mut answer).await.unwrap();
            assert!(answer[..len].ends_with(b"here"));
        }
    }
}
