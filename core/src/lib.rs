//! The audit event of one LLM call, as pure code: bytes and plain values in, events out.
//!
//! [`exchange::Exchange`] follows one request and its response and becomes one
//! [`event::AuditEvent`]; [`outbox::Outbox`] says what to deliver and when. Nothing here does I/O,
//! reads a clock or keeps a global: time, entropy and environment are arguments.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

#[macro_use]
mod words;

pub mod answer;
pub mod api;
pub mod body;
pub mod caller;
pub mod capture;
pub mod completion;
pub mod credentials;
pub mod dead_letter;
pub mod decided;
pub mod decision;
pub mod decode;
pub mod destination;
pub mod digest;
pub mod event;
pub mod exchange;
pub(crate) mod find;
pub mod form;
pub mod framing;
pub mod headers;
pub mod hop;
pub mod host;
pub mod identity;
pub mod json;
pub mod limits;
pub mod media;
pub(crate) mod names;
pub mod note;
pub mod opening;
pub mod outbox;
pub mod policy;
pub mod prompt;
pub mod provider;
pub mod redact;
pub mod rules;
pub mod sealing;
pub mod sensitive;
pub mod time;
pub mod wanted;
pub(crate) mod withhold;

#[cfg(test)]
mod tests {
    /// Hosts have threads: what one begins another may go on with.
    #[test]
    fn what_hosts_keep_may_go_from_thread_to_thread() {
        fn is_send<T: Send>() {}
        is_send::<crate::policy::Policy>();
        is_send::<crate::exchange::Exchange>();
        is_send::<crate::outbox::Outbox>();
        is_send::<crate::outbox::DeadLetter>();
        is_send::<crate::event::AuditEvent>();
    }
}
