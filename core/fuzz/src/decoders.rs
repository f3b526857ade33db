//! Bodies decoded from their content-encoding: no split changes what is decoded, and nothing
//! grows beyond the limit.
//!
//! An input is a byte that picks the encodings, a byte that seeds the cuts, and a body.

use audit_layer_core::decode::{DecodeError, Decoder};
use audit_layer_core::limits::{
    DECODED_RATIO_SLACK_BYTES, DECODED_SLICE_BYTES_MAX, ENCODED_SLICE_BYTES,
};

use crate::{cuts, pick};

/// Every encoding alone, and pairs in which each comes first and last.
pub const ENCODINGS: [&str; 8] = [
    "gzip",
    "deflate",
    "br",
    "zstd",
    "gzip, br",
    "br, deflate",
    "zstd, gzip",
    "deflate, zstd",
];

type Decoded = (Vec<u8>, Result<(), DecodeError>);

/// Panics if the input shows a fault.
pub fn check(input: &[u8]) {
    let [encodings, seed, body @ ..] = input else {
        return;
    };
    let encodings = pick(&ENCODINGS, *encodings);
    let whole = decode(encodings, &[body]);
    let cut = decode(encodings, &cuts::pieces(*seed, body));
    let results = (whole.1, cut.1);
    assert!(is_same(encodings, &whole, &cut), "{encodings} {results:?}");
    let slices = u64::try_from(body.len().div_ceil(ENCODED_SLICE_BYTES)).unwrap_or(u64::MAX);
    let limit = slices * DECODED_SLICE_BYTES_MAX + DECODED_RATIO_SLACK_BYTES;
    assert!(u64::try_from(whole.0.len()).unwrap_or(u64::MAX) <= limit);
}

/// The decoder of brotli keeps back what it decoded of a piece before a fault, and that of deflate
/// what does not fit its window, where a piece gives so much.
fn is_same(encodings: &str, whole: &Decoded, cut: &Decoded) -> bool {
    let is_prefix = whole.0.starts_with(&cut.0) || cut.0.starts_with(&whole.0);
    let is_broken = whole.1.is_err() && cut.1.is_err();
    whole == cut || (encodings != "zstd" && is_broken && is_prefix)
}

/// All that is decoded, and the first error.
fn decode(encodings: &str, pieces: &[&[u8]]) -> Decoded {
    let mut decoder = Decoder::of(encodings).expect("encodings that are known");
    let mut decoded = Vec::new();
    let mut result = Ok(());
    for piece in pieces {
        result = result.and(decoder.decode(piece, |bytes| decoded.extend_from_slice(bytes)));
    }
    (decoded, result)
}
