//! One running module: its store, its callbacks, its end.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use wasmtime::{AsContext, Func, Store, Val};

use crate::abi;
use crate::callout::{Callout, Response};
use crate::context::{Context, Deferred, RootContext, RootLife};
use crate::error::Error;
use crate::guest::{Guest, Phase};
use crate::log::{Level, Writer};
use crate::module::ALLOCATORS;
use crate::plugin::{FailurePolicy, Plugin};
use crate::stream::filter::Filter;
use crate::stream::state::StreamState;
use crate::vm::{Thread, VmNumber};
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
}

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
    Trapped { value: Option<u32>, fuel: u64 },
}

impl Instance {
    /// Instantiates the module and runs its start functions, without any callback.
    pub(crate) fn new(
        world: &Rc<RefCell<World>>,
        vm: VmNumber,
        generation: u32,
        thread: Thread,
        plugin: &Plugin,
    ) -> Result<Rc<Self>, Error> {
        let module = &plugin.module.compiled;
        let guest = Guest::new(world, vm, generation, thread, plugin);
        let mut store = Store::new(module.engine(), guest);
        store.limiter(|guest| &mut guest.limits);
        store.set_fuel(FUEL_PER_CALL_MAX).map_err(Error::engine)?;
        let linker = abi::linker(module.engine(), module).map_err(Error::engine)?;
        let instance = linker.instantiate(&mut store, module);
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
            failure_policy: plugin.failure_policy,
            vm_id: plugin.vm_id.clone(),
        });
        instance.initialize()?;
        Ok(instance)
    }

    /// Runs `_initialize` and then `main`, or else `_start`, with few host calls open.
    fn initialize(self: &Rc<Self>) -> Result<(), Error> {
        let names: &[&'static str] = if self.exports.contains_key("_initialize") {
            &["_initialize", "__main_void"]
        } else {
            &["_start"]
        };
        for name in names {
            self.invoke(0, name, &[]);
        }
        self.store.borrow_mut().data_mut().phase = Phase::Running;
        self.trap().map_or(Ok(()), |trap| Err(Error::Trapped(trap)))
    }

    pub(crate) fn world(&self) -> &Rc<RefCell<World>> {
        &self.world
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
        if store.data().plugin.denied.contains(name) {
            return Called::Absent;
        }
        store.data_mut().current = context;
        store.data_mut().effective = 0;
        let params: Vec<Val> = args.iter().map(|arg| Val::I32(arg.cast_signed())).collect();
        let mut results = vec![Val::I32(0); function.ty(&*store).results().len()];
        let fueled = store.set_fuel(FUEL_PER_CALL_MAX);
        let called = fueled.and_then(|()| function.call(&mut *store, &params, &mut results));
        let fuel = FUEL_PER_CALL_MAX.saturating_sub(store.get_fuel().unwrap_or_default());
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
                Called::Trapped { value: None, fuel }
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
        loop {
            let next = self.guest(|guest| guest.deferred.pop_front());
            let filter = |state| Filter {
                instance: Rc::clone(self),
                state,
            };
            match next {
                None => return,
                Some(Deferred::Continue(state, side)) => filter(state).resume(side),
                Some(Deferred::Close(state)) => filter(state).reset(),
                Some(Deferred::Reply(state, response)) => filter(state).reply(response),
                Some(Deferred::DeleteRoot(root)) => self.delete_root(root),
            }
        }
    }

    /// Makes a root context; the first one of a VM starts the VM too.
    pub(crate) fn open_root(self: &Rc<Self>, plugin: &Plugin) -> Result<u32, Error> {
        let root = self.guest(|guest| {
            guest.configuration = Some(Rc::clone(&plugin.configuration));
            guest.add_context(|_| Context::Root(RootContext::boxed(plugin.clone())))
        });
        self.call(root, "proxy_on_context_create", &[0]);
        self.guest(|guest| guest.configuration = None);
        Ok(root)
    }

    pub(crate) fn start(self: &Rc<Self>, root: u32) -> Result<(), Error> {
        let size = self.guest(|guest| size(&guest.plugin.vm_configuration));
        self.ask(root, "proxy_on_vm_start", size, Error::StartRefused)
    }

    pub(crate) fn configure(self: &Rc<Self>, root: u32, plugin: &Plugin) -> Result<(), Error> {
        let configuration = Rc::clone(&plugin.configuration);
        let size = size(&configuration);
        self.guest(|guest| guest.configuration = Some(configuration));
        let answer = self.ask(
            root,
            "proxy_on_configure",
            size,
            Error::ConfigurationRefused,
        );
        self.guest(|guest| guest.configuration = None);
        answer
    }

    /// Asks for a yes; a missing callback is one.
    fn ask(
        self: &Rc<Self>,
        root: u32,
        name: &'static str,
        size: u32,
        refusal: Error,
    ) -> Result<(), Error> {
        let called = self.call_quietly(root, name, &[size]);
        self.run_deferred();
        match called {
            Called::Absent => Ok(()),
            Called::Returned { value, .. } if value != Some(0) => Ok(()),
            Called::Returned { .. } => Err(refusal),
            Called::Trapped { .. } | Called::Dead => {
                Err(self.trap().map_or(Error::NotAlive, Error::Trapped))
            }
        }
    }

    pub(crate) fn thread(&self) -> Thread {
        self.thread
    }

    pub(crate) fn has_root(&self, root: u32) -> bool {
        self.guest(|guest| guest.root(root).is_some())
    }

    /// The period of a root context's timer, if it is still set as it was then.
    pub(crate) fn tick_period(&self, root: u32, arming: u32) -> Option<Duration> {
        self.guest(|guest| {
            guest
                .root(root)
                .filter(|root| root.arming == arming)?
                .tick_period
        })
    }

    /// Gives a root context the answer to its callout; no response is one without any header.
    pub(crate) fn answer_callout(self: &Rc<Self>, callout: &Callout, response: Option<Response>) {
        let Callout { root, token, .. } = *callout;
        let sizes = response.as_ref().map_or([0; 3], |response| {
            [
                response.headers.len(),
                response.body.len(),
                response.trailers.len(),
            ]
        });
        let [headers, body, trailers] = sizes.map(|size| u32::try_from(size).unwrap_or(u32::MAX));
        self.set_callout(root, response);
        self.call(
            root,
            "proxy_on_http_call_response",
            &[token, headers, body, trailers],
        );
        self.set_callout(root, None);
    }

    fn set_callout(&self, root: u32, response: Option<Response>) {
        self.guest(|guest| {
            if let Some(root) = guest.root_mut(root) {
                root.callout = response;
            }
        });
    }

    pub(crate) fn open_stream(&self, root: u32) -> Rc<RefCell<StreamState>> {
        self.guest(|guest| {
            if let Some(root) = guest.root_mut(root) {
                root.streams = root.streams.saturating_add(1);
            }
            let state = Rc::new(RefCell::new(StreamState {
                root,
                ..StreamState::default()
            }));
            let id = guest.add_context(|_| Context::Stream(Rc::clone(&state)));
            state.borrow_mut().id = id;
            state
        })
    }

    /// Forgets a stream; a root context that waited for its last stream goes on to end.
    pub(crate) fn delete_stream(self: &Rc<Self>, id: u32, root: u32) {
        let last = self.guest(|guest| {
            guest.contexts.remove(&id)?;
            let root = guest.root_mut(root)?;
            root.streams = root.streams.saturating_sub(1);
            Some(root.streams == 0 && root.life == RootLife::Retiring)
        });
        if last == Some(true) {
            self.end_root(root);
        }
    }

    pub(crate) fn root_life(&self, root: u32) -> RootLife {
        if !self.is_alive() {
            return RootLife::Ended;
        }
        self.guest(|guest| guest.root(root).map_or(RootLife::Ended, |root| root.life))
    }

    /// The root contexts of which nothing has been said yet, in their order.
    pub(crate) fn open_roots(&self) -> Vec<u32> {
        self.guest(|guest| {
            let roots = guest
                .contexts
                .iter()
                .filter_map(|(id, context)| match context {
                    Context::Root(root) if root.life == RootLife::Open => Some(*id),
                    _ => None,
                });
            roots.collect()
        })
    }

    pub(crate) fn streams(&self) -> Vec<Rc<RefCell<StreamState>>> {
        self.guest(|guest| {
            let streams = guest.contexts.values().filter_map(|context| match context {
                Context::Stream(state) => Some(Rc::clone(state)),
                Context::Root(_) => None,
            });
            streams.collect()
        })
    }

    /// A root context is no longer wanted: it ends now, or with its last stream.
    pub(crate) fn retire_root(self: &Rc<Self>, root: u32) {
        let idle = self.guest(|guest| {
            let root = guest
                .root_mut(root)
                .filter(|root| root.life == RootLife::Open)?;
            root.life = RootLife::Retiring;
            Some(root.streams == 0)
        });
        if idle == Some(true) {
            self.end_root(root);
        }
    }

    /// Asks a root context whether it is done, and deletes it if so.
    fn end_root(self: &Rc<Self>, root: u32) {
        let called = self.call_quietly(root, "proxy_on_done", &[]);
        self.guest(|guest| {
            if let Some(root) = guest.root_mut(root) {
                root.life = RootLife::Pending;
            }
        });
        self.run_deferred();
        if !matches!(called, Called::Returned { value: Some(0), .. }) {
            self.delete_root(root);
        }
        self.kill_if_retired();
    }

    fn delete_root(self: &Rc<Self>, root: u32) {
        self.call(root, "proxy_on_delete", &[]);
        self.guest(|guest| guest.contexts.remove(&root));
        self.world
            .borrow_mut()
            .cancel(self.vm, self.generation, Some(root));
    }

    /// The VM is replaced or its listener removed: it is killed when its last stream has ended
    /// and its roots have been asked, whatever they answered.
    pub(crate) fn retire(self: &Rc<Self>) {
        self.retiring.set(true);
        for root in self.open_roots() {
            self.retire_root(root);
        }
        self.kill_if_retired();
    }

    fn kill_if_retired(self: &Rc<Self>) {
        let waiting = |guest: &mut Guest| {
            guest.contexts.values().any(|context| match context {
                Context::Root(root) => matches!(root.life, RootLife::Open | RootLife::Retiring),
                Context::Stream(_) => true,
            })
        };
        if self.retiring.get() && (!self.is_alive() || !self.guest(waiting)) {
            self.kill();
        }
    }

    /// The proxy stops: streams are cut, roots are asked, and the VM is killed.
    pub(crate) fn shut_down(self: &Rc<Self>) {
        for state in self.streams() {
            Filter {
                instance: Rc::clone(self),
                state,
            }
            .reset();
        }
        self.retire();
        self.kill();
    }

    /// Ends the VM without a word; its callouts are cancelled.
    pub(crate) fn kill(&self) {
        if self.is_gone() {
            return;
        }
        *self.life.borrow_mut() = Life::Gone;
        self.guest(|guest| guest.contexts.clear());
        let mut world = self.world.borrow_mut();
        world.cancel(self.vm, self.generation, None);
        world.shared.leave(&self.vm_id);
    }
}

/// A trap's causes in one line, without a backtrace.
fn describe(trap: &wasmtime::Error) -> String {
    format!("{}", trap.root_cause())
}

fn size(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// More than any sane callback uses: it turns an endless loop into a trap after some seconds.
const FUEL_PER_CALL_MAX: u64 = 20_000_000_000;
