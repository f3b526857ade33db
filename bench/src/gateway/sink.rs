//! The audit API: counts what it is sent, and forgets it.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use audit_layer_tests::server::Server;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};

use crate::gateway::serve::serve;

/// The calls that events are of, by their id; each is there once however often it came.
type Calls = HashSet<[u8; ID_BYTES]>;

/// A running audit API. Dropping it ends it.
#[derive(Debug)]
pub struct Sink {
    server: Server,
    calls: Arc<Mutex<Calls>>,
}

impl Sink {
    /// Listens on a free port.
    pub async fn start() -> Result<Self> {
        let calls = Arc::<Mutex<Calls>>::default();
        let counted = Arc::clone(&calls);
        let server = Server::start(|listener| {
            serve(listener, move |request| {
                let calls = Arc::clone(&counted);
                async move { take(request, &calls).await }
            })
        });
        Ok(Self {
            server: server.await?,
            calls,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// Forgets what came.
    pub fn forget(&self) {
        locked(&self.calls).clear();
    }

    /// How many calls' events came.
    pub fn calls(&self) -> u64 {
        locked(&self.calls).len() as u64
    }
}

async fn take(
    request: Request<Incoming>,
    calls: &Mutex<Calls>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    // Of a body that broke off nothing came.
    let body = request.into_body().collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    locked(calls).extend(ids(&body));
    Ok(Response::new(Full::new(Bytes::from_static(RECEIPT))))
}

/// The ids of the calls that the events of a body are of: each line is one, and begins with it. Within an event
/// there are other members of that name.
fn ids(body: &[u8]) -> impl Iterator<Item = [u8; ID_BYTES]> {
    let lines = body.split(|byte| *byte == b'\n');
    lines.filter_map(|line| line.strip_prefix(ID)?.first_chunk().copied())
}

fn locked(calls: &Mutex<Calls>) -> MutexGuard<'_, Calls> {
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A UUID as text.
const ID_BYTES: usize = 36;

const ID: &[u8] = br#"{"request_id":""#;

/// What an audit API answers; nobody asks it how many it has accepted.
const RECEIPT: &[u8] = b"{}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_counts_once_whatever_is_in_it() {
        let id = "0".repeat(ID_BYTES);
        let event = format!(
            r#"{{"request_id":"{id}","prompt":"\n","gateway":{{"request_id":"{}"}}}}"#,
            "1".repeat(ID_BYTES)
        );
        let body = format!("{event}\n{event}\n");
        let found: Vec<_> = ids(body.as_bytes()).collect();
        assert_eq!(found, [[b'0'; ID_BYTES]; 2]);
        assert_eq!(ids(b"").count(), 0);
    }
}
