//! Compiled modules.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::InstancePre;

use crate::abi;
use crate::error::Error;
use crate::guest::Guest;

/// A compiler, and the modules that it has compiled.
///
/// Compiling takes far longer than a test, so that a test binary keeps one `Engine`, for instance
/// in a `OnceLock` of its own; clones share their modules, and threads may share clones.
///
/// Fuel is always counted, and NaNs always have the same bits, so that a run is repeatable.
#[derive(Clone)]
pub struct Engine {
    engine: wasmtime::Engine,
    modules: Arc<Mutex<BTreeMap<Vec<u8>, Module>>>,
}

impl Engine {
    /// An engine without modules.
    ///
    /// # Errors
    ///
    /// When this machine cannot run compiled code.
    pub fn new() -> Result<Self, Error> {
        let mut config = wasmtime::Config::new();
        config
            .relaxed_simd_deterministic(true)
            .consume_fuel(true)
            .cranelift_nan_canonicalization(true);
        let engine = wasmtime::Engine::new(&config).map_err(Error::engine)?;
        Ok(Self {
            engine,
            modules: Arc::default(),
        })
    }

    /// Compiles a module; the same bytes are compiled once.
    ///
    /// # Errors
    ///
    /// When the bytes are not a module, or one that is not for proxy-wasm 0.2.
    pub fn module(&self, bytes: &[u8]) -> Result<Module, Error> {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = modules.get(bytes) {
            return Ok(module.clone());
        }
        let compiled = wasmtime::Module::from_binary(&self.engine, bytes).map_err(Error::engine)?;
        check(&compiled)?;
        let linker = abi::linker(&self.engine, &compiled).map_err(Error::engine)?;
        let linked = linker.instantiate_pre(&compiled).map_err(Error::engine)?;
        let module = Module { linked };
        modules.insert(bytes.to_vec(), module.clone());
        Ok(module)
    }
}

/// A proxy-wasm module, compiled and linked with the host's calls. Cheap to clone.
#[derive(Clone)]
pub struct Module {
    pub(crate) linked: InstancePre<Guest>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Module").finish_non_exhaustive()
    }
}

/// Envoy refuses to load a module without a version of the ABI that it knows or without an
/// allocator. Version 0.1.0 is not imitated here.
fn check(module: &wasmtime::Module) -> Result<(), Error> {
    let exports = |name: &str| module.get_export(name).is_some();
    if !ABI_VERSIONS.iter().any(|version| exports(version)) {
        return Err(Error::AbiVersion);
    }
    if !ALLOCATORS.iter().any(|allocator| exports(allocator)) {
        return Err(Error::Allocator);
    }
    Ok(())
}

/// The exports that name a version of the ABI.
const ABI_VERSIONS: [&str; 2] = ["proxy_abi_version_0_2_0", "proxy_abi_version_0_2_1"];

/// The exports by which the host gets memory in the guest, the first one first.
pub(crate) const ALLOCATORS: [&str; 2] = ["malloc", "proxy_on_memory_allocate"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_are_compiled_once_for_all_clones_of_an_engine() -> Result<(), Error> {
        let text = r#"(module (func (export "malloc"))
            (func (export "proxy_abi_version_0_2_1")))"#;
        let bytes = wat::parse_str(text).map_err(|error| Error::Engine(error.to_string()))?;
        let engine = Engine::new()?;
        engine.module(&bytes)?;
        let clone = engine.clone();
        clone.module(&bytes)?;
        assert_eq!(
            clone.modules.lock().map(|modules| modules.len()).ok(),
            Some(1)
        );
        assert!(engine.module(b"no module").is_err());
        Ok(())
    }
}
