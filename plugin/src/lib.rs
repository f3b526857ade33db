//! The proxy-wasm filter of the AI Audit Layer: the proxy's callbacks to `audit-layer-core`, and
//! its answers to host calls.
//!
//! Streams only append to the VM's outbox; root contexts alone send. Every stream callback
//! returns `Continue`, and nothing here panics: a trap would stop a whole worker.
#![cfg(target_arch = "wasm32")]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unreachable,
    clippy::unwrap_used
)]

mod attributes;
mod envoy;
mod hold;
mod host;
mod http;
mod memory;
mod property;
mod record;
mod redirects;
mod root;
mod shared;
mod telemetry;
#[cfg(feature = "timing")]
mod timing;
#[cfg(feature = "trap")]
mod trap;

#[cfg(not(feature = "timing"))]
use root::Root;
#[cfg(feature = "timing")]
use timing::Root;

mod entry {
    proxy_wasm::main! {{
        proxy_wasm::set_root_context(|_| Box::new(crate::Root::default()));
    }}
}
