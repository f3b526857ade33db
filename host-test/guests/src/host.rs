//! Host calls, with their status as it comes.

use std::ptr;

/// A value, or the status that came instead.
pub(crate) type Answer<T> = Result<T, u32>;

pub(crate) const REQUEST_BODY: u32 = 0;
pub(crate) const RESPONSE_BODY: u32 = 1;
pub(crate) const CALLOUT_BODY: u32 = 4;
pub(crate) const PLUGIN_CONFIGURATION: u32 = 7;

pub(crate) const REQUEST_HEADERS: u32 = 0;
pub(crate) const REQUEST_TRAILERS: u32 = 1;
pub(crate) const RESPONSE_HEADERS: u32 = 2;
pub(crate) const RESPONSE_TRAILERS: u32 = 3;
pub(crate) const CALLOUT_HEADERS: u32 = 6;

pub(crate) const REQUEST: u32 = 0;
pub(crate) const RESPONSE: u32 = 1;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, at: *const u8, size: usize) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_get_current_time_nanoseconds(at: *mut u64) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: u32,
        size_max: u32,
        at: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_set_buffer_bytes(buffer: u32, start: u32, size: u32, at: *const u8, n: usize) -> u32;
    fn proxy_get_header_map_pairs(map: u32, at: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        at: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_get_property(
        path: *const u8,
        path_size: usize,
        at: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_set_property(path: *const u8, path_size: usize, at: *const u8, size: usize) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        at: *mut *mut u8,
        size: *mut usize,
        cas: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(
        key: *const u8,
        key_size: usize,
        at: *const u8,
        size: usize,
        cas: u32,
    ) -> u32;
    fn proxy_register_shared_queue(name: *const u8, size: usize, queue: *mut u32) -> u32;
    fn proxy_resolve_shared_queue(
        vm_id: *const u8,
        vm_id_size: usize,
        name: *const u8,
        size: usize,
        queue: *mut u32,
    ) -> u32;
    fn proxy_enqueue_shared_queue(queue: u32, at: *const u8, size: usize) -> u32;
    fn proxy_dequeue_shared_queue(queue: u32, at: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_http_call(
        cluster: *const u8,
        cluster_size: usize,
        headers: *const u8,
        headers_size: usize,
        body: *const u8,
        body_size: usize,
        trailers: *const u8,
        trailers_size: usize,
        timeout_ms: u32,
        token: *mut u32,
    ) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, by: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
    fn proxy_get_metric(id: u32, value: *mut u64) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_continue_stream(kind: u32) -> u32;
    fn proxy_close_stream(kind: u32) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
    fn proxy_done() -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        input: *const u8,
        input_size: usize,
        at: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
}

pub(crate) fn say(line: &str) {
    unsafe { proxy_log(2, line.as_ptr(), line.len()) };
}

pub(crate) fn tick_every_ms(period: u32) -> u32 {
    unsafe { proxy_set_tick_period_milliseconds(period) }
}

pub(crate) fn now_ns() -> u64 {
    let mut now = 0;
    unsafe { proxy_get_current_time_nanoseconds(&raw mut now) };
    now
}

pub(crate) fn buffer(buffer: u32, start: u32, size_max: u32) -> Answer<Vec<u8>> {
    given(|at, size| unsafe { proxy_get_buffer_bytes(buffer, start, size_max, at, size) })
}

pub(crate) fn set_buffer(buffer: u32, start: u32, size: u32, bytes: &[u8]) -> u32 {
    unsafe { proxy_set_buffer_bytes(buffer, start, size, bytes.as_ptr(), bytes.len()) }
}

pub(crate) fn pairs(map: u32) -> Answer<Vec<u8>> {
    given(|at, size| unsafe { proxy_get_header_map_pairs(map, at, size) })
}

pub(crate) fn header(map: u32, name: &str) -> Answer<String> {
    text(given(|at, size| unsafe {
        proxy_get_header_map_value(map, name.as_ptr(), name.len(), at, size)
    }))
}

pub(crate) fn set_header(map: u32, name: &str, value: &str) -> u32 {
    unsafe {
        proxy_replace_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len())
    }
}

pub(crate) fn property(path: &str) -> Answer<String> {
    text(given(|at, size| unsafe {
        proxy_get_property(path.as_ptr(), path.len(), at, size)
    }))
}

pub(crate) fn set_property(path: &str, value: &str) -> u32 {
    unsafe { proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) }
}

