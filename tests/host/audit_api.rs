//! An audit API that exists only in a test: it keeps what it is sent, as told.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use proxy_wasm_host_test::{Callout, Cluster, Outcome, Response};
use serde_json::Value;

/// What has been stored. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct AuditApi(Rc<RefCell<Vec<Value>>>);

impl AuditApi {
    /// Takes everything, after a millisecond.
    pub(crate) fn cluster(&self) -> Cluster {
        self.deciding(|_| Fate::Stored(Outcome::status(200)))
    }

    /// Does with each delivery what `decide` says.
    pub(crate) fn deciding(&self, mut decide: impl FnMut(&Callout) -> Fate + 'static) -> Cluster {
        let api = self.clone();
        Cluster::new(move |callout| match decide(callout) {
            Fate::Stored(outcome) => {
                api.store(callout);
                outcome
            }
            Fate::Lost(outcome) => outcome,
        })
    }

    /// Everything that was stored, in its order; an event that came twice is there twice.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.0.borrow().clone()
    }

    /// The same, and forgets it.
    pub(crate) fn take_events(&self) -> Vec<Value> {
        self.0.take()
    }

    fn store(&self, callout: &Callout) {
        let lines = callout.body.split(|byte| *byte == b'\n');
        let events = lines
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).expect("a delivered line is an event"));
        self.0.borrow_mut().extend(events);
    }
}

/// What becomes of a delivery: whether it is stored, and what the plugin hears of it. The two need
/// not agree, as connections break after the commit too.
pub(crate) enum Fate {
    Stored(Outcome),
    Lost(Outcome),
}

/// An answer with this status and body after a while.
pub(crate) fn answer(after: Duration, status: u16, body: &str) -> Outcome {
    Outcome::Answer {
        after,
        response: Response::new(status).body(body),
    }
}
