//! The audit API as a service: it takes audit events, keeps them, and answers for them.
//!
//! [`Collector::bind`] opens the database and the port, [`Collector::serve`] runs until it is told
//! to stop. An answer of success means that the events are committed to disk.
//! What an event says is never changed: what comes back is the text that was sent, with `id` and
//! `received_at` added, and with the key's organization where the event named none.

#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod access;
mod api;
mod backup;
mod erasure;
mod event;
mod hash;
mod ingest;
mod key;
mod places;
mod query;
mod records;
mod report;
mod retention;
mod search;
mod store;
mod telemetry;
mod time;

pub mod history;
pub mod holds;
pub mod import;
pub mod keys;
pub mod limits;
pub mod sealed;
pub mod values;

pub use access::{Access, AccessError, Kind, Role, Scope};
pub use api::{Collector, Config, StartError, StopError, TlsError, TlsFiles};
pub use backup::back_up;
pub use erasure::{EraseError, count_erasable, erase};
pub use key::{ApiKey, KeyError};
pub use records::Shown;
pub use report::FontsError;
pub use retention::{Keep, KeepOf, Retention, RetentionError, Shortest};
pub use store::{
    Action, BackupError, Database, DatabaseError, Erasable, Erased, Erasure, Left, StoreError,
};
