//! One running module: its store, its callbacks, its traps.

mod contexts;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use wasmtime::{AsContext, Func, Store, Val};

use crate::context::{Asked, Deferred};
use crate::error::Error;
use crate::guest::{Guest, Phase};
use crate::log::{Level, Writer};
use crate::module::ALLOCATORS;
use crate::plugin::Plugin;
use crate::settings::FailurePolicy;
use crate::stream_state::StreamState;
use crate::thread::{Thread, VmNumber};
use crate::world::World;

/// A module in a VM.
pub(crate) struct Instance {
    world: Rc<RefCell<World>>,
    store: RefCell<Store<Guest>>,
    exports: BTreeMap<String, Func>,
    life: RefCell<Life>,
    retiring: Cell<bool>,
    fuel: Cell<u64>,
    pub(crate) vm: VmNumber,
    pub(crate) generation: u32,
    thread: Thread,
    failure_policy: FailurePolicy,
    vm_id: String,
    streams: Streams,
}

/// What is done with a stream when the guest, which asked for it, has returned. Streams are made of
/// instances, so that whoever makes an instance says how.
pub(crate) type Streams = fn(&Rc<Instance>, Rc<RefCell<StreamState>>, Asked);

/// Whether a VM still runs.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Life {
    Alive,
    Trapped(String),
    Gone,
}

/// What became of calling the guest.
pub(crate) enum Called {
    /// It has no such export, or it is denied.
    Absent,
    /// The VM was dead before.
    Dead,
    /// It returned.
    Returned {
        value: Option<u32>,
        stopped: bool,
        fuel: u64,
    },
    /// It trapped, and the VM is dead now.
    Trapped { fuel: u64 },
}

impl Instance {
    /// Instantiates the module and runs its start functions, without any callback.
    pub(crate) fn new(
        world: &Rc<RefCell<World>>,
        vm: VmNumber,
        generation: u32,
        thread: Thread,
        plugin: &Plugin,
        streams: Streams,
    ) -> Result<Rc<Self>, Error> {
        let guest = Guest::new(world, vm, generation, thread, &plugin.settings);
        let mut store = Store::new(plugin.module.linked.module().engine(), guest);
        store.limiter(|guest| &mut guest.limits);
        store
            .set_fuel(plugin.settings.fuel_per_callback_max)
            .map_err(Error::engine)?;
        let instance = plugin.module.linked.instantiate(&mut store);
        let instance = instance.map_err(|trap| Error::Trapped(describe(&trap)))?;
        let functions: Vec<_> = instance
            .exports(&mut store)
            .filter_map(|export| Some((export.name().to_owned(), export.into_func()?)))
            .collect();
        store.data_mut().memory = instance.get_memory(&mut store, "memory");
        let exports: BTreeMap<String, Func> = functions.into_iter().collect();
        let allocator = ALLOCATORS
            .iter()
            .find_map(|name| exports.get(*name))
            .ok_or(Error::Allocator)?;
        let allocator = allocator.typed(store.as_context()).map_err(Error::engine)?;
        store.data_mut().allocator = Some(allocator);
        let instance = Rc::new(Self {
            world: Rc::clone(world),
            store: RefCell::new(store),
            exports,
            life: RefCell::new(Life::Alive),
            retiring: Cell::new(false),
            fuel: Cell::new(0),
            vm,
            generation,
            thread,
            failure_policy: plugin.settings.failure_policy,
            vm_id: plugin.settings.vm_id.clone(),
            streams,
        });
        instance.initialize()?;
        Ok(instance)
    }

    /// Runs `_initialize` and then `main`, or else `_start`, with few host calls open.
    fn initialize(self: &Rc<Self>) -> Result<(), Error> {
        let exported = |name| self.exports.contains_key(name);
        let calls: &[(&str, &[u32])] = match (exported("_initialize"), exported("main")) {
            (true, true) => &[("_initialize", &[]), ("main", &[0, 0])],
            (true, false) => &[("_initialize", &[]), ("__main_void", &[])],
            (false, _) => &[("_start", &[])],
        };
        for (name, args) in calls {
            self.invoke(0, name, args);
        }
        self.store.borrow_mut().data_mut().phase = Phase::Running;
        self.trap().map_or(Ok(()), |trap| Err(Error::Trapped(trap)))
    }

    pub(crate) fn world(&self) -> &Rc<RefCell<World>> {
        &self.world
    }

