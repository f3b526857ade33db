//! Checked host calls.
//!
//! The SDK's own wrappers panic on statuses that they do not expect, and on header values that
//! are not UTF-8. Here a call that fails gives nothing. One call stays with the SDK,
//! `dispatch_http_call`, as its dispatcher must know the callout; whether it may be used, the host
//! is asked here first.
//!
//! Source: <https://github.com/proxy-wasm/spec/tree/main/abi-versions/v0.2.1>.
#![expect(unsafe_code, reason = "the host's functions are foreign")]

use std::cell::Cell;
use std::ptr;
use std::time::Duration;

use audit_layer_core::time::Timestamp;

/// The buffers that are read here, by their numbers in the ABI.
#[derive(Clone, Copy)]
pub(crate) enum Buffer {
    RequestBody = 0,
    ResponseBody = 1,
    CalloutResponseBody = 4,
    PluginConfiguration = 7,
}

/// The header maps that are read here, by their numbers in the ABI.
#[derive(Clone, Copy)]
pub(crate) enum Map {
    Request = 0,
    Response = 2,
    CalloutResponse = 6,
}

/// Severities, by their numbers in the ABI.
#[derive(Clone, Copy)]
pub(crate) enum Level {
    Info = 2,
    Warn = 3,
    Error = 4,
    Critical = 5,
}

/// Kinds of metrics, by their numbers in the ABI.
#[derive(Clone, Copy)]
pub(crate) enum MetricKind {
    Counter = 0,
    Gauge = 1,
    Histogram = 2,
}

const OK: u32 = 0;
const BAD_ARGUMENT: u32 = 2;
const INTERNAL_FAILURE: u32 = 10;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, message: *const u8, size: usize) -> u32;
    fn proxy_get_log_level(level: *mut u32) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        size_max: usize,
        bytes: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_header_map_pairs(map: u32, bytes: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *mut *mut u8,
        value_size: *mut usize,
    ) -> u32;
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_remove_header_map_value(map: u32, name: *const u8, name_size: usize) -> u32;
    fn proxy_get_property(
        path: *const u8,
        path_size: usize,
        value: *mut *mut u8,
        value_size: *mut usize,
    ) -> u32;
    fn proxy_register_shared_queue(name: *const u8, name_size: usize, queue: *mut u32) -> u32;
    fn proxy_enqueue_shared_queue(queue: u32, item: *const u8, item_size: usize) -> u32;
    fn proxy_dequeue_shared_queue(queue: u32, item: *mut *mut u8, item_size: *mut usize) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_continue_stream(direction: u32) -> u32;
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
    fn proxy_define_metric(kind: u32, name: *const u8, name_size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, by: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
}

/// Writes one line to the proxy's log; false if the host did not take it.
pub(crate) fn log(level: Level, line: &str) -> bool {
    // SAFETY: the host reads `line` during the call only.
    unsafe { proxy_log(number(level), line.as_ptr(), line.len()) == OK }
}

/// Whether the proxy's log shows lines of this level: hosts say that they took a line also when its
/// level is left out. True where the host does not tell.
pub(crate) fn shows(level: Level) -> bool {
    let mut least = 0;
    // SAFETY: the host writes one u32.
    let status = unsafe { proxy_get_log_level(&raw mut least) };
    status != OK || number(level) >= least
}

