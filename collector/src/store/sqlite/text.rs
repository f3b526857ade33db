//! Text as a column can hold it, which is any.

use std::borrow::Cow;

/// Of a member, what its column has.
pub(super) fn stored(text: &str) -> Cow<'_, str> {
    text.into()
}

/// Of a column, what the member is.
pub(super) fn read(column: String) -> String {
    column
}
