//! Answers that wait until the record of their prompt is acknowledged.
//!
//! A stream says here that it waits; a root resumes or refuses it, since deliveries end there. An
//! acknowledgement may come before the answer.

use std::collections::BTreeMap;

use audit_layer_core::api::Refusal;
use audit_layer_core::time::Timestamp;

/// The calls of a VM that need a record of their prompt, by request id.
#[derive(Debug, Default)]
pub(crate) struct Holds(BTreeMap<String, Hold>);

/// One such call.
#[derive(Debug)]
pub(crate) struct Hold {
    /// The host's number of the stream.
    pub(crate) stream: u32,
    /// What its client gets if there is no record in time.
    pub(crate) refusal: Refusal,
    /// How long its answer waits, in milliseconds.
    pub(crate) hold_ms: u64,
    decision: Decision,
    /// Since when the answer waits, if it has come.
    paused_at: Option<Timestamp>,
}

/// What is known of a call's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nothing yet.
    Open,
    /// The audit API has it: the answer may pass.
    Recorded,
    /// There will be none: the answer may not pass.
    Refused,
}

impl Hold {
    pub(crate) fn new(stream: u32, refusal: Refusal, hold_ms: u64) -> Self {
        Self {
            stream,
            refusal,
            hold_ms,
            decision: Decision::Open,
            paused_at: None,
        }
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.paused_at.is_some_and(|since| match self.decision {
            Decision::Open => now.ms_since(since) >= self.hold_ms,
            Decision::Recorded => false,
            Decision::Refused => true,
        })
    }
}

impl Holds {
    /// A call needs a record. It may be said again.
    pub(crate) fn open(&mut self, request_id: &str, hold: impl FnOnce() -> Hold) {
        self.0.entry(request_id.to_owned()).or_insert_with(hold);
    }

    /// The call goes on with another stream of the host.
    pub(crate) fn follow(&mut self, request_id: &str, stream: u32) {
        if let Some(hold) = self.0.get_mut(request_id) {
            hold.stream = stream;
            hold.paused_at = None;
        }
    }

    /// The answer of a call has come, and waits unless there is a record. Of a call that has been
    /// refused nothing is known any more.
    pub(crate) fn pause(&mut self, request_id: &str, now: Timestamp) -> Decision {
        let Some(hold) = self.0.get_mut(request_id) else {
            return Decision::Refused;
        };
        hold.paused_at = hold.paused_at.or(Some(now));
        hold.decision
    }

    /// A record is there; gives the stream if its answer waits.
    pub(crate) fn record(&mut self, request_id: &str) -> Option<u32> {
        let hold = self.0.get_mut(request_id)?;
        hold.decision = Decision::Recorded;
        hold.paused_at.map(|_| hold.stream)
    }

    /// There will be no record.
    pub(crate) fn refuse(&mut self, request_id: &str) {
        if let Some(hold) = self.0.get_mut(request_id) {
            hold.decision = Decision::Refused;
        }
    }

    /// Takes out the calls whose answer waits in vain.
    pub(crate) fn take_refused(&mut self, now: Timestamp) -> Vec<Hold> {
        self.0
            .extract_if(.., |_, hold| hold.is_over(now))
            .map(|(_, hold)| hold)
            .collect()
    }

    /// The call has ended.
    pub(crate) fn close(&mut self, request_id: &str) {
        self.0.remove(request_id);
    }
}
