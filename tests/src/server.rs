//! A server of ours on a free loopback port, for as long as someone holds it.

use std::future::Future;
use std::net::SocketAddr;

use anyhow::Result;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::ports::loopback;

/// A running server. Dropping it closes it.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on a free port and lets `serve` do the rest.
    pub async fn start<F>(serve: impl FnOnce(TcpListener) -> F) -> Result<Self>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(loopback(0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(serve(listener));
        Ok(Self { address, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
