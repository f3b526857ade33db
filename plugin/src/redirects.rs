//! Calls that the proxy is about to make once more, since it follows a redirect itself.
//!
//! The proxy ends the stream and begins another one for the same call. What was known of the call
//! waits here for that one, so that the call gives one event.

use std::sync::Arc;

use audit_layer_core::completion::End;
use audit_layer_core::exchange::Exchange;
use audit_layer_core::limits::{REDIRECT_MS_MAX, REDIRECTS_MAX};
use audit_layer_core::policy::Policy;
use audit_layer_core::time::Timestamp;

use crate::host;

/// The calls of a VM that wait for their next pass, oldest first.
#[derive(Default)]
pub(crate) struct Redirects(Vec<Waiting>);

/// A call between two passes.
pub(crate) struct Waiting {
    call: CallKey,
    since: Timestamp,
    pub(crate) policy: Arc<Policy>,
    pub(crate) earlier: Earlier,
    /// What the proxy said at the end of the last pass.
    pub(crate) end: End,
}

/// What is known of a call from its earlier passes.
pub(crate) struct Earlier {
    /// The call; absent if it was none to be audited so far.
    pub(crate) exchange: Option<Exchange>,
    /// Whether a record of its prompt is on its way.
    pub(crate) is_prompt_recorded: bool,
    /// Headers that the caller sent and that are removed, if there is no exchange that has read them.
    pub(crate) audit_headers: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Earlier {
    pub(crate) fn of(exchange: Exchange) -> Self {
        Self {
            exchange: Some(exchange),
            is_prompt_recorded: false,
            audit_headers: Vec::new(),
        }
    }

    pub(crate) fn unmatched(audit_headers: Vec<(Vec<u8>, Vec<u8>)>) -> Self {
        Self {
            exchange: None,
            is_prompt_recorded: false,
            audit_headers,
        }
    }
}

/// What the proxy keeps of a call from pass to pass: its start to the nanosecond, and the client's
/// connection.
#[derive(PartialEq, Eq)]
pub(crate) struct CallKey {
    started: Vec<u8>,
    source: Option<Vec<u8>>,
}

impl CallKey {
    /// Of the stream that is called; `None` where the host does not tell.
    pub(crate) fn of_stream() -> Option<Self> {
        Some(Self {
            started: host::property(&["request", "time"])?,
            source: host::property(&["source", "address"]),
        })
    }
}

impl Redirects {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A call waits from now on; gives the one that has waited too long because of it.
    pub(crate) fn wait(
        &mut self,
        call: CallKey,
        policy: Arc<Policy>,
        earlier: Earlier,
        end: End,
        now: Timestamp,
    ) -> Option<Waiting> {
        self.0.push(Waiting {
            call,
            since: now,
            policy,
            earlier,
            end,
        });
        (self.0.len() > REDIRECTS_MAX).then(|| self.0.remove(0))
    }

    /// The next pass of a call has come. Several plugins in a VM have calls of their own.
    pub(crate) fn claim(&mut self, call: &CallKey, policy: &Arc<Policy>) -> Option<Waiting> {
        let is_it =
            |waiting: &Waiting| waiting.call == *call && Arc::ptr_eq(&waiting.policy, policy);
        let at = self.0.iter().position(is_it)?;
        Some(self.0.remove(at))
    }

    /// The calls whose next pass has not come in time.
    pub(crate) fn take_overdue(&mut self, now: Timestamp) -> Vec<Waiting> {
        let is_over = |waiting: &mut Waiting| now.ms_since(waiting.since) >= REDIRECT_MS_MAX;
        self.0.extract_if(.., is_over).collect()
    }

    /// Those of one configuration, as nothing will come for it any more.
    pub(crate) fn take_of(&mut self, policy: &Arc<Policy>) -> Vec<Waiting> {
        let is_its = |waiting: &mut Waiting| Arc::ptr_eq(&waiting.policy, policy);
        self.0.extract_if(.., is_its).collect()
    }
}
