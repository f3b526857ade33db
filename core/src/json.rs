//! Reading JSON that others wrote: lenient about types, strict about memory.
//!
//! A body that we only observe is never an error. Text that is not Unicode is mended, an object
//! that was cut is closed, and a member of an unexpected type reads as absent.

mod close;
mod lenient;
mod mend;
mod wire;

use std::borrow::Cow;

use serde::Deserialize;

pub use close::close;
pub use lenient::{Count, Flag, FromObject, Json, List, Object, Scalar, Text, TextOrList, skip};
pub use mend::mend;
pub(crate) use wire::wire;

/// Reads `T` from the beginning of `text`, or nothing if that is not JSON.
///
/// What follows the value is ignored: servers pad a body, or frame an event with spaces.
pub fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::Deserializer::from_str(text)
        .into_iter::<T>()
        .next()?
        .ok()
}

/// Text of a JSON body: mended, and closed where its end is missing.
///
/// The second value says whether something that is not Unicode was replaced.
pub fn text(bytes: &[u8], whole: bool) -> (Cow<'_, str>, bool) {
    if whole {
        return mend(bytes);
    }
    let closed = close(bytes);
    let (text, replaced) = mend(&closed);
    (Cow::Owned(text.into_owned()), replaced)
}
