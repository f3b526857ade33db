//! A VM: one module on one thread of the proxy.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::context::RootLife;
use crate::error::Error;
use crate::instance::Instance;
use crate::plugin::Plugin;
use crate::settings::FailurePolicy;
use crate::slots::{Slot, Slots};
use crate::stream::{self, Stream};
use crate::thread::{Thread, VmNumber};

/// A plugin in its VM. Clones are the same VM.
#[derive(Clone)]
pub struct Vm {
    slots: Slots,
    slot: Rc<Slot>,
}

impl Vm {
    pub(crate) fn start(slots: &Slots, plugin: &Plugin, thread: Thread) -> Result<Self, Error> {
        let world = &slots.world;
        let number = world.borrow_mut().next_vm();
        world.borrow_mut().shared.join(&plugin.settings.vm_id);
        let (instance, root) = match load(slots, number, 1, thread, plugin) {
            Ok(loaded) => loaded,
            Err(error) => {
                world.borrow_mut().shared.leave(&plugin.settings.vm_id);
                return Err(error);
            }
        };
        let loaded_at = Cell::new(world.borrow().now);
        let slot = Rc::new(Slot {
            number,
            thread,
            plugin: RefCell::new(plugin.clone()),
            instance: RefCell::new(instance),
            root: Cell::new(root),
            loaded_at,
        });
        slots.add(&slot);
        Ok(Self {
            slots: slots.clone(),
            slot,
        })
    }

    /// Starts a plugin in a VM that is then killed without a callback.
    pub(crate) fn canary(slots: &Slots, plugin: &Plugin) -> Result<(), Error> {
        let vm = Self::start(slots, plugin, Thread::Canary)?;
        slots.kill(vm.number());
        Ok(())
    }

    /// Its number within the host.
    #[must_use]
    pub fn number(&self) -> VmNumber {
        self.slot.number
    }

    /// Its thread.
    #[must_use]
    pub fn thread(&self) -> Thread {
        self.slot.thread
    }

