//! Loopback ports: the usual one when it is free, any other otherwise.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context, Result};

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

/// A port on which nothing listens, for calls that are meant to be refused.
pub fn unused() -> Result<u16> {
    let listener = TcpListener::bind(loopback(0)).context("a free port")?;
    Ok(listener.local_addr()?.port())
}
