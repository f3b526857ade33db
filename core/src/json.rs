//! Reading JSON that others wrote: lenient about types, strict about memory.
//!
//! A body that we only observe is never an error. Text that is not Unicode is mended, an object
//! that was cut is closed, and a member of an unexpected type reads as absent.

mod close;
mod lenient;
mod mend;
mod parse;
mod wire;

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::limits::RAW_DEPTH_MAX;

pub use close::{close, without_partial_character};
pub use lenient::{
    Count, Depth, Flag, FromObject, List, Object, OneOrMany, Scalar, Text, TextOrList, keep,
};
pub use mend::mend;
pub use parse::{Broken, FromJson, Items, Json, Members, Mode, read};
pub(crate) use wire::wire;

/// Reads an object from the beginning of `text`, or nothing if that is something else.
pub fn object<'a, T: FromObject<'a> + Default>(text: &'a str) -> Option<T> {
    read::<Object<T>>(text)?.0
}

/// A text as JSON writes it, quotes included.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What a value says: the text of a string, nothing for null, and the JSON text of another value.
pub fn text_of(value: Json<'_>) -> Cow<'_, str> {
    match read(value.get()) {
        Some(Text(Some(text))) => text,
        _ if value.get() == "null" => Cow::Borrowed(""),
        _ => Cow::Borrowed(value.get()),
    }
}

/// Whether every reader can take over the value as it stands: it is not nested deeper than
/// [`RAW_DEPTH_MAX`], and no number is beyond a double.
///
/// A value that is passed on unread could otherwise make the audit API refuse the whole event.
pub fn is_portable(value: Json<'_>) -> bool {
    read(value.get()).is_some_and(|Depth(depth)| depth <= RAW_DEPTH_MAX)
}

/// The value as it was written, but in one line: batches and logs hold an event in a line. A line
/// end in JSON text is white space between tokens, since within a string it is escaped.
pub fn one_line(value: Json<'_>) -> Box<RawValue> {
    let text = value.get();
    if !text.contains(['\n', '\r']) {
        return value.to_owned();
    }
    let line = text.replace(['\n', '\r'], " ");
    RawValue::from_string(line).unwrap_or_else(|_| RawValue::NULL.to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn is_portable(text: &str) -> bool {
        super::is_portable(read(text).unwrap())
    }

    #[test]
    fn a_value_says_its_text_or_its_json() {
        for (value, said) in [
            (r#""a\nb""#, "a\nb"),
            ("null", ""),
            (r#"{"a": [1]}"#, r#"{"a": [1]}"#),
            ("[]", "[]"),
            ("1.50", "1.50"),
        ] {
            assert_eq!(text_of(read(value).unwrap()), said);
        }
    }

    #[test]
    fn a_value_that_some_reader_would_refuse_is_not_portable() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(is_portable(
            r#"{"a":[1,-2.5e3,"x",null,18446744073709551615]}"#
        ));
        assert!(is_portable(&nested(RAW_DEPTH_MAX)));
        assert!(!is_portable(&nested(RAW_DEPTH_MAX + 1)));
        assert!(!is_portable(&nested(100_000)));
        assert!(!is_portable("[1e999]"));
    }
}
