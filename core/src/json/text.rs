//! The text of a JSON body.

use std::borrow::Cow;

use super::close::close;
use super::mend::{self, mend, mend_keeping_halves};
use super::stub::{MARK, substituted};
use crate::find;

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
