//! What becomes of every call and its event when something fails, on a real Envoy under load.
//!
//! A [`Situation`](situation::Situation) starts a [`Scene`](scene::Scene), has clients make calls
//! ([`load`]), lets something fail, and accounts for every call ([`ledger`]): it is stored, or a
//! dead letter in Envoy's log, or counted as lost. `cargo bench-faults` prints the table of all
//! situations, `cargo bench-soak` that of one long run, `cargo bench-kills` that of a collector which is
//! killed again and again; `cargo test` runs all three for a short time.

pub mod audit_api;
pub mod ext_proc;
pub mod gateway;
pub mod kills;
pub mod ledger;
pub mod load;
pub mod output;
pub mod scale;
pub mod scene;
pub mod screen;
pub mod situation;
mod situations;
pub mod soak;
pub mod stages;
pub mod unruly;
