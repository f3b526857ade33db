//! What is due when, in virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::callout::Arrival;
use crate::thread::VmNumber;

/// Something that will happen to a VM.
#[derive(Debug)]
pub(crate) enum Event {
    /// A tick of a root context; `arming` tells it from a timer that was set anew.
    Tick {
        vm: VmNumber,
        generation: u32,
        root: u32,
        arming: u32,
    },
    /// A shared queue has something.
    QueueReady { vm: VmNumber, root: u32, token: u32 },
    /// A callout ends.
    Callout { number: u64, arrival: Arrival },
}

/// Events in the order of their time; those of one time in the order of their making.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    events: BTreeMap<(Duration, u64), Event>,
    number_last: u64,
}

impl Agenda {
    pub(crate) fn add(&mut self, at: Duration, event: Event) {
        self.number_last = self.number_last.saturating_add(1);
        self.events.insert((at, self.number_last), event);
    }

    /// Takes the first event that is due by then.
    pub(crate) fn take(&mut self, by: Duration) -> Option<(Duration, Event)> {
        let entry = self.events.first_entry()?;
        let at = entry.key().0;
        (at <= by).then(|| (at, entry.remove()))
    }

    /// When the next event is due.
    pub(crate) fn next_at(&self) -> Option<Duration> {
        self.events.keys().next().map(|(at, _)| *at)
    }
}
