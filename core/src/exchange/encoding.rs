//! The content-encoding of a body.

use crate::decode::Decoder;
use crate::headers::Headers;

/// The name of the content-encoding, if there is one, and its decoder, if there is one.
pub(super) fn encoding(headers: Headers<'_>) -> (Option<String>, Option<Decoder>) {
    let value = headers.bytes("content-encoding").unwrap_or_default();
    let name = String::from_utf8_lossy(value).trim().to_owned();
    let decoder = Decoder::of(&name);
    let is_none = decoder.as_ref().is_some_and(Decoder::is_identity);
    ((!is_none).then_some(name), decoder)
}
