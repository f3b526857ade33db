//! The one outbox of a VM, which all its root contexts and streams share.
//!
//! It outlives a change of the plugin's configuration, when an old and a new root live in the same
//! VM. No borrow spans a host call, since the host may call back.

use std::cell::RefCell;

use audit_layer_core::outbox::Outbox;
use audit_layer_core::time::Timestamp;

use crate::hold::{Hold, Holds};
use crate::host;
use crate::redirects::Redirects;
use crate::telemetry::Telemetry;

struct Shared {
    outbox: Outbox,
    telemetry: Telemetry,
    writer_id: String,
    roots: usize,
    /// The queue by which streams wake a root; absent where the host has none.
    wake: Option<u32>,
    /// Whether a root has been woken and has not come yet.
    is_woken: bool,
    holds: Holds,
    redirects: Redirects,
}

thread_local! {
    static SHARED: RefCell<Option<Shared>> = const { RefCell::new(None) };
}

/// A root begins to use the outbox; the first one makes it. Gives the writer id.
pub(crate) fn join() -> String {
    if let Some(writer_id) = with(|shared| {
        shared.roots = shared.roots.saturating_add(1);
        shared.writer_id.clone()
    }) {
        return writer_id;
    }
    let (writer_id, telemetry) = (hex(&host::entropy::<8>()), Telemetry::define());
    let seed = u64::from_le_bytes(host::entropy());
    let outbox = Outbox::new(writer_id.clone(), seed);
    let shared = Shared {
        outbox,
        telemetry,
        writer_id: writer_id.clone(),
        roots: 1,
        wake: None,
        is_woken: false,
        holds: Holds::default(),
        redirects: Redirects::default(),
    };
    SHARED.with_borrow_mut(|slot| *slot = Some(shared));
    writer_id
}

/// A root stops using the outbox. True if it was the last.
pub(crate) fn leave() -> bool {
    with(|shared| {
        shared.roots = shared.roots.saturating_sub(1);
        shared.roots == 0
    })
    .unwrap_or(false)
}

/// From now on a root is woken by this queue.
pub(crate) fn set_wake(queue: Option<u32>) {
    with(|shared| (shared.wake, shared.is_woken) = (queue, false));
}

/// A root has come: it sends what is due, and may be woken again.
pub(crate) fn woken() {
    with(|shared| shared.is_woken = false);
}

/// Calls for a root, since something is due and streams never send. Where this does not work, the
/// next tick does.
pub(crate) fn wake() {
    let queue = with(|shared| {
        let queue = shared.wake.filter(|_| !shared.is_woken);
        shared.is_woken = true;
        queue
    });
    if let Some(queue) = queue.flatten() {
        host::enqueue(queue, b"1");
    }
}

/// Uses the calls that wait. `f` must not call the host.
pub(crate) fn holds<T>(f: impl FnOnce(&mut Holds) -> T) -> Option<T> {
    with(|shared| f(&mut shared.holds))
}

/// Uses the calls between two passes. `f` must not call the host.
pub(crate) fn redirects<T>(f: impl FnOnce(&mut Redirects) -> T) -> Option<T> {
    with(|shared| f(&mut shared.redirects))
}

/// The VM's metrics.
pub(crate) fn telemetry() -> Option<Telemetry> {
    with(|shared| shared.telemetry)
}

/// The calls whose answer waits in vain.
pub(crate) fn take_refused(now: Timestamp) -> Option<(Vec<Hold>, Telemetry)> {
    with(|shared| (shared.holds.take_refused(now), shared.telemetry))
}

/// Uses the outbox, and reports how its size changed. `f` must not call the host.
pub(crate) fn outbox<T>(f: impl FnOnce(&mut Outbox) -> T) -> Option<(T, Telemetry)> {
    let (result, telemetry, before, after) = with(|shared| {
        let before = size(&shared.outbox);
        let result = f(&mut shared.outbox);
        (result, shared.telemetry, before, size(&shared.outbox))
    })?;
    telemetry.queue(before, after);
    Some((result, telemetry))
}

fn size(outbox: &Outbox) -> [usize; 2] {
    [outbox.depth(), outbox.bytes()]
}

fn with<T>(f: impl FnOnce(&mut Shared) -> T) -> Option<T> {
    SHARED.with(|slot| slot.try_borrow_mut().ok()?.as_mut().map(f))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
