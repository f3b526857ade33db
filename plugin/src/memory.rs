//! The VM's memory, of which clients may not take so much that none is left: where it is refused, the
//! VM ends, and with it the audit of its worker.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use audit_layer_core::limits::VM_BYTES_MAX;

#[global_allocator]
static MEMORY: Counted = Counted {
    in_use: AtomicUsize::new(0),
};

/// Whether so much of it is in use that bodies are no longer read.
pub(crate) fn is_short() -> bool {
    MEMORY.in_use.load(Ordering::Relaxed) > VM_BYTES_MAX
}

/// The system's allocator, and the bytes that it has given. Libraries that count are compiled into
/// every place that takes memory, which made the module a tenth larger.
struct Counted {
    in_use: AtomicUsize,
}

impl Counted {
    fn more(&self, bytes: usize, taken: *mut u8) -> *mut u8 {
        if !taken.is_null() {
            self.in_use.fetch_add(bytes, Ordering::Relaxed);
        }
        taken
    }

    fn less(&self, bytes: usize) {
        self.in_use.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[expect(
    unsafe_code,
    reason = "a global allocator cannot be written without; this one hands everything on as it came"
)]
// SAFETY: each call goes to `System` with the arguments of the caller, who keeps to the contract.
unsafe impl GlobalAlloc for Counted {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        self.more(layout.size(), unsafe { System.alloc(layout) })
    }

    #[inline(never)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        self.more(layout.size(), unsafe { System.alloc_zeroed(layout) })
    }

    #[inline(never)]
    unsafe fn dealloc(&self, taken: *mut u8, layout: Layout) {
        self.less(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(taken, layout) }
    }

    #[inline(never)]
    unsafe fn realloc(&self, taken: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        let moved = unsafe { System.realloc(taken, layout, new_size) };
        if !moved.is_null() {
            self.less(layout.size());
        }
        self.more(new_size, moved)
    }
}