    pub(crate) fn thread(&self) -> Thread {
        self.thread
    }

    pub(crate) fn failure_policy(&self) -> FailurePolicy {
        self.failure_policy
    }

    pub(crate) fn is_alive(&self) -> bool {
        *self.life.borrow() == Life::Alive
    }

    pub(crate) fn is_gone(&self) -> bool {
        *self.life.borrow() == Life::Gone
    }

    pub(crate) fn trap(&self) -> Option<String> {
        match &*self.life.borrow() {
            Life::Trapped(trap) => Some(trap.clone()),
            Life::Alive | Life::Gone => None,
        }
    }

    pub(crate) fn fuel(&self) -> u64 {
        self.fuel.get()
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let store = self.store.borrow();
        store
            .data()
            .memory
            .map_or(0, |memory| memory.data_size(&*store))
    }

    /// Works on what the host knows of the VM.
    pub(crate) fn guest<R>(&self, body: impl FnOnce(&mut Guest) -> R) -> R {
        body(self.store.borrow_mut().data_mut())
    }

    /// Calls the guest with a context first, then does what it asked for. Gives the fuel used,
    /// or nothing if the guest was not called.
    pub(crate) fn call(
        self: &Rc<Self>,
        context: u32,
        name: &'static str,
        args: &[u32],
    ) -> Option<u64> {
        let called = self.call_quietly(context, name, args);
        self.run_deferred();
        match called {
            Called::Returned { fuel, .. } | Called::Trapped { fuel, .. } => Some(fuel),
            Called::Absent | Called::Dead => None,
        }
    }

    /// Calls the guest with a context first; what it asked for is left to be done.
    pub(crate) fn call_quietly(&self, context: u32, name: &str, args: &[u32]) -> Called {
        let args: Vec<u32> = std::iter::once(context)
            .chain(args.iter().copied())
            .collect();
        self.invoke(context, name, &args)
    }

    fn invoke(&self, context: u32, name: &str, args: &[u32]) -> Called {
        if !self.is_alive() {
            return Called::Dead;
        }
        let Some(function) = self.exports.get(name) else {
            return Called::Absent;
        };
        let mut store = self.store.borrow_mut();
        if store.data().settings.denied.contains(name) {
            return Called::Absent;
        }
        store.data_mut().current = context;
        store.data_mut().effective = 0;
        let params: Vec<Val> = args.iter().map(|arg| Val::I32(arg.cast_signed())).collect();
        let mut results = vec![Val::I32(0); function.ty(&*store).results().len()];
        let fuel_max = store.data().settings.fuel_per_callback_max;
        let fueled = store.set_fuel(fuel_max);
        let called = fueled.and_then(|()| function.call(&mut *store, &params, &mut results));
        let fuel = fuel_max.saturating_sub(store.get_fuel().unwrap_or_default());
        self.fuel.set(self.fuel.get().saturating_add(fuel));
        let stopped = std::mem::take(&mut store.data_mut().stopped);
        drop(store);
        match called {
            Ok(()) => {
                let value = results.first().and_then(Val::i32).map(i32::cast_unsigned);
                Called::Returned {
                    value,
                    stopped,
                    fuel,
                }
            }
            Err(trap) => {
                self.die(name, &trap);
                Called::Trapped { fuel }
            }
        }
    }

    fn die(&self, name: &str, trap: &wasmtime::Error) {
        let message = format!("Function: {name} failed: {}", describe(trap));
        *self.life.borrow_mut() = Life::Trapped(message.clone());
        self.guest(|guest| {
            guest.deferred.clear();
            guest.log(Writer::Host, Level::Critical, message.into_bytes());
        });
        self.world
            .borrow_mut()
            .cancel(self.vm, self.generation, None);
    }

    /// Does what host calls asked for, in their order, now that the guest has returned.
    pub(crate) fn run_deferred(self: &Rc<Self>) {
        while let Some(next) = self.guest(|guest| guest.deferred.pop_front()) {
            match next {
                Deferred::Stream(state, asked) => self.stream(state, asked),
                Deferred::DeleteRoot(root) => self.delete_root(root),
            }
        }
    }

    fn stream(self: &Rc<Self>, state: Rc<RefCell<StreamState>>, asked: Asked) {
        (self.streams)(self, state, asked);
    }
}

/// A trap's causes in one line, without a backtrace.
fn describe(trap: &wasmtime::Error) -> String {
    format!("{}", trap.root_cause())
}
