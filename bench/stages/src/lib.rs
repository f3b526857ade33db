//! The core's work on a call, in stages that are measured one by one: natively by a program, and in
//! WebAssembly by a proxy that loads this as a filter.

mod bodies;
mod call;
mod measure;
#[cfg(target_arch = "wasm32")]
mod module;
mod stage;

pub use bodies::{
    DONE, SENT_AT, SENT_AT_DIGITS, chat_answer, chat_request, compressed, event, stream_request,
};
pub use call::Workload;
pub use measure::{Job, Measured, Report, measure};
pub use stage::{Stage, Task};