/// The host's clock; the epoch if it has none.
pub(crate) fn now() -> Timestamp {
    let since_epoch = Duration::from_nanos(now_ns());
    Timestamp::from_unix_ms(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

/// The same in nanoseconds since the Unix epoch.
pub(crate) fn now_ns() -> u64 {
    let mut nanoseconds = 0;
    // SAFETY: the host writes one u64.
    unsafe { proxy_get_current_time_nanoseconds(&raw mut nanoseconds) };
    nanoseconds
}

/// Fills a buffer with random bytes; false if the host refuses them.
pub(crate) fn fill(bytes: &mut [u8]) -> bool {
    getrandom::fill(bytes).is_ok()
}

/// Random bytes; zeros if the host refuses them.
pub(crate) fn entropy<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if !fill(&mut bytes) {
        bytes = [0; N];
    }
    bytes
}

thread_local! {
    /// Random bytes that no id has been made of.
    static UNUSED: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Random bytes for one id; zeros if the host refuses them. They are fetched for many ids at once, as
/// asking the host costs more than all that is made of them.
pub(crate) fn id_entropy() -> [u8; ID_BYTES] {
    let mut unused = UNUSED.take();
    if unused.len() < ID_BYTES {
        unused = entropy::<{ 32 * ID_BYTES }>().to_vec();
    }
    let id = unused.last_chunk().copied().unwrap_or_default();
    unused.truncate(unused.len().saturating_sub(ID_BYTES));
    UNUSED.set(unused);
    id
}

/// Random bytes of an id, as RFC 9562 has it for version 7.
const ID_BYTES: usize = 10;

/// Asks for `on_tick` in this period; false where the host has no ticks.
pub(crate) fn set_tick_period_ms(period_ms: u32) -> bool {
    // SAFETY: no memory is passed.
    unsafe { proxy_set_tick_period_milliseconds(period_ms) == OK }
}

/// A part of a buffer; empty if there is none.
pub(crate) fn buffer(buffer: Buffer, start: usize, size_max: usize) -> Vec<u8> {
    returned(|bytes, size| {
        // SAFETY: the host writes the address and size of memory that it allocated here.
        unsafe { proxy_get_buffer_bytes(number(buffer), start, size_max, bytes, size) }
    })
    .unwrap_or_default()
}

/// All headers of a map in their order; none where the map cannot be read.
pub(crate) fn headers(map: Map) -> Vec<(Vec<u8>, Vec<u8>)> {
    returned(|bytes, size| {
        // SAFETY: as in `buffer`.
        unsafe { proxy_get_header_map_pairs(number(map), bytes, size) }
    })
    .and_then(|pairs| parse_pairs(&pairs))
    .unwrap_or_default()
}

/// The value of one header.
pub(crate) fn header(map: Map, name: &str) -> Option<Vec<u8>> {
    returned(|bytes, size| {
        // SAFETY: as in `buffer`; the host reads `name` during the call only.
        unsafe { proxy_get_header_map_value(number(map), name.as_ptr(), name.len(), bytes, size) }
    })
}

/// Sets a header to one value.
pub(crate) fn set_header(map: Map, name: &str, value: &str) {
    // SAFETY: the host reads `name` and `value` during the call only.
    unsafe {
        proxy_replace_header_map_value(
            number(map),
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    };
}

/// Removes all values of a header.
pub(crate) fn remove_header(map: Map, name: &[u8]) {
    // SAFETY: the host reads `name` during the call only.
    unsafe { proxy_remove_header_map_value(number(map), name.as_ptr(), name.len()) };
}

/// A property of the stream, by the parts of its path.
pub(crate) fn property(path: &[&str]) -> Option<Vec<u8>> {
    let path = path.join("\0");
    returned(|bytes, size| {
        // SAFETY: as in `buffer`; the host reads `path` during the call only.
        unsafe { proxy_get_property(path.as_ptr(), path.len(), bytes, size) }
    })
}

/// The stream that host calls concern from now on; false if it is gone.
pub(crate) fn select_stream(stream: u32) -> bool {
    // SAFETY: no memory is passed.
    unsafe { proxy_set_effective_context(stream) == OK }
}

/// Lets the selected stream's response go on.
pub(crate) fn resume_response() {
    const RESPONSE: u32 = 1;
    // SAFETY: no memory is passed.
    unsafe { proxy_continue_stream(RESPONSE) };
}

/// Answers the stream in the upstream's place; `details` is what the proxy's logs say of it.
pub(crate) fn answer(status: u32, details: &str, headers: &[(&str, &str)], body: &str) {
    const NO_GRPC: i32 = -1;
    let headers = pairs(headers);
    // SAFETY: the host reads `details`, `body` and `headers` during the call only.
    unsafe {
        proxy_send_local_response(
            status,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC,
        )
    };
}

/// Makes a queue that all VMs of this `vm_id` share, or finds the one of that name; from now on
/// this context is told when something is put into it.
pub(crate) fn register_queue(name: &str) -> Option<u32> {
    let mut queue = 0;
    // SAFETY: the host reads `name` during the call only and writes one u32.
    let status = unsafe { proxy_register_shared_queue(name.as_ptr(), name.len(), &raw mut queue) };
    (status == OK).then_some(queue)
}

/// Puts an item into a shared queue; false if the host did not take it.
pub(crate) fn enqueue(queue: u32, item: &[u8]) -> bool {
    // SAFETY: the host reads `item` during the call only.
    unsafe { proxy_enqueue_shared_queue(queue, item.as_ptr(), item.len()) == OK }
}

/// Takes the oldest item out of a shared queue.
pub(crate) fn dequeue(queue: u32) -> Option<Vec<u8>> {
    returned(|item, size| {
        // SAFETY: as in `buffer`.
        unsafe { proxy_dequeue_shared_queue(queue, item, size) }
    })
}

/// Whether the host has callouts. It is asked for one to nowhere, which those that do refuse with
/// one of the two statuses that the SDK's function expects; of others it would panic.
pub(crate) fn has_callouts() -> bool {
    let nothing: &[u8] = &[];
    let (start, size) = (nothing.as_ptr(), nothing.len());
    let mut token = 0;
    // SAFETY: the host reads nothing, and writes one u32 at most.
    let status = unsafe {
        let token = &raw mut token;
        proxy_http_call(start, size, start, size, start, size, start, size, 1, token)
    };
    matches!(status, BAD_ARGUMENT | INTERNAL_FAILURE)
}

/// Defines a metric, or finds the one of that name.
pub(crate) fn define_metric(kind: MetricKind, name: &str) -> Option<u32> {
    let mut id = 0;
    // SAFETY: the host reads `name` during the call only and writes one u32.
    let status =
        unsafe { proxy_define_metric(number(kind), name.as_ptr(), name.len(), &raw mut id) };
    (status == OK).then_some(id)
}

/// Adds to a counter, or to a gauge, from which it can also take.
pub(crate) fn increment_metric(id: u32, by: i64) {
    // SAFETY: no memory is passed.
    unsafe { proxy_increment_metric(id, by) };
}

/// Adds a value to a histogram.
pub(crate) fn record_metric(id: u32, value: u64) {
    // SAFETY: no memory is passed.
    unsafe { proxy_record_metric(id, value) };
}

/// Takes over memory that a host call returns; nothing if the call fails.
fn returned(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Option<Vec<u8>> {
    let mut bytes = ptr::null_mut();
    let mut size = 0;
    if call(&raw mut bytes, &raw mut size) != OK || bytes.is_null() {
        return None;
    }
    // SAFETY: the host allocated the memory by `proxy_on_memory_allocate`, which makes a boxed
    // slice of exactly this size, and gives it up.
    Some(unsafe { Vec::from_raw_parts(bytes, size, size) })
}

/// Parses the ABI's form of a map: the number of pairs, then the sizes of each name and value,
/// then each name and value followed by a zero; numbers are 32-bit little-endian.
fn parse_pairs(bytes: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let (count, mut sizes) = take_number(bytes)?;
    let mut text = sizes.get(count.checked_mul(8)?..)?;
    let mut pairs = Vec::new();
    for _ in 0..count {
        let (name_size, after_name) = take_number(sizes)?;
        let (value_size, after_value) = take_number(after_name)?;
        let (name, after_name) = take_text(text, name_size)?;
        let (value, rest) = take_text(after_name, value_size)?;
        pairs.push((name.to_vec(), value.to_vec()));
        (sizes, text) = (after_value, rest);
    }
    Some(pairs)
}

/// Writes that form.
fn pairs(headers: &[(&str, &str)]) -> Vec<u8> {
    let size = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = u32::try_from(headers.len())
        .unwrap_or(u32::MAX)
        .to_le_bytes()
        .to_vec();
    for (name, value) in headers {
        bytes.extend([size(name), size(value)].concat());
    }
    for (name, value) in headers {
        bytes.extend([name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
    }
    bytes
}

fn take_number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

fn take_text(bytes: &[u8], size: usize) -> Option<(&[u8], &[u8])> {
    let (text, rest) = bytes.split_at_checked(size)?;
    Some((text, rest.strip_prefix(b"\0")?))
}

/// The ABI's number of an enum above.
fn number(value: impl Into<u32>) -> u32 {
    value.into()
}

macro_rules! numbered {
    ($($name:ident)+) => {$(
        impl From<$name> for u32 {
            #[expect(clippy::as_conversions, reason = "a fieldless enum is its number")]
            fn from(value: $name) -> Self {
                value as u32
            }
        }
    )+};
}

numbered! { Buffer Map Level MetricKind }
