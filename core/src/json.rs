//! Reading JSON that others wrote: lenient about types, strict about memory.
//!
//! A body that we only observe is never an error. Text that is not Unicode is mended, an object
//! that was cut is closed, and a member of an unexpected type reads as absent.

mod blob;
mod close;
mod compact;
mod escape;
mod keep;
mod last;
mod left;
mod lenient;
mod lookup;
mod mend;
mod names;
mod odd;
mod parse;
mod scan;
pub(crate) mod strings;
mod stub;
mod text;
mod unicode;
mod value;
mod wire;
mod write;

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::limits::RAW_DEPTH_MAX;
use stub::MARK;

pub use blob::Blob;
pub use close::{close, without_partial_character};
pub use compact::{canonical, compact};
pub use keep::Kept;
pub use last::last_of_each;
pub use lenient::{
    Aside, Count, Depth, Flag, List, Object, OneOrMany, Scalar, Text, TextOrList, keep,
};
pub use lookup::lookup;
pub use mend::{half_mark, half_of_mark, is_half_mark, mend, mend_keeping_halves};
pub use names::{FromObject, is_plain_name, is_same_name};
pub use odd::{Odd, Oddities};
pub use parse::{FromJson, Items, Members, Mode, expected, has_more, read, split};
pub use scan::Broken;
pub use stub::CUT;
pub(crate) use stub::file_stub;
pub(crate) use text::kept_text;
pub use text::{text, text_with_halves};
pub use unicode::from_wide;
pub use value::Json;
pub(crate) use wire::wire;
pub use write::{Unwritable, quoted, written};

/// Reads an object from the beginning of `text`, or nothing if that is something else.
pub fn object<'a, T: FromObject<'a> + Default>(json: impl Into<Json<'a>>) -> Option<T> {
    read::<Object<T>>(json)?.0
}

/// What a value says: the text of a string, nothing for null, and the JSON text of another value.
pub fn text_of(value: Json<'_>) -> Cow<'_, str> {
    match read(value) {
        Some(Text(Some(text))) => text,
        _ if value.get() == "null" => Cow::Borrowed(""),
        _ if value.get().contains(char::from(MARK)) => Cow::Owned(compact(value.get())),
        _ => Cow::Borrowed(value.get()),
    }
}

/// Whether every reader can take over the value as it stands: it is strict JSON, not nested deeper
/// than [`RAW_DEPTH_MAX`], and no number is beyond a double.
///
/// A value that is passed on unread could otherwise make the audit API refuse the whole event.
pub fn is_portable(value: Json<'_>) -> bool {
    // Its items are none of the request's that are counted.
    read(value.get()).is_some_and(|Depth(depth)| depth <= RAW_DEPTH_MAX)
        && serde_json::from_str::<&RawValue>(value.get()).is_ok()
}

/// The value as it was written, but in one line: batches and logs hold an event in a line. A line
/// end in JSON text is white space between tokens, since within a string it is escaped. Of a value
/// that is no strict JSON there is null.
pub fn one_line(value: Json<'_>) -> Box<RawValue> {
    let line = value.get().replace(['\n', '\r'], " ");
    RawValue::from_string(line).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests;
