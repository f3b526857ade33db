//! Shared data and queues.

use crate::host::{
    dequeue, enqueue, register_queue, resolve_queue, say, set_shared_data, shared_data,
};
use crate::{CONTINUE, Guest};

/// Registers the queue `q`, and says what comes.
pub(crate) struct Listens;

impl Guest for Listens {
    fn configure(&self, _: u32, _: &str) -> bool {
        register_queue("q").is_ok()
    }
    fn queue_ready(&self, root: u32, queue: u32) {
        say(&format!("root {root}: {:?}", dequeue(queue)));
    }
}

/// Enqueues an item at every request, without registering.
pub(crate) struct Enqueues;

impl Guest for Enqueues {
    fn request_headers(&self, _: u32, _: bool) -> u32 {
        match resolve_queue("", "q") {
            Ok(queue) => say(&format!("enqueued: {}", enqueue(queue, "item"))),
            Err(status) => say(&format!("no queue: {status}")),
        }
        CONTINUE
    }
}

/// Enqueues something when it is asked whether it is done.
pub(crate) struct HandsOver;

impl Guest for HandsOver {
    fn done(&self, _: u32) -> bool {
        if let Ok(queue) = resolve_queue("", "q") {
            enqueue(queue, "legacy");
        }
        true
    }
}

/// Uses queues that are empty or do not exist.
pub(crate) struct MisusesQueues;

impl Guest for MisusesQueues {
    fn configure(&self, _: u32, _: &str) -> bool {
        say(&format!(
            "empty: {:?}",
            register_queue("empty").and_then(dequeue)
        ));
        say(&format!("unknown: {:?} {}", dequeue(99), enqueue(99, "x")));
        say(&format!(
            "unresolved: {:?}",
            resolve_queue("other", "empty")
        ));
        true
    }
}

/// Sets a value with right and wrong numbers to compare.
pub(crate) struct Compares;

impl Guest for Compares {
    fn configure(&self, _: u32, _: &str) -> bool {
        say(&format!("missing: {:?}", shared_data("k")));
        say(&format!("new: {}", set_shared_data("k", "1", 7)));
        let cas = shared_data("k").map_or(0, |(_, cas)| cas);
        say(&format!("wrong: {}", set_shared_data("k", "2", cas + 1)));
        say(&format!("right: {}", set_shared_data("k", "3", cas)));
        say(&format!("any: {}", set_shared_data("k", "4", 0)));
        true
    }
}

/// Says the value of `k`, and then sets it to the configuration's argument.
pub(crate) struct Remembers;

impl Guest for Remembers {
    fn configure(&self, _: u32, argument: &str) -> bool {
        say(&format!(
            "found {:?}",
            shared_data("k").map(|(value, _)| value)
        ));
        argument.is_empty() || set_shared_data("k", argument, 0) == 0
    }
}