pub(crate) fn shared_data(key: &str) -> Answer<(String, u32)> {
    let mut cas = 0;
    let value = text(given(|at, size| unsafe {
        proxy_get_shared_data(key.as_ptr(), key.len(), at, size, &raw mut cas)
    }));
    value.map(|value| (value, cas))
}

pub(crate) fn set_shared_data(key: &str, value: &str, cas: u32) -> u32 {
    unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas) }
}

pub(crate) fn register_queue(name: &str) -> Answer<u32> {
    number(|queue| unsafe { proxy_register_shared_queue(name.as_ptr(), name.len(), queue) })
}

pub(crate) fn resolve_queue(vm_id: &str, name: &str) -> Answer<u32> {
    number(|queue| unsafe {
        let (vm_id, vm_id_size) = (vm_id.as_ptr(), vm_id.len());
        proxy_resolve_shared_queue(vm_id, vm_id_size, name.as_ptr(), name.len(), queue)
    })
}

pub(crate) fn enqueue(queue: u32, item: &str) -> u32 {
    unsafe { proxy_enqueue_shared_queue(queue, item.as_ptr(), item.len()) }
}

pub(crate) fn dequeue(queue: u32) -> Answer<String> {
    text(given(|at, size| unsafe {
        proxy_dequeue_shared_queue(queue, at, size)
    }))
}

pub(crate) fn http_call(
    cluster: &str,
    headers: &[(&str, &str)],
    body: &str,
    timeout_ms: u32,
) -> Answer<u32> {
    let headers = marshal(headers);
    number(|token| unsafe {
        proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            ptr::null(),
            0,
            timeout_ms,
            token,
        )
    })
}

pub(crate) fn define_metric(kind: u32, name: &str) -> Answer<u32> {
    number(|id| unsafe { proxy_define_metric(kind, name.as_ptr(), name.len(), id) })
}

pub(crate) fn increment_metric(id: u32, by: i64) -> u32 {
    unsafe { proxy_increment_metric(id, by) }
}

pub(crate) fn record_metric(id: u32, value: u64) -> u32 {
    unsafe { proxy_record_metric(id, value) }
}

pub(crate) fn metric(id: u32) -> Answer<u64> {
    let mut value = 0;
    let status = unsafe { proxy_get_metric(id, &raw mut value) };
    if status == 0 { Ok(value) } else { Err(status) }
}

pub(crate) fn set_effective_context(context: u32) -> u32 {
    unsafe { proxy_set_effective_context(context) }
}

pub(crate) fn continue_stream(kind: u32) -> u32 {
    unsafe { proxy_continue_stream(kind) }
}

pub(crate) fn close_stream(kind: u32) -> u32 {
    unsafe { proxy_close_stream(kind) }
}

pub(crate) fn reply(status: u32, headers: &[(&str, &str)], body: &str) -> u32 {
    let headers = marshal(headers);
    unsafe {
        proxy_send_local_response(
            status,
            ptr::null(),
            0,
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            -1,
        )
    }
}

pub(crate) fn done() -> u32 {
    unsafe { proxy_done() }
}

pub(crate) fn foreign(name: &str, input: &str) -> Answer<String> {
    text(given(|at, size| unsafe {
        let (input, input_size) = (input.as_ptr(), input.len());
        proxy_call_foreign_function(name.as_ptr(), name.len(), input, input_size, at, size)
    }))
}

fn given(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Answer<Vec<u8>> {
    let (mut bytes, mut size) = (ptr::null_mut(), 0);
    match call(&raw mut bytes, &raw mut size) {
        0 if bytes.is_null() => Ok(Vec::new()),
        0 => Ok(unsafe { Vec::from_raw_parts(bytes, size, size) }),
        status => Err(status),
    }
}

fn text(bytes: Answer<Vec<u8>>) -> Answer<String> {
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn number(call: impl FnOnce(*mut u32) -> u32) -> Answer<u32> {
    let mut value = 0;
    match call(&raw mut value) {
        0 => Ok(value),
        status => Err(status),
    }
}

fn marshal(pairs: &[(&str, &str)]) -> Vec<u8> {
    let number = |value: usize| (value as u32).to_le_bytes();
    let mut bytes = number(pairs.len()).to_vec();
    for (name, value) in pairs {
        bytes.extend(number(name.len()));
        bytes.extend(number(value.len()));
    }
    for (name, value) in pairs {
        bytes.extend([name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
    }
    bytes
}
