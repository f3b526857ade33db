//! All that the VMs of one host share.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::agenda::{Agenda, Event};
use crate::callout::{Arrival, Callout, CalloutState, Cluster, Outcome, arrival};
use crate::log::LogLine;
use crate::metrics::Metrics;
use crate::profile::Profile;
use crate::random::Random;
use crate::shared::Shared;
use crate::status::Status;
use crate::thread::VmNumber;

/// A foreign function: bytes in, bytes or a failure out.
pub(crate) type Foreign = Box<dyn FnMut(&[u8]) -> Result<Vec<u8>, Status>>;

/// The proxy around the VMs.
pub(crate) struct World {
    pub(crate) profile: Profile,
    /// Time since the host started.
    pub(crate) now: Duration,
    /// The wall clock when the host started, since the epoch.
    pub(crate) epoch: Duration,
    pub(crate) random: Random,
    pub(crate) log: Vec<LogLine>,
    pub(crate) shared: Shared,
    pub(crate) metrics: Metrics,
    pub(crate) foreign: BTreeMap<String, Foreign>,
    pub(crate) agenda: Agenda,
    clusters: BTreeMap<String, Cluster>,
    callouts: BTreeMap<u64, Callout>,
    vm_last: u32,
    callout_last: u64,
}

impl World {
    pub(crate) fn new(profile: Profile, epoch: Duration, seed: u64) -> Self {
        Self {
            profile,
            now: Duration::ZERO,
            epoch,
            random: Random::new(seed),
            log: Vec::new(),
            shared: Shared::default(),
            metrics: Metrics::default(),
            foreign: BTreeMap::new(),
            agenda: Agenda::default(),
            clusters: BTreeMap::new(),
            callouts: BTreeMap::new(),
            vm_last: 0,
            callout_last: 0,
        }
    }

    pub(crate) fn next_vm(&mut self) -> VmNumber {
        self.vm_last = self.vm_last.saturating_add(1);
        VmNumber(self.vm_last)
    }

    /// The wall clock, in nanoseconds since the epoch.
    pub(crate) fn wall_clock_ns(&self) -> u64 {
        u64::try_from(self.epoch.saturating_add(self.now).as_nanos()).unwrap_or(u64::MAX)
    }

    pub(crate) fn set_cluster(&mut self, name: &str, cluster: Cluster) {
        self.clusters.insert(name.to_owned(), cluster);
    }

    /// Removes a cluster; what is in flight to it is reset.
    pub(crate) fn remove_cluster(&mut self, name: &str) {
        self.clusters.remove(name);
        for (number, callout) in &self.callouts {
            if callout.cluster == name && callout.state == CalloutState::InFlight {
                let event = Event::Callout {
                    number: *number,
                    arrival: Arrival::Nothing,
                };
                self.agenda.add(self.now, event);
            }
        }
    }

    /// Sends a callout, or refuses it as Envoy does.
    pub(crate) fn send(&mut self, callout: Callout) -> Result<(), Status> {
        let in_flight = |other: &&Callout| {
            other.cluster == callout.cluster && other.state == CalloutState::InFlight
        };
        let in_flight = self.callouts.values().filter(in_flight).count();
        let cluster = self
            .clusters
            .get_mut(&callout.cluster)
            .ok_or(Status::BadArgument)?;
        let has = |name: &str| callout.headers.value(name).is_some();
        if !(has(":method") && has(":path") && has(":authority")) {
            return Err(Status::BadArgument);
        }
        if in_flight >= cluster.in_flight_max {
            return Err(Status::InternalFailure);
        }
        let outcome = cluster.respond(&callout);
        if let Outcome::Refuse(status) = outcome {
            return Err(status);
        }
        self.callout_last = self.callout_last.saturating_add(1);
        let number = self.callout_last;
        if let Some((after, arrival)) = arrival(outcome, callout.timeout) {
            let event = Event::Callout { number, arrival };
            self.agenda.add(self.now.saturating_add(after), event);
        }
        self.callouts.insert(number, callout);
        Ok(())
    }

    /// Ends a callout; nothing if it has ended before.
    pub(crate) fn settle(&mut self, number: u64, state: CalloutState) -> Option<Callout> {
        let callout = self.callouts.get_mut(&number)?;
        if callout.state != CalloutState::InFlight {
            return None;
        }
        callout.state = state;
        Some(callout.clone())
    }

    /// Cancels the callouts of a root context, or of all roots of a VM.
    pub(crate) fn cancel(&mut self, vm: VmNumber, generation: u32, root: Option<u32>) {
        for callout in self.callouts.values_mut() {
            let owner = callout.vm == vm && callout.generation == generation;
            let owned = owner && root.is_none_or(|root| callout.root == root);
            if owned && callout.state == CalloutState::InFlight {
                callout.state = CalloutState::Cancelled;
            }
        }
    }

    pub(crate) fn callouts(&self) -> Vec<Callout> {
        self.callouts.values().cloned().collect()
    }

    /// Forgets callouts that have ended.
    pub(crate) fn take_ended(&mut self) -> Vec<Callout> {
        let ended = |callout: &Callout| callout.state != CalloutState::InFlight;
        let taken = self
            .callouts
            .values()
            .filter(|callout| ended(callout))
            .cloned()
            .collect();
        self.callouts.retain(|_, callout| !ended(callout));
        taken
    }
}
