//! Real Envoy, real collector and real client SDKs, for tests and for the demo.
//!
//! [`Stack`](stack::Stack) starts all of it on loopback: a sample LLM server, the collector and an
//! Envoy with a configuration from `envoy/`. The parts can be started one by one as well. Whatever
//! they need is built or installed on first use, into the target directory.

pub mod collector;
pub mod debian;
pub mod envoy;
pub mod fonts;
pub mod hostile;
pub mod npm;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod python;
pub mod recordings;
pub mod replay;
pub mod sample_llm;
pub mod server;
pub mod servers;
pub mod stack;
pub mod wait;
pub mod wasm;
pub mod workspace;
