//! The module's exports, which pick the guest of a context.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::guests::{self, Chosen};
use crate::host;

thread_local! {
    /// The guest of each root context, and the root context of each stream.
    static CONTEXTS: RefCell<(BTreeMap<u32, Chosen>, BTreeMap<u32, u32>)> = const {
        RefCell::new((BTreeMap::new(), BTreeMap::new()))
    };
}

fn guest(context: u32) -> Chosen {
    CONTEXTS.with_borrow(|(roots, streams)| {
        let root = streams.get(&context).copied().unwrap_or(context);
        roots.get(&root).copied().unwrap_or(guests::SILENT)
    })
}

#[unsafe(no_mangle)]
extern "C" fn proxy_abi_version_0_2_1() {}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut u8 {
    Box::leak(vec![0; size].into_boxed_slice()).as_mut_ptr()
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_context_create(context: u32, root: u32) {
    if root != 0 {
        CONTEXTS.with_borrow_mut(|(_, streams)| streams.insert(context, root));
    }
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_configure(root: u32, _size: u32) -> bool {
    let configuration = host::buffer(host::PLUGIN_CONFIGURATION, 0, u32::MAX).unwrap_or_default();
    let configuration = String::from_utf8(configuration).unwrap();
    let (name, argument) = configuration
        .split_once(' ')
        .unwrap_or((&configuration, ""));
    let Some(chosen) = guests::by_name(name) else {
        host::say(&format!("no guest {name}"));
        return false;
    };
    CONTEXTS.with_borrow_mut(|(roots, _)| roots.insert(root, chosen));
    chosen.configure(root, argument)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_headers(stream: u32, _count: u32, end: u32) -> u32 {
    guest(stream).request_headers(stream, end != 0)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_body(stream: u32, size: u32, end: u32) -> u32 {
    guest(stream).request_body(stream, size, end != 0)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_request_trailers(stream: u32, _count: u32) -> u32 {
    guest(stream).request_trailers(stream)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_headers(stream: u32, _count: u32, end: u32) -> u32 {
    guest(stream).response_headers(stream, end != 0)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_body(stream: u32, size: u32, end: u32) -> u32 {
    guest(stream).response_body(stream, size, end != 0)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_response_trailers(stream: u32, _count: u32) -> u32 {
    guest(stream).response_trailers(stream)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_log(stream: u32) {
    guest(stream).log(stream);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_done(context: u32) -> bool {
    guest(context).done(context)
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_delete(context: u32) {
    guest(context).delete(context);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_tick(root: u32) {
    guest(root).tick(root);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_queue_ready(root: u32, queue: u32) {
    guest(root).queue_ready(root, queue);
}

#[unsafe(no_mangle)]
extern "C" fn proxy_on_http_call_response(
    root: u32,
    token: u32,
    headers: u32,
    body: u32,
    _trailers: u32,
) {
    guest(root).call_response(root, token, headers, body);
}
