//! The audit API as a service: it takes audit events, keeps them, and answers for them.
//!
//! [`Collector::bind`] opens the database and the port, [`Collector::serve`] runs until it is told
//! to stop. An answer of success means that the events are committed to disk.
//! An event is never changed: what comes back is the text that was sent, with `id` and
//! `received_at` added.

#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod auth;
mod error;
mod event;
mod ingest;
mod key;
mod query;
mod server;
mod store;
mod telemetry;

pub mod import;
pub mod limits;

pub use key::{ApiKey, KeyError};
pub use server::{Collector, Config, StartError, StopError, create_key};
pub use store::StoreError;
