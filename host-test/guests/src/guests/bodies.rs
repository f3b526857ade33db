//! What of a body can be read when.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::host::{
    CALLOUT_BODY, PLUGIN_CONFIGURATION, REQUEST_BODY, RESPONSE_BODY, buffer, say, set_buffer,
};
use crate::{CONTINUE, Guest, PAUSE};

fn tell(body: u32, size: u32, end: bool) {
    let bytes = buffer(body, 0, u32::MAX).unwrap_or_default();
    say(&format!("{size} {end} {}", String::from_utf8_lossy(&bytes)));
}

/// Says what each body callback can read, and goes on.
pub(crate) struct TellsBodies;

impl Guest for TellsBodies {
    fn request_headers(&self, _: u32, end: bool) -> u32 {
        say(&format!("headers {end}"));
        CONTINUE
    }
    fn request_body(&self, _: u32, size: u32, end: bool) -> u32 {
        tell(REQUEST_BODY, size, end);
        CONTINUE
    }
    fn request_trailers(&self, _: u32) -> u32 {
        say("trailers");
        CONTINUE
    }
    fn response_body(&self, _: u32, size: u32, end: bool) -> u32 {
        tell(RESPONSE_BODY, size, end);
        CONTINUE
    }
}

/// Pauses bodies until their end.
pub(crate) struct CollectsBodies;

impl Guest for CollectsBodies {
    fn request_body(&self, _: u32, size: u32, end: bool) -> u32 {
        tell(REQUEST_BODY, size, end);
        if end { CONTINUE } else { PAUSE }
    }
    fn response_body(&self, _: u32, size: u32, end: bool) -> u32 {
        tell(RESPONSE_BODY, size, end);
        if end { CONTINUE } else { PAUSE }
    }
}

static NUMBER: AtomicU32 = AtomicU32::new(PAUSE);

/// Returns its argument's number from body callbacks until the end.
pub(crate) struct StopsWith;

impl Guest for StopsWith {
    fn configure(&self, _: u32, argument: &str) -> bool {
        argument
            .parse()
            .map(|number| NUMBER.store(number, Ordering::Relaxed))
            .is_ok()
    }
    fn request_body(&self, _: u32, size: u32, end: bool) -> u32 {
        tell(REQUEST_BODY, size, end);
        if end {
            CONTINUE
        } else {
            NUMBER.load(Ordering::Relaxed)
        }
    }
}

/// Collects a request's body and puts another in its place.
pub(crate) struct ReplacesBody;

impl Guest for ReplacesBody {
    fn request_body(&self, _: u32, size: u32, end: bool) -> u32 {
        if !end {
            return PAUSE;
        }
        say(&format!("middle: {}", set_buffer(REQUEST_BODY, 1, 1, b"?")));
        say(&format!(
            "whole: {}",
            set_buffer(REQUEST_BODY, 0, size, b"new")
        ));
        say(&format!("part: {}", set_buffer(REQUEST_BODY, 0, 1, b"N")));
        say(&format!("before: {}", set_buffer(REQUEST_BODY, 0, 0, b"<")));
        say(&format!(
            "behind: {}",
            set_buffer(REQUEST_BODY, u32::MAX, 0, b">")
        ));
        CONTINUE
    }
}

/// Reads buffers in callbacks that are not theirs.
pub(crate) struct ReadsBuffersAnywhere;

impl Guest for ReadsBuffersAnywhere {
    fn request_headers(&self, _: u32, _: bool) -> u32 {
        for number in [
            REQUEST_BODY,
            RESPONSE_BODY,
            CALLOUT_BODY,
            PLUGIN_CONFIGURATION,
            9,
        ] {
            let answer = buffer(number, 0, 10).map(|bytes| bytes.len());
            say(&format!("{number}: {answer:?}"));
        }
        say(&format!(
            "overflow: {:?}",
            buffer(REQUEST_BODY, u32::MAX, 1)
        ));
        CONTINUE
    }
}
