//! What auditing costs in a gateway: the plugin beside its alternatives, in one run on one machine.
//!
//! Each [`Contestant`](contestants::Contestant) is an Envoy with one worker, or another gateway, on a
//! processor of its own, in front of the same [`provider`] and the same [`sink`]. [`calls`] and [`streams`] make the load,
//! [`measure`] reads what it cost, and [`report`] shows it.

pub mod calls;
mod client;
mod clock;
pub mod contestants;
mod durations;
pub mod machine;
pub mod measure;
mod others;
pub mod plot;
pub mod processors;
pub mod programs;
pub mod provider;
pub mod report;
pub mod running;
mod serve;
pub mod sink;
pub mod streams;
pub mod summary;
pub mod surroundings;
pub mod workload;
