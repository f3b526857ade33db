//! Why a module or a VM is not there.

/// Why a module could not be loaded or a VM not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The engine refuses the module.
    #[error("module: {0}")]
    Engine(String),
    /// The module exports no known version of the ABI.
    #[error("module: missing or unknown proxy-wasm ABI version")]
    AbiVersion,
    /// The module exports no function to allocate memory.
    #[error("module: missing malloc or proxy_on_memory_allocate")]
    Allocator,
    /// The module trapped while it started.
    #[error("start: {0}")]
    Trapped(String),
    /// `proxy_on_vm_start` returned false.
    #[error("start: proxy_on_vm_start returned false")]
    StartRefused,
    /// `proxy_on_configure` returned false.
    #[error("configuration: proxy_on_configure returned false")]
    ConfigurationRefused,
    /// The VM has trapped or been shut down.
    #[error("vm: not alive")]
    NotAlive,
}

impl Error {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is the function given to map_err"
    )]
    pub(crate) fn engine(error: wasmtime::Error) -> Self {
        Self::Engine(format!("{error:#}"))
    }
}
