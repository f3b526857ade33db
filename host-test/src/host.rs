//! The host: everything around the VMs, and the time in which they live.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::agenda::Event;
use crate::callout::{Arrival, Callout, CalloutState, Cluster};
use crate::error::Error;
use crate::instance::Instance;
use crate::log::{Level, LogLine};
use crate::plugin::Plugin;
use crate::profile::Profile;
use crate::slots::Slots;
use crate::status::Status;
use crate::thread::Thread;
use crate::vm::Vm;
use crate::world::World;

/// A proxy for tests: it owns the clock, the log, the upstreams and what VMs share.
///
/// Nothing happens by itself. Callbacks of streams come when a test takes a step; ticks, answers
/// to callouts and queue notifications come when it lets time pass, each at its time and those of
/// one time in the order in which they were caused. The same calls with the same seed do the same.
///
/// Clones are the same host. It stays on its thread; every test makes its own.
#[derive(Clone)]
pub struct Host {
    slots: Slots,
}

/// The VMs of a deployed plugin.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The VM of the main thread.
    pub main: Vm,
    /// One VM a worker.
    pub workers: Vec<Vm>,
}

impl Host {
    /// A host with seed 0.
    #[must_use]
    pub fn new(profile: Profile) -> Self {
        Self::with_seed(profile, 0)
    }

    /// A host whose guests get their randomness from this seed.
    #[must_use]
    pub fn with_seed(profile: Profile, seed: u64) -> Self {
        Self {
            slots: Slots::new(World::new(profile, EPOCH, seed)),
        }
    }

    /// Tries a plugin as Envoy does before it takes a configuration: started and configured in a
    /// VM that is then killed without a callback.
    ///
    /// # Errors
    ///
    /// When the plugin does not start or refuses its configuration.
    pub fn canary(&self, plugin: &Plugin) -> Result<(), Error> {
        Vm::canary(&self.slots, plugin)
    }

    /// Starts and configures a plugin in one VM of the first worker, without a canary.
    ///
    /// # Errors
    ///
    /// When the plugin does not start or refuses its configuration.
    pub fn start(&self, plugin: &Plugin) -> Result<Vm, Error> {
        self.start_on(Thread::Worker(0), plugin)
    }

    /// Starts and configures a plugin in one VM on a thread of choice, without a canary.
    ///
    /// # Errors
    ///
    /// When the plugin does not start or refuses its configuration.
    pub fn start_on(&self, thread: Thread, plugin: &Plugin) -> Result<Vm, Error> {
        Vm::start(&self.slots, plugin, thread)
    }

    /// Does what Envoy does with a plugin: a canary, then a VM for the main thread and one for
    /// each worker.
    ///
    /// # Errors
    ///
    /// When the plugin does not start or refuses its configuration.
    pub fn deploy(&self, plugin: &Plugin, workers: u32) -> Result<Deployment, Error> {
        self.slots
            .world
            .borrow_mut()
            .shared
            .join(&plugin.settings.vm_id);
        let deployed = self.deploy_all(plugin, workers);
        self.slots
            .world
            .borrow_mut()
            .shared
            .leave(&plugin.settings.vm_id);
        deployed
    }

    fn deploy_all(&self, plugin: &Plugin, workers: u32) -> Result<Deployment, Error> {
        self.canary(plugin)?;
        let main = Vm::start(&self.slots, plugin, Thread::Main)?;
        let workers =
            (0..workers).map(|worker| Vm::start(&self.slots, plugin, Thread::Worker(worker)));
        Ok(Deployment {
            main,
            workers: workers.collect::<Result<_, _>>()?,
        })
    }

    /// The proxy stops: all VMs are shut down, workers before the main thread.
    pub fn stop(&self) {
        let mut slots = self.slots.all();
        slots.sort_by_key(|slot| std::cmp::Reverse(slot.instance().thread()));
        for slot in slots {
            slot.instance().shut_down();
        }
    }

