//! Shared data and shared queues: the only state that outlives a VM.

use std::collections::{BTreeMap, VecDeque};

use crate::status::Status;
use crate::thread::VmNumber;

/// Who is told that a queue has something: a root context in a VM.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Registrant {
    pub(crate) vm: VmNumber,
    pub(crate) root: u32,
}

/// Data and queues of all VMs, by `vm_id` and name.
///
/// They vanish with the last VM of their `vm_id`, as in `vm_id_handle.cc` of proxy-wasm-cpp-host.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    vms: BTreeMap<String, usize>,
    data: BTreeMap<(String, Vec<u8>), (Vec<u8>, u32)>,
    queues: BTreeMap<u32, Queue>,
    cas_last: u32,
    token_last: u32,
}

#[derive(Debug)]
struct Queue {
    vm_id: String,
    name: Vec<u8>,
    registrant: Registrant,
    items: VecDeque<Vec<u8>>,
}

impl Shared {
    /// A VM of this `vm_id` starts.
    pub(crate) fn join(&mut self, vm_id: &str) {
        let count = self.vms.entry(vm_id.to_owned()).or_default();
        *count = count.saturating_add(1);
    }

    /// A VM of this `vm_id` ends; with the last one everything under the `vm_id` ends.
    pub(crate) fn leave(&mut self, vm_id: &str) {
        let Some(count) = self.vms.get_mut(vm_id) else {
            return;
        };
        *count = count.saturating_sub(1);
        if *count == 0 {
            self.vms.remove(vm_id);
            self.data.retain(|(owner, _), _| owner != vm_id);
            self.queues.retain(|_, queue| queue.vm_id != vm_id);
        }
    }

    pub(crate) fn datum(&self, vm_id: &str, key: &[u8]) -> Result<(Vec<u8>, u32), Status> {
        self.data
            .get(&(vm_id.to_owned(), key.to_vec()))
            .cloned()
            .ok_or(Status::NotFound)
    }

    /// Sets a value; a `cas` of 0 asks for no comparison, and a new key compares with nothing.
    pub(crate) fn set(
        &mut self,
        vm_id: &str,
        key: &[u8],
        value: Vec<u8>,
        cas: u32,
    ) -> Result<(), Status> {
        let key = (vm_id.to_owned(), key.to_vec());
        if cas != 0 && self.data.get(&key).is_some_and(|(_, own)| *own != cas) {
            return Err(Status::CasMismatch);
        }
        self.cas_last = self.cas_last.wrapping_add(1).max(1);
        self.data.insert(key, (value, self.cas_last));
        Ok(())
    }

    /// Makes the queue, or takes over its notifications: the last registrant is the one told.
    pub(crate) fn register(&mut self, vm_id: &str, name: &[u8], registrant: Registrant) -> u32 {
        if let Some(token) = self.resolve(vm_id, name) {
            if let Some(queue) = self.queues.get_mut(&token) {
                queue.registrant = registrant;
            }
            return token;
        }
        self.token_last = self.token_last.wrapping_add(1).max(1);
        let queue = Queue {
            vm_id: vm_id.to_owned(),
            name: name.to_vec(),
            registrant,
            items: VecDeque::new(),
        };
        self.queues.insert(self.token_last, queue);
        self.token_last
    }

    pub(crate) fn resolve(&self, vm_id: &str, name: &[u8]) -> Option<u32> {
        let same = |queue: &Queue| queue.vm_id == vm_id && queue.name == name;
        self.queues
            .iter()
            .find(|(_, queue)| same(queue))
            .map(|(token, _)| *token)
    }

    /// Appends to the queue and says whom to tell.
    pub(crate) fn enqueue(&mut self, token: u32, item: Vec<u8>) -> Result<Registrant, Status> {
        let queue = self.queues.get_mut(&token).ok_or(Status::NotFound)?;
        queue.items.push_back(item);
        Ok(queue.registrant)
    }

    pub(crate) fn dequeue(&mut self, token: u32) -> Result<Vec<u8>, Status> {
        let queue = self.queues.get_mut(&token).ok_or(Status::NotFound)?;
        queue.items.pop_front().ok_or(Status::Empty)
    }

    pub(crate) fn items(&self, vm_id: &str, name: &[u8]) -> Vec<Vec<u8>> {
        let queue = self
            .resolve(vm_id, name)
            .and_then(|token| self.queues.get(&token));
        queue
            .map(|queue| queue.items.iter().cloned().collect())
            .unwrap_or_default()
    }
}
