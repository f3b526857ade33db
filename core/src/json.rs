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
mod mend;
mod names;
mod odd;
mod parse;
mod scan;
mod stub;
mod unicode;
mod value;
mod wire;
mod write;

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::find;
use crate::limits::RAW_DEPTH_MAX;
use keep::substituted;
use stub::MARK;

pub use blob::Blob;
pub use close::{close, without_partial_character};
pub use compact::{canonical, compact};
pub use keep::Kept;
pub use last::last_of_each;
pub use lenient::{
    Aside, Count, Depth, Flag, FromObject, List, Object, OneOrMany, Scalar, Text, TextOrList, keep,
};
pub use mend::{half_mark, half_of_mark, is_half_mark, mend, mend_keeping_halves};
pub use names::{is_plain_name, is_same_name};
pub use odd::{Odd, Oddities};
pub use parse::{FromJson, Items, Members, Mode, expected, has_more, read, split};
pub use scan::Broken;
pub use stub::CUT;
pub(crate) use stub::file_stub;
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

/// Text of a JSON body: mended, and closed where its end is missing.
///
/// The second value says whether something that is not Unicode was replaced.
pub fn text(bytes: &[u8], whole: bool) -> (Cow<'_, str>, bool) {
    let special = find::any([MARK, b'\\'], bytes);
    if special.is_none() && whole {
        // Neither marks nor escapes, of which some stand for no character.
        return mend::from_utf8(bytes);
    }
    if find::any([MARK], bytes).is_none() {
        return kept_text(bytes, whole);
    }
    let bytes = substituted(bytes);
    let (text, replaced) = kept_text(&bytes, whole);
    (Cow::Owned(text.into_owned()), replaced)
}

/// Text of a whole JSON document in which halves of characters that begin or end a string keep
/// their marks: they may go on in another document. The last value says whether there are any.
pub fn text_with_halves(bytes: &[u8]) -> (Cow<'_, str>, bool, bool) {
    if find::any([MARK], bytes).is_none() {
        return mend_keeping_halves(bytes);
    }
    let (text, replaced) = text(bytes, true);
    (text, replaced, false)
}

/// The text of a body that was kept by [`Kept`], in the same way.
pub(crate) fn kept_text(bytes: &[u8], whole: bool) -> (Cow<'_, str>, bool) {
    if whole {
        return mend(bytes);
    }
    let closed = close(bytes);
    let (text, replaced) = mend(&closed);
    (Cow::Owned(text.into_owned()), replaced)
}

#[cfg(test)]
mod tests;
