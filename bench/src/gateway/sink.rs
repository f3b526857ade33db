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

/// What came to it.
#[derive(Debug, Default, Clone)]
pub struct Counts {
    /// Requests.
    pub posts: u64,
    /// Their bodies, in bytes.
    pub bytes: u64,
    /// The calls that events are of, by their id; each counts once however often it came.
    pub calls: HashSet<[u8; ID_BYTES]>,
}

/// A running audit API. Dropping it ends it.
#[derive(Debug)]
pub struct Sink {
    server: Server,
    counts: Arc<Mutex<Counts>>,
}

impl Sink {
    /// Listens on a free port.
    pub async fn start() -> Result<Self> {
        let counts = Arc::<Mutex<Counts>>::default();
        let counted = Arc::clone(&counts);
        let server = Server::start(|listener| {
            serve(listener, move |request| {
                let counts = Arc::clone(&counted);
                async move { take(request, &counts).await }
            })
        });
        Ok(Self {
            server: server.await?,
            counts,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// What came, and nothing from then on.
    pub fn take(&self) -> Counts {
        std::mem::take(&mut locked(&self.counts))
    }

    /// How many calls' events came.
    pub fn calls(&self) -> u64 {
        locked(&self.counts).calls.len() as u64
    }
}

async fn take(
    request: Request<Incoming>,
    counts: &Mutex<Counts>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    // Of a body that broke off nothing came.
    let body = request.into_body().collect().await;
    let body = body.map(|body| body.to_bytes()).unwrap_or_default();
    let mut counts = locked(counts);
    counts.posts += 1;
    counts.bytes += body.len() as u64;
    counts.calls.extend(ids(&body));
    Ok(Response::new(Full::new(Bytes::from_static(RECEIPT))))
}

/// The ids of the calls that the events of a body are of.
fn ids(body: &[u8]) -> impl Iterator<Item = [u8; ID_BYTES]> {
    memmem::find_iter(body, ID).filter_map(|at| {
        let id = body.get(at + ID.len()..)?.first_chunk()?;
        Some(*id)
    })
}

fn locked(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A UUID as text.
pub const ID_BYTES: usize = 36;

const ID: &[u8] = br#""request_id":""#;

/// What an audit API answers; nobody asks it how many it has accepted.
const RECEIPT: &[u8] = b"{}";
