//! Loopback ports: the usual one when it is free, any other otherwise.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context, Result};
use tokio::net::TcpSocket;

/// A loopback address with the given port.
pub fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// `usual` when nothing listens there, else 0, for which the system picks a free port.
pub fn usual_or_any(usual: u16) -> u16 {
    match TcpListener::bind(loopback(usual)) {
        Ok(_) => usual,
        Err(_) => 0,
    }
}

/// A port on which nothing listens, and which nobody else is given while this lives.
///
/// Calls to it are refused, until an Envoy listens there: Envoy's listeners, as this socket,
/// share their port with those of the same user.
#[derive(Debug)]
pub struct Reserved {
    port: u16,
    _socket: TcpSocket,
}

impl Reserved {
    /// Fails if the system has no free port.
    pub fn new() -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseport(true)?;
        socket.bind(loopback(0)).context("a free port")?;
        Ok(Self {
            port: socket.local_addr()?.port(),
            _socket: socket,
        })
    }

    /// On the loopback address; not 0.
    pub fn port(&self) -> u16 {
        self.port
    }
}
