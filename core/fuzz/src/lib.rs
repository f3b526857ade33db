//! What must hold for any input of the core: one module a fuzz target, each with its `check`.
//!
//! The fuzz targets and the replay of the committed corpora call the same functions. An input's
//! first bytes say what is done, and the rest is what it is done with, so that a mutation of the
//! one leaves the other alone.

pub mod configuration;
pub mod credentials;
pub mod cuts;
pub mod decoders;
mod event;
pub mod exchange;
pub mod formats;
pub mod framings;
pub mod json;
pub mod seeds;

/// A fuzz target's name and what it checks.
pub type Target = (&'static str, fn(&[u8]));

/// Every fuzz target, by the name of its binary and of its folder in `corpus`.
pub const TARGETS: [Target; 7] = [
    ("configuration", configuration::check),
    ("credentials", credentials::check),
    ("decoders", decoders::check),
    ("exchange", exchange::check),
    ("formats", formats::check),
    ("framings", framings::check),
    ("json", json::check),
];

/// The one of `all` that a byte picks.
fn pick<T: Copy>(all: &[T], byte: u8) -> T {
    all[usize::from(byte) % all.len()]
}