    /// Whether it has neither trapped nor been killed.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.instance().is_alive()
    }

    /// Which callback trapped, and why.
    #[must_use]
    pub fn trap(&self) -> Option<String> {
        self.instance().trap()
    }

    /// The fuel that all its callbacks have used.
    #[must_use]
    pub fn fuel(&self) -> u64 {
        self.instance().fuel()
    }

    /// The size of its linear memory, which never shrinks.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.instance().memory_bytes()
    }

    /// Its newest root context.
    #[must_use]
    pub fn root(&self) -> Root {
        Root {
            instance: self.instance(),
            id: self.slot.root.get(),
        }
    }

    /// A new stream under the newest root context.
    ///
    /// If the VM has trapped, the failure policy decides: the stream passes without the plugin,
    /// gets 503, or gets a new VM.
    #[must_use]
    pub fn stream(&self) -> Stream {
        self.reload_if_due();
        let policy = self.slot.plugin.borrow().settings.failure_policy;
        let open = matches!(policy, FailurePolicy::Open | FailurePolicy::OpenForNew);
        let bypassed = open && !self.is_alive();
        Stream::open(self.instance(), self.slot.root.get(), bypassed)
    }

    /// Gives the plugin another configuration: a second root context in the same VM, which new
    /// streams use. The same configuration is the same root context, and nothing is called.
    ///
    /// The old root context lives on until [`Root::retire`]: at once for a filter that comes by
    /// ECDS, after the listener's drain time for one that comes by LDS.
    ///
    /// # Errors
    ///
    /// When a canary VM refuses the configuration; nothing changes then.
    pub fn reconfigure(&self, configuration: impl AsRef<[u8]>) -> Result<Root, Error> {
        if !self.is_alive() {
            return Err(Error::NotAlive);
        }
        let old = self.slot.plugin.borrow().clone();
        let plugin = old.clone().configuration(configuration);
        if plugin.settings.configuration == old.settings.configuration {
            return Ok(self.root());
        }
        Self::canary(&self.slots, &plugin)?;
        let instance = self.instance();
        let root = instance.open_root(&plugin)?;
        instance.configure(root, &plugin)?;
        self.slot.root.set(root);
        *self.slot.plugin.borrow_mut() = plugin;
        Ok(Root { instance, id: root })
    }

    /// Puts another VM in its place, as a change of code, VM configuration, environment or
    /// `vm_id` does by ECDS. This one is retired at once; by LDS it is retired after the
    /// listener's drain time, which is [`Host::start_on`](crate::Host::start_on) and a later [`Vm::retire`].
    ///
    /// # Errors
    ///
    /// When the new VM, or its canary, does not start; nothing changes then.
    pub fn replace(&self, plugin: &Plugin) -> Result<Self, Error> {
        Self::canary(&self.slots, plugin)?;
        let new = Self::start(&self.slots, plugin, self.thread())?;
        self.retire();
        Ok(new)
    }

    /// No new streams come: with the last stream `proxy_on_done` is called, and then the VM is
    /// killed whatever it answered. Callouts in flight are canceled.
    pub fn retire(&self) {
        self.instance().retire();
    }

    /// The proxy stops (SIGTERM): streams are cut with their last callbacks, `proxy_on_done` is
    /// called, the VM is killed. Nothing that it sends now leaves the proxy; only its log does.
    pub fn shut_down(&self) {
        self.instance().shut_down();
    }

    fn instance(&self) -> Rc<Instance> {
        self.slot.instance()
    }

    fn reload_if_due(&self) {
        let plugin = self.slot.plugin.borrow().clone();
        let old = self.instance();
        let now = self.slots.world.borrow().now;
        let waited = now.saturating_sub(self.slot.loaded_at.get());
        let trapped =
            old.trap().is_some() && plugin.settings.failure_policy == FailurePolicy::Reload;
        if !trapped || waited < RELOAD_BACKOFF {
            return;
        }
        self.slot.loaded_at.set(now);
        let generation = old.generation.saturating_add(1);
        let loaded = load(
            &self.slots,
            self.slot.number,
            generation,
            self.slot.thread,
            &plugin,
        );
        if let Ok((instance, root)) = loaded {
            *self.slot.instance.borrow_mut() = instance;
            self.slot.root.set(root);
        }
    }
}

impl fmt::Debug for Vm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Vm")
            .field("number", &self.number())
            .field("thread", &self.thread())
            .field("alive", &self.is_alive())
            .finish_non_exhaustive()
    }
}

/// A root context: one configuration of a plugin in a VM.
#[derive(Clone)]
pub struct Root {
    instance: Rc<Instance>,
    id: u32,
}

impl Root {
    /// The context's id in the guest.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// How far it has come.
    #[must_use]
    pub fn life(&self) -> RootLife {
        self.instance.root_life(self.id)
    }

    /// A new stream under this root context, as long as listeners still use it.
    #[must_use]
    pub fn stream(&self) -> Stream {
        Stream::open(Rc::clone(&self.instance), self.id, false)
    }

    /// Listeners use it no more: `proxy_on_done` is called now, or with its last stream.
    pub fn retire(&self) {
        self.instance.retire_root(self.id);
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Root")
            .field("id", &self.id)
            .field("life", &self.life())
            .finish_non_exhaustive()
    }
}

/// Instantiates a plugin's module, starts it and configures it.
fn load(
    slots: &Slots,
    number: VmNumber,
    generation: u32,
    thread: Thread,
    plugin: &Plugin,
) -> Result<(Rc<Instance>, u32), Error> {
    let instance = Instance::new(
        &slots.world,
        number,
        generation,
        thread,
        plugin,
        stream::act,
    )?;
    let root = instance.open_root(plugin)?;
    instance.start(root)?;
    instance.configure(root, plugin)?;
    Ok((instance, root))
}

/// The least time between two loads under `FAIL_RELOAD`: the base of Envoy's back-off, without
/// its jitter.
const RELOAD_BACKOFF: Duration = Duration::from_secs(1);
