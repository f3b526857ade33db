//! Streams that are held and resumed.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::host::{
    REQUEST, REQUEST_HEADERS, RESPONSE, RESPONSE_BODY, RESPONSE_HEADERS, buffer, continue_stream,
    header, reply, say, set_effective_context, set_property, tick_every_ms,
};
use crate::{CONTINUE, Guest, PAUSE};

static HELD: AtomicU32 = AtomicU32::new(0);

fn resume(kind: u32) {
    let held = HELD.swap(0, Ordering::Relaxed);
    if held != 0 {
        say(&format!("effective: {}", set_effective_context(held)));
        say(&format!("continue: {}", continue_stream(kind)));
    }
}

fn tell(size: u32, end: bool) {
    let status = header(RESPONSE_HEADERS, ":status");
    say(&format!("body {size} {end} status {status:?}"));
}

/// Pauses the response's headers, and resumes them at the next tick.
pub(crate) struct HoldsResponse;

impl Guest for HoldsResponse {
    fn configure(&self, _: u32, _: &str) -> bool {
        tick_every_ms(10) == 0
    }
    fn response_headers(&self, stream: u32, _: bool) -> u32 {
        HELD.store(stream, Ordering::Relaxed);
        PAUSE
    }
    fn response_body(&self, _: u32, size: u32, end: bool) -> u32 {
        tell(size, end);
        CONTINUE
    }
    fn response_trailers(&self, _: u32) -> u32 {
        say("trailers");
        CONTINUE
    }
    fn tick(&self, _: u32) {
        resume(RESPONSE);
    }
}

/// Pauses the response's headers, and answers itself at the next tick.
pub(crate) struct AnswersHeldResponse;

impl Guest for AnswersHeldResponse {
    fn configure(&self, _: u32, _: &str) -> bool {
        tick_every_ms(10) == 0
    }
    fn response_headers(&self, stream: u32, _: bool) -> u32 {
        HELD.store(stream, Ordering::Relaxed);
        PAUSE
    }
    fn response_body(&self, _: u32, size: u32, end: bool) -> u32 {
        tell(size, end);
        CONTINUE
    }
    fn tick(&self, _: u32) {
        set_effective_context(HELD.load(Ordering::Relaxed));
        say(&format!("reply: {}", reply(503, &[], "not acknowledged")));
    }
}

/// Pauses the request's headers, and resumes them at the next tick.
pub(crate) struct HoldsRequest;

impl Guest for HoldsRequest {
    fn configure(&self, _: u32, _: &str) -> bool {
        tick_every_ms(10) == 0
    }
    fn request_headers(&self, stream: u32, _: bool) -> u32 {
        HELD.store(stream, Ordering::Relaxed);
        PAUSE
    }
    fn request_body(&self, _: u32, size: u32, end: bool) -> u32 {
        let path = header(REQUEST_HEADERS, ":path");
        say(&format!("body {size} {end} path {path:?}"));
        CONTINUE
    }
    fn tick(&self, _: u32) {
        resume(REQUEST);
    }
}

/// Pauses a response's last callback, reads what is held at a tick, and resumes.
pub(crate) struct HoldsEnd;

impl Guest for HoldsEnd {
    fn configure(&self, _: u32, _: &str) -> bool {
        tick_every_ms(10) == 0
    }
    fn response_body(&self, stream: u32, _: u32, end: bool) -> u32 {
        HELD.store(stream, Ordering::Relaxed);
        if end { PAUSE } else { CONTINUE }
    }
    fn tick(&self, _: u32) {
        set_effective_context(HELD.load(Ordering::Relaxed));
        say(&format!(
            "held: {:?}",
            buffer(RESPONSE_BODY, 0, 10).map(|bytes| bytes.len())
        ));
        resume(RESPONSE);
    }
}

/// Pauses the response's headers and nothing else.
pub(crate) struct PausesHeadersOnly;

impl Guest for PausesHeadersOnly {
    fn response_headers(&self, _: u32, _: bool) -> u32 {
        PAUSE
    }
    fn response_body(&self, _: u32, size: u32, end: bool) -> u32 {
        tell(size, end);
        CONTINUE
    }
}

/// Pauses everything of a response until its end.
pub(crate) struct CollectsWithHeaders;

impl Guest for CollectsWithHeaders {
    fn response_headers(&self, _: u32, _: bool) -> u32 {
        PAUSE
    }
    fn response_body(&self, _: u32, _: u32, end: bool) -> u32 {
        if end { CONTINUE } else { PAUSE }
    }
}

/// Holds the first request, and answers it when the second one comes.
pub(crate) struct AnswersAnother;

impl Guest for AnswersAnother {
    fn request_headers(&self, stream: u32, _: bool) -> u32 {
        if HELD.load(Ordering::Relaxed) == 0 {
            HELD.store(stream, Ordering::Relaxed);
            return PAUSE;
        }
        set_effective_context(HELD.load(Ordering::Relaxed));
        reply(403, &[], "");
        CONTINUE
    }
}

/// Chooses a stream at every tick, and says whether it was chosen before and after.
pub(crate) struct ChoosesAtTicks;

impl Guest for ChoosesAtTicks {
    fn configure(&self, _: u32, _: &str) -> bool {
        tick_every_ms(10) == 0
    }
    fn request_headers(&self, stream: u32, _: bool) -> u32 {
        HELD.store(stream, Ordering::Relaxed);
        CONTINUE
    }
    fn tick(&self, _: u32) {
        let before = set_property("own", "1");
        set_effective_context(HELD.load(Ordering::Relaxed));
        say(&format!(
            "before {before} after {}",
            set_property("own", "1")
        ));
    }
}

/// Chooses a context that does not exist, and continues a root context.
pub(crate) struct ResumesNobody;

impl Guest for ResumesNobody {
    fn configure(&self, _: u32, _: &str) -> bool {
        say(&format!("unknown context: {}", set_effective_context(99)));
        say(&format!("root context: {}", continue_stream(RESPONSE)));
        say(&format!("upstream: {}", continue_stream(3)));
        say(&format!("unknown kind: {}", continue_stream(4)));
        true
    }
}
