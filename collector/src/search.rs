//! Finding events: what an event can be found by, and the index of it.
//!
//! Everything here is pure. An event has [terms](Term): one for each value that a filter can ask
//! for, one for each of its tags, one for each of its words, and one for each two characters in a row
//! where a script has no blanks between words. A [segment](Segment) says which of some events have
//! which terms; the store keeps segments, and merges small ones into larger ones.

mod content;
mod position;
mod script;
mod segment;
mod term;
mod varint;
mod words;

pub(crate) use content::Content;
pub(crate) use position::{PLACES, Position};
pub(crate) use segment::{Chunk, Damaged, Segment};
pub(crate) use term::Term;
pub(crate) use words::{each_word, terms_of_phrase};
