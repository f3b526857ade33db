//! What the core costs by stage: natively, in the V8 of a real Envoy, and in wasmtime's fuel.

pub mod engines;
pub mod report;
