//! A server of HTTP/1.1 with nothing around it: it must never be what limits a measurement.

use std::convert::Infallible;
use std::future::Future;

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Answers the requests of each connection, until the listener fails.
pub(super) async fn serve<H, B, R>(listener: TcpListener, handle: H)
where
    H: Fn(Request<Incoming>) -> R + Clone + Send + 'static,
    R: Future<Output = Result<Response<B>, Infallible>> + Send + 'static,
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    while let Ok((connection, _)) = listener.accept().await {
        let handle = handle.clone();
        tokio::spawn(async move {
            // An event waits for no other.
            let _ = connection.set_nodelay(true);
            let connection = http1::Builder::new()
                .serve_connection(TokioIo::new(connection), service_fn(handle));
            // Clients go whenever they like.
            let _ = connection.await;
        });
    }
}
