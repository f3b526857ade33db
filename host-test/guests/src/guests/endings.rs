//! How streams, roots and VMs end.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::host::{RESPONSE, close_stream, done, reply, say, tick_every_ms};
use crate::{CONTINUE, Guest, PAUSE};

/// Says each of the last callbacks.
pub(crate) struct TellsEndings;

impl Guest for TellsEndings {
    fn configure(&self, root: u32, argument: &str) -> bool {
        say(&format!("configure {root} {argument}"));
        true
    }
    fn log(&self, _: u32) {
        say("log");
    }
    fn done(&self, context: u32) -> bool {
        say(&format!("done {context}"));
        true
    }
    fn delete(&self, context: u32) {
        say(&format!("delete {context}"));
    }
}

/// Answers requests itself, and says what it sees of its answer. Its Continue counts for nothing.
pub(crate) struct AnswersItself;

impl Guest for AnswersItself {
    fn request_headers(&self, _: u32, _: bool) -> u32 {
        reply(403, &[("x", "own")], "no");
        CONTINUE
    }
    fn request_body(&self, _: u32, _: u32, _: bool) -> u32 {
        say("request body");
        CONTINUE
    }
    fn response_headers(&self, _: u32, end: bool) -> u32 {
        say(&format!("response headers {end}"));
        CONTINUE
    }
    fn response_body(&self, _: u32, size: u32, end: bool) -> u32 {
        say(&format!("response body {size} {end}"));
        CONTINUE
    }
}

/// Closes the stream at the first chunk of a response.
pub(crate) struct Closes;

impl Guest for Closes {
    fn response_body(&self, _: u32, _: u32, _: bool) -> u32 {
        close_stream(RESPONSE);
        PAUSE
    }
    fn log(&self, _: u32) {
        say("log");
    }
}

/// Refuses every configuration.
pub(crate) struct Refuses;

impl Guest for Refuses {
    fn configure(&self, _: u32, _: &str) -> bool {
        say("refused");
        false
    }
}

/// Is not done when it is asked, and says its ticks.
pub(crate) struct IsNeverDone;

impl Guest for IsNeverDone {
    fn configure(&self, _: u32, _: &str) -> bool {
        tick_every_ms(10) == 0
    }
    fn tick(&self, root: u32) {
        say(&format!("tick {root}"));
    }
    fn done(&self, context: u32) -> bool {
        say(&format!("done {context}"));
        false
    }
    fn delete(&self, context: u32) {
        say(&format!("delete {context}"));
    }
}

static ASKED: AtomicBool = AtomicBool::new(false);

/// Is done one tick after it was asked.
pub(crate) struct IsDoneAtTick;

impl Guest for IsDoneAtTick {
    fn configure(&self, _: u32, _: &str) -> bool {
        say(&format!("too early: {}", done()));
        tick_every_ms(10) == 0
    }
    fn tick(&self, _: u32) {
        if ASKED.load(Ordering::Relaxed) {
            say(&format!("done: {}", done()));
        }
    }
    fn done(&self, _: u32) -> bool {
        ASKED.store(true, Ordering::Relaxed);
        false
    }
    fn delete(&self, _: u32) {
        say("delete");
    }
}
