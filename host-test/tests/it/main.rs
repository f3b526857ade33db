//! Facts about proxies that the host imitates, each shown on a guest written for it.
//!
//! The facts were measured on Envoy 1.40, or read in its source and in proxy-wasm-cpp-host. The
//! guests know nothing of this host: the same module runs in Envoy, where most of them were seen
//! to say the same lines as here.

mod setup;

mod bodies;
mod callouts;
mod crashes;
mod endings;
mod header_pause;
mod limits;
mod maps;
mod measures;
mod modules;
mod profiles;
mod roots;
mod sharing;
