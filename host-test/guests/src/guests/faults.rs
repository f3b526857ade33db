//! Traps, limits and what is denied.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use crate::host::{REQUEST_HEADERS, header, say};
use crate::{CONTINUE, Guest};

/// Traps at a request with the header `trap`.
pub(crate) struct Traps;

impl Guest for Traps {
    fn request_headers(&self, _: u32, _: bool) -> u32 {
        if header(REQUEST_HEADERS, "trap").is_ok() {
            std::process::abort();
        }
        CONTINUE
    }
    fn log(&self, _: u32) {
        say("log");
    }
    fn done(&self, _: u32) -> bool {
        say("done");
        true
    }
}

/// Asks for a megabyte more at every request, and says whether it got it.
pub(crate) struct WantsMemory;

impl Guest for WantsMemory {
    fn request_headers(&self, _: u32, _: bool) -> u32 {
        let mut bytes = Vec::<u8>::new();
        let refused = bytes.try_reserve_exact(1 << 20).is_err();
        std::mem::forget(bytes);
        say(if refused { "refused" } else { "given" });
        CONTINUE
    }
}

/// Hashes something with std's random state, as every `HashMap` does.
pub(crate) struct WantsRandomness;

impl Guest for WantsRandomness {
    fn configure(&self, _: u32, _: &str) -> bool {
        say(&format!("random {}", RandomState::new().hash_one(1)));
        true
    }
}

/// Prints instead of logging, and says its environment and clocks.
pub(crate) struct Prints;

impl Guest for Prints {
    fn configure(&self, _: u32, _: &str) -> bool {
        println!("to output");
        eprintln!("to error");
        for (name, value) in std::env::vars() {
            println!("{name} is {value}");
        }
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        println!("{}", now.map_or(0, |now| now.as_nanos()));
        true
    }
}
