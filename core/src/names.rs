//! Names of an answer and of a request, up to their limits.

use crate::json;
use crate::limits::NAME_BYTES_MAX;

/// Takes the first of several names that is not empty.
pub(crate) fn keep_first(known: &mut Option<String>, candidate: Option<&str>, is_cut: &mut bool) {
    if let (None, Some(text)) = (&known, candidate)
        && !text.is_empty()
    {
        *known = Some(shortened(text, NAME_BYTES_MAX, is_cut));
    }
}

/// The beginning of an answer's name that fits into `bytes`; says whether it is less than the whole.
pub(crate) fn shortened(name: &str, bytes: usize, is_cut: &mut bool) -> String {
    // No name goes on in another piece.
    name_within(name, bytes, is_cut).replace(json::is_half_mark, "\u{FFFD}")
}

/// The beginning of a name that fits into `bytes`; says whether it is less than the whole.
pub(crate) fn name_within<'a>(name: &'a str, bytes: usize, is_cut: &mut bool) -> &'a str {
    *is_cut |= name.len() > bytes;
    cut(name, bytes)
}

/// The beginning of `text` that fits into `bytes`, never half a character.
pub(crate) fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes))
        .unwrap_or_default()
}
