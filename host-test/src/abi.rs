//! The host's side of the ABI: the functions that a guest imports.
//!
//! Source: the specification's `abi-versions/v0.2.1`, and proxy-wasm-cpp-host and Envoy where it
//! is silent. Calls about gRPC are not there: like every unknown import they trap with their name.

mod bodies;
mod calls;
mod contexts;
mod frame;
mod maps;
mod measures;
mod properties;
mod sharing;
mod streams;
mod wasi;

use wasmtime::{Linker, Module};

use crate::guest::Guest;

/// Everything that a module can import from this host.
pub(crate) fn linker(
    engine: &wasmtime::Engine,
    module: &Module,
) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    bodies::define(&mut linker)?;
    calls::define(&mut linker)?;
    contexts::define(&mut linker)?;
    maps::define(&mut linker)?;
    measures::define(&mut linker)?;
    properties::define(&mut linker)?;
    sharing::define(&mut linker)?;
    streams::define(&mut linker)?;
    wasi::define(&mut linker)?;
    linker.define_unknown_imports_as_traps(module)?;
    Ok(linker)
}
