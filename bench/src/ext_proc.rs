//! An external processor that records the same event with the same core: what a team can write that
//! wants no code in its proxies. It only observes; Envoy waits for none of its answers.

mod delivery;
mod messages;

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use audit_layer_core::completion::{Cause, End};
use audit_layer_core::event::CapturePoint;
use audit_layer_core::exchange::Exchange;
use audit_layer_core::headers::Headers;
use audit_layer_core::host::Host;
use audit_layer_core::policy::Policy;
use audit_layer_core::time::Timestamp;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::codegen::{Service, http};
use tonic::server::{Grpc, NamedService, StreamingService};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

use self::delivery::Sender;
use self::messages::{ProcessingRequest, ProcessingResponse, Seen};

/// Serves Envoy's calls, and delivers the events to an audit API in batches, as the plugin does.
///
/// # Errors
/// The listener fails.
pub async fn serve(listener: TcpListener, audit_api: &str) -> Result<()> {
    let recorder = Recorder {
        policy: Arc::new(policy(audit_api)?),
        sender: Sender::start(audit_api),
    };
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .add_service(recorder)
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}

fn policy(audit_api: &str) -> Result<Policy> {
    let configuration = serde_json::json!({
        "organization_id": "org_measured",
        "audit_api": {"url": audit_api},
    });
    let host = Host {
        point: CapturePoint::Gateway,
        ..Host::default()
    };
    Ok(Policy::read(
        configuration.to_string().as_bytes(),
        &|_| None,
        &host,
    )?)
}

/// The service of Envoy's `envoy/service/ext_proc/v3/external_processor.proto`.
#[derive(Clone)]
struct Recorder {
    policy: Arc<Policy>,
    sender: Sender,
}

impl NamedService for Recorder {
    const NAME: &'static str = "envoy.service.ext_proc.v3.ExternalProcessor";
}

impl Service<http::Request<Body>> for Recorder {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    /// Its only method is `Process`.
    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let recorder = self.clone();
        Box::pin(async move {
            let codec = ProstCodec::<ProcessingResponse, ProcessingRequest>::default();
            Ok(Grpc::new(codec).streaming(recorder, request).await)
        })
    }
}

impl StreamingService<ProcessingRequest> for Recorder {
    type Response = ProcessingResponse;
    type ResponseStream = BoxStream<'static, Result<ProcessingResponse, Status>>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Streaming<ProcessingRequest>>) -> Self::Future {
        let recorder = self.clone();
        let record = async move {
            recorder.record(request.into_inner()).await;
            None
        };
        ready(Ok(Response::new(
            stream::once(record).filter_map(ready).boxed(),
        )))
    }
}

impl Recorder {
    /// Follows one call to its end.
    async fn record(&self, mut pieces: Streaming<ProcessingRequest>) {
        let mut exchange = None;
        let mut cause = Cause::Stopped;
        while let Ok(Some(piece)) = pieces.message().await {
            let Some(seen) = piece.request else { continue };
            if let Seen::RequestHeaders(headers) = &seen {
                let headers = headers.pairs();
                let began = Exchange::begin(&self.policy, Headers(&headers), entropy(), now());
                exchange = began;
            }
            let Some(exchange) = &mut exchange else {
                continue;
            };
            if is_last(exchange, &seen) {
                cause = Cause::Finished;
                break;
            }
        }
        let end = End {
            cause,
            ..End::default()
        };
        if let Some(event) = exchange.and_then(|exchange| exchange.end(end, now())) {
            self.sender.send(&event).await;
        }
    }
}

/// Shows an exchange what Envoy has seen, and says whether that was the end of the call.
fn is_last(exchange: &mut Exchange, seen: &Seen) -> bool {
    match seen {
        Seen::RequestHeaders(headers) => {
            if headers.end_of_stream {
                exchange.request_end();
            }
            false
        }
        Seen::RequestBody(body) => {
            exchange.request_body(&body.body);
            if body.end_of_stream {
                exchange.request_end();
            }
            false
        }
        Seen::ResponseHeaders(headers) => {
            exchange.response_head(Headers(&headers.pairs()));
            if headers.end_of_stream {
                exchange.response_end();
            }
            headers.end_of_stream
        }
        Seen::ResponseBody(body) => {
            exchange.response_body(&body.body, now());
            if body.end_of_stream {
                exchange.response_end();
            }
            body.end_of_stream
        }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let ms = since.map_or(0, |since| since.as_millis());
    Timestamp::from_unix_ms(u64::try_from(ms).unwrap_or(u64::MAX))
}

fn entropy() -> [u8; 10] {
    std::array::from_fn(|_| fastrand::u8(..))
}
