//! A proxy-wasm host for tests of any proxy-wasm module.
//!
//! [`Host`] is a proxy that exists only in a test: stateful, deterministic, and as strict as
//! Envoy. It runs the compiled module on wasmtime, so that what is tested is what ships.
//! Behaviour follows Envoy 1.40 as measured, and otherwise its source; each item names its source.
//!
//! The test plays client, upstream and clock:
//!
//! ```
//! use proxy_wasm_host_test::{Engine, Host, Plugin, Profile};
//!
//! // A filter that pauses every request. Real tests read the file that cargo has built.
//! let module = wat::parse_str(
//!     r#"(module
//!         (memory (export "memory") 1)
//!         (func (export "proxy_abi_version_0_2_1"))
//!         (func (export "malloc") (param i32) (result i32) i32.const 1024)
//!         (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) i32.const 1)
//!     )"#,
//! )?;
//! let engine = Engine::new()?;
//! let plugin = Plugin::new(&engine.module(&module)?);
//!
//! let host = Host::new(Profile::envoy());
//! let vm = host.start(&plugin)?;
//! let stream = vm.stream();
//! let step = stream.request_headers_only([(":method", "GET"), (":path", "/")]);
//! assert!(step.held);
//! assert_eq!(step.upstream.headers, None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it does not imitate: gRPC callouts, TCP filters, ABI 0.1.0, and WASI beyond environment,
//! clocks, randomness and output. A guest that calls what is missing traps, with its name.

mod abi;
mod agenda;
mod callout;
mod context;
mod error;
mod guest;
mod headers;
mod host;
mod instance;
mod log;
mod metrics;
mod module;
mod plugin;
mod profile;
mod property;
mod random;
mod settings;
mod shared;
mod slots;
mod status;
mod step;
mod stream;
mod stream_state;
mod thread;
mod vm;
mod world;

pub use callout::{Callout, CalloutState, Cluster, Outcome, Response};
pub use context::RootLife;
pub use error::Error;
pub use headers::Headers;
pub use host::{Deployment, Host};
pub use log::{Level, LogLine, Writer};
pub use module::{Engine, Module};
pub use plugin::Plugin;
pub use profile::{EndOfBody, HeaderPause, Profile};
pub use property::Property;
pub use settings::FailurePolicy;
pub use status::Status;
pub use step::{Action, Callback, Passed, Step};
pub use stream::Stream;
pub use thread::{Thread, VmNumber};
pub use vm::{Root, Vm};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
