//! The one outbox of a VM, which all its root contexts and streams share.
//!
//! It outlives a change of the plugin's configuration, when an old and a new root live in the same
//! VM. No borrow spans a host call, since the host may call back.

use std::cell::RefCell;

use audit_layer_core::outbox::Outbox;

use crate::host;
use crate::telemetry::Telemetry;

struct Shared {
    outbox: Outbox,
    telemetry: Telemetry,
    writer_id: String,
    roots: usize,
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
