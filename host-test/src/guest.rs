//! What the host knows of one VM while the VM runs.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use wasmtime::{Memory, StoreLimits, StoreLimitsBuilder, TypedFunc};

use crate::context::{Context, Deferred, RootContext};
use crate::log::{Level, LogLine, Writer};
use crate::metrics;
use crate::settings::Settings;
use crate::stream_state::StreamState;
use crate::thread::{Thread, VmNumber};
use crate::world::World;

/// The data of a VM's store.
pub(crate) struct Guest {
    pub(crate) world: Rc<RefCell<World>>,
    pub(crate) vm: VmNumber,
    pub(crate) generation: u32,
    pub(crate) thread: Thread,
    pub(crate) settings: Settings,
    pub(crate) limits: StoreLimits,
    pub(crate) memory: Option<Memory>,
    pub(crate) allocator: Option<TypedFunc<u32, u32>>,
    pub(crate) phase: Phase,
    pub(crate) contexts: BTreeMap<u32, Context>,
    /// The context of the callback that runs.
    pub(crate) current: u32,
    /// The context that the guest chose instead; 0 for none.
    pub(crate) effective: u32,
    /// The plugin's configuration while it can be read.
    pub(crate) configuration: Option<Rc<[u8]>>,
    /// A local response was sent: whatever the callback returns, iteration stops.
    pub(crate) stopped: bool,
    pub(crate) deferred: VecDeque<Deferred>,
    pub(crate) metrics: BTreeMap<u32, metrics::Key>,
    context_last: u32,
    token_last: u32,
}

/// Which host calls are open to the guest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    /// Before the first callback: time, randomness, environment and logs only.
    Starting,
    /// Inside the guest's allocator: time and logs only.
    Allocating,
    /// In a callback.
    Running,
}

impl Guest {
    pub(crate) fn new(
        world: &Rc<RefCell<World>>,
        vm: VmNumber,
        generation: u32,
        thread: Thread,
        settings: &Settings,
    ) -> Self {
        let limits = StoreLimitsBuilder::new()
            .memory_size(settings.memory_bytes_max)
            .build();
        Self {
            world: Rc::clone(world),
            vm,
            generation,
            thread,
            settings: settings.clone(),
            limits,
            memory: None,
            allocator: None,
            phase: Phase::Starting,
            contexts: BTreeMap::new(),
            current: 0,
            effective: 0,
            configuration: None,
            stopped: false,
            deferred: VecDeque::new(),
            metrics: BTreeMap::new(),
            context_last: 0,
            token_last: 0,
        }
    }

    pub(crate) fn add_context(&mut self, context: impl FnOnce(u32) -> Context) -> u32 {
        self.context_last = self.context_last.saturating_add(1);
        let id = self.context_last;
        self.contexts.insert(id, context(id));
        id
    }

    /// Counts in fours, as Envoy 1.40 was seen to do.
    pub(crate) fn next_token(&mut self) -> u32 {
        self.token_last = self.token_last.saturating_add(4);
        self.token_last
    }

    /// The context that host calls are about; the current one if the chosen one is gone.
    pub(crate) fn context_id(&self) -> u32 {
        if self.contexts.contains_key(&self.effective) {
            self.effective
        } else {
            self.current
        }
    }

    /// The stream that host calls are about, if it is one.
    pub(crate) fn stream(&self) -> Option<&Rc<RefCell<StreamState>>> {
        match self.contexts.get(&self.context_id())? {
            Context::Stream(state) => Some(state),
            Context::Root(_) => None,
        }
    }

    /// The root context that host calls are about, or that owns their stream.
    pub(crate) fn root_id(&self) -> u32 {
        self.stream()
            .map_or_else(|| self.context_id(), |stream| stream.borrow().root)
    }

    pub(crate) fn root(&self, id: u32) -> Option<&RootContext> {
        match self.contexts.get(&id)? {
            Context::Root(root) => Some(root),
            Context::Stream(_) => None,
        }
    }

    pub(crate) fn root_mut(&mut self, id: u32) -> Option<&mut RootContext> {
        match self.contexts.get_mut(&id)? {
            Context::Root(root) => Some(root),
            Context::Stream(_) => None,
        }
    }

    pub(crate) fn log(&self, writer: Writer, level: Level, message: Vec<u8>) {
        let mut world = self.world.borrow_mut();
        let (at, thread, vm) = (world.now, self.thread, self.vm);
        world.log.push(LogLine {
            at,
            vm,
            thread,
            level,
            writer,
            message,
        });
    }
}
