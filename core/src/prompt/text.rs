//! What stands for JSON in a text.

use std::borrow::Cow;

use crate::digest::HashForm;
use crate::json::{self, Json, Text, compact};

/// `[type sha256:…]`: what stands for a part that is not text.
///
/// The hash is plain SHA-256 of the part's JSON as sent, as [`json::canonical`] writes it.
pub fn placeholder(kind: &str, part: Json<'_>) -> String {
    let hash = HashForm::Sha256.hash(json::canonical(part.get()).text.as_bytes());
    format!("[{kind} {hash}]")
}

/// The text of data that the model is given as it is, such as what a tool gave: a string's
/// content, or JSON without the white space between tokens.
pub fn data_text(data: Json<'_>) -> Cow<'_, str> {
    match json::read(data) {
        Some(Text(Some(text))) => text,
        _ => Cow::Owned(compact(data.get())),
    }
}
