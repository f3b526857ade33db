//! What operators and applications see: real Envoy, real collector, real client SDKs.
//!
//! Run by `cargo test`; everything these tests need is built or installed on first use.

mod acknowledged;
mod arrangements;
mod call;
mod config;
mod contract;
mod core_on_wasm;
mod delivery;
mod demo;
mod evasion;
mod expected;
mod faults;
mod fixture;
mod gateways;
mod headers;
mod identity;
mod layers;
mod levels;
mod operating;
mod prompt_hash;
mod providers;
mod readme;
mod recordings;
mod sdk;
mod spellings;
mod streams;
mod tidy;
mod tls;
mod wrapper;
