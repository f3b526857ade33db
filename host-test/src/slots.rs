//! The places of the VMs in their host.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use crate::instance::Instance;
use crate::plugin::Plugin;
use crate::thread::{Thread, VmNumber};
use crate::world::World;

/// The place of a VM, which keeps its number when a trapped module is loaded anew.
pub(crate) struct Slot {
    pub(crate) number: VmNumber,
    pub(crate) thread: Thread,
    pub(crate) plugin: RefCell<Plugin>,
    pub(crate) instance: RefCell<Rc<Instance>>,
    pub(crate) root: Cell<u32>,
    pub(crate) loaded_at: Cell<Duration>,
}

impl Slot {
    pub(crate) fn instance(&self) -> Rc<Instance> {
        Rc::clone(&self.instance.borrow())
    }
}

/// The places, and the world around them. Clones are the same.
#[derive(Clone)]
pub(crate) struct Slots {
    pub(crate) world: Rc<RefCell<World>>,
    slots: Rc<RefCell<BTreeMap<VmNumber, Rc<Slot>>>>,
}

impl Slots {
    pub(crate) fn new(world: World) -> Self {
        Self {
            world: Rc::new(RefCell::new(world)),
            slots: Rc::default(),
        }
    }

    pub(crate) fn all(&self) -> Vec<Rc<Slot>> {
        self.slots.borrow().values().cloned().collect()
    }

    pub(crate) fn add(&self, slot: &Rc<Slot>) {
        self.slots.borrow_mut().insert(slot.number, Rc::clone(slot));
    }

    pub(crate) fn kill(&self, number: VmNumber) {
        if let Some(slot) = self.slots.borrow_mut().remove(&number) {
            slot.instance().kill();
        }
    }

    /// What runs there; nothing once it has been killed.
    pub(crate) fn instance(&self, number: VmNumber) -> Option<Rc<Instance>> {
        let instance = self.slots.borrow().get(&number)?.instance();
        if instance.is_gone() {
            self.slots.borrow_mut().remove(&number);
            return None;
        }
        Some(instance)
    }
}
