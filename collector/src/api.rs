//! The audit API over HTTP: the only code that knows of requests, statuses and connections.

mod auth;
mod body;
mod completeness;
mod connections;
mod door;
mod error;
mod export;
mod history;
mod imported;
mod ingest;
mod logs;
mod openapi;
mod operations;
mod page;
mod private;
mod reports;
mod server;
mod session;
mod tls;
mod turns;
mod values;

#[cfg(test)]
pub(crate) use openapi::{document, query_parameters};
pub use server::{Collector, Config, StartError, StopError};
pub use tls::{TlsError, TlsFiles};
