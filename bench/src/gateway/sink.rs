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
use memchr::memmem;

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

/// The ids of the calls that the events of a body are of.
fn ids(body: &[u8]) -> impl Iterator<Item = [u8; ID_BYTES]> {
    memmem::find_iter(body, ID).filter_map(|at| {
        let id = body.get(at + ID.len()..)?.first_chunk()?;
        Some(*id)
    })
}

fn locked(calls: &Mutex<Calls>) -> MutexGuard<'_, Calls> {
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A UUID as text.
const ID_BYTES: usize = 36;

const ID: &[u8] = br#""request_id":""#;

/// What an audit API answers; nobody asks it how many it has accepted.
const RECEIPT: &[u8] = b"{}";