    /// The virtual time since the host was made.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.slots.world.borrow().now
    }

    /// The wall clock that guests see, in nanoseconds since the epoch.
    #[must_use]
    pub fn wall_clock_ns(&self) -> u64 {
        self.slots.world.borrow().wall_clock_ns()
    }

    /// How long it is until the next tick, answer or notification, if one is due at all.
    #[must_use]
    pub fn next_event_in(&self) -> Option<Duration> {
        let world = self.slots.world.borrow();
        Some(world.agenda.next_at()?.saturating_sub(world.now))
    }

    /// Lets time pass, and all come that is due in it. Gives the number of these events.
    ///
    /// Stops early, with time standing still, after a hundred thousand events: guests that wake
    /// each other for ever would never let time pass.
    pub fn advance(&self, by: Duration) -> usize {
        let until = self.now().saturating_add(by);
        for count in 0..EVENTS_PER_ADVANCE_MAX {
            let Some((at, event)) = self.take_due(until) else {
                self.slots.world.borrow_mut().now = until;
                return count;
            };
            self.slots.world.borrow_mut().now = at;
            self.deliver(event);
        }
        EVENTS_PER_ADVANCE_MAX
    }

    /// Lets come what is due now, without time passing.
    pub fn settle(&self) -> usize {
        self.advance(Duration::ZERO)
    }

    /// Adds a cluster, or replaces it for further callouts.
    pub fn set_cluster(&self, name: &str, cluster: Cluster) {
        self.slots.world.borrow_mut().set_cluster(name, cluster);
    }

    /// Removes a cluster; callouts in flight to it are reset.
    pub fn remove_cluster(&self, name: &str) {
        self.slots.world.borrow_mut().remove_cluster(name);
    }

    /// Adds a foreign function.
    pub fn set_foreign_function(
        &self,
        name: &str,
        function: impl FnMut(&[u8]) -> Result<Vec<u8>, Status> + 'static,
    ) {
        self.slots
            .world
            .borrow_mut()
            .foreign
            .insert(name.to_owned(), Box::new(function));
    }

    /// All callouts that left the proxy, in their order.
    #[must_use]
    pub fn callouts(&self) -> Vec<Callout> {
        self.slots.world.borrow().callouts()
    }

    /// The callouts that have ended, which the host then forgets: for long runs.
    #[must_use]
    pub fn take_ended_callouts(&self) -> Vec<Callout> {
        self.slots.world.borrow_mut().take_ended()
    }

    /// The log so far.
    #[must_use]
    pub fn log(&self) -> Vec<LogLine> {
        self.slots.world.borrow().log.clone()
    }

    /// The log since this was last called, which the host then forgets.
    #[must_use]
    pub fn take_log(&self) -> Vec<LogLine> {
        std::mem::take(&mut self.slots.world.borrow_mut().log)
    }

    /// The log's lines of at least this level, as text.
    #[must_use]
    pub fn log_text(&self, level: Level) -> Vec<String> {
        let world = self.slots.world.borrow();
        world
            .log
            .iter()
            .filter(|line| line.level >= level)
            .map(LogLine::text)
            .collect()
    }

    /// All counters and gauges by name.
    #[must_use]
    pub fn metrics(&self) -> BTreeMap<String, u64> {
        self.slots.world.borrow().metrics.all()
    }

    /// What was recorded in a histogram, in its order.
    #[must_use]
    pub fn histogram(&self, name: &str) -> Vec<u64> {
        self.slots.world.borrow().metrics.records(name)
    }

    /// The value of a key in the shared data of a `vm_id`.
    #[must_use]
    pub fn shared_data(&self, vm_id: &str, key: &str) -> Option<Vec<u8>> {
        let datum = self
            .slots
            .world
            .borrow()
            .shared
            .datum(vm_id, key.as_bytes());
        datum.ok().map(|(value, _)| value)
    }

    /// What is in a shared queue of a `vm_id`, oldest first.
    #[must_use]
    pub fn queue(&self, vm_id: &str, name: &str) -> Vec<Vec<u8>> {
        self.slots
            .world
            .borrow()
            .shared
            .items(vm_id, name.as_bytes())
    }

    fn take_due(&self, until: Duration) -> Option<(Duration, Event)> {
        self.slots.world.borrow_mut().agenda.take(until)
    }

    fn deliver(&self, event: Event) {
        match event {
            Event::Tick {
                vm,
                generation,
                root,
                arming,
            } => {
                let instance = self
                    .slots
                    .instance(vm)
                    .filter(|own| own.generation == generation);
                if let Some(instance) = instance {
                    self.tick(&instance, root, arming);
                }
            }
            Event::QueueReady { vm, root, token } => {
                let instance = self.slots.instance(vm);
                if let Some(instance) = instance.filter(|instance| instance.has_root(root)) {
                    instance.call(root, "proxy_on_queue_ready", &[token]);
                }
            }
            Event::Callout { number, arrival } => self.answer(number, arrival),
        }
    }

    /// One tick, and the timer set for the next one unless the guest has set it anew.
    fn tick(&self, instance: &Rc<Instance>, root: u32, arming: u32) {
        if instance.tick_period(root, arming).is_none() {
            return;
        }
        instance.call(root, "proxy_on_tick", &[]);
        if let Some(period) = instance.tick_period(root, arming) {
            let (vm, generation) = (instance.vm, instance.generation);
            let mut world = self.slots.world.borrow_mut();
            let at = world.now.saturating_add(period);
            world.agenda.add(
                at,
                Event::Tick {
                    vm,
                    generation,
                    root,
                    arming,
                },
            );
        }
    }

    fn answer(&self, number: u64, arrival: Arrival) {
        let callout = self
            .slots
            .world
            .borrow_mut()
            .settle(number, CalloutState::Answered);
        let Some(callout) = callout else { return };
        let response = match arrival {
            Arrival::Response(response) => Some(response),
            Arrival::Nothing => None,
        };
        if let Some(instance) = self.slots.instance(callout.vm) {
            instance.answer_callout(&callout, response);
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = self.now();
        formatter
            .debug_struct("Host")
            .field("now", &now)
            .finish_non_exhaustive()
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new(Profile::envoy())
    }
}

/// The wall clock at the start of every host: 2026-01-01T00:00:00Z.
const EPOCH: Duration = Duration::from_secs(1_767_225_600);

const EVENTS_PER_ADVANCE_MAX: usize = 100_000;
