//! The beginning of a message: its lengths, with a checksum of their own.

use flate2::Crc;

use crate::framing::message::FramingError;
use crate::limits::{EVENT_STREAM_HEADERS_BYTES_MAX, EVENT_STREAM_PAYLOAD_BYTES_MAX};

/// Bytes of both lengths and their checksum.
pub const PRELUDE_BYTES: usize = 12;

/// Bytes of a checksum.
pub(super) const CHECKSUM_BYTES: usize = 4;

/// What a prelude says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) headers: usize,
    pub(super) payload: usize,
}

/// Whether these are the first bytes of a message: their checksum is right.
pub fn is_prelude(bytes: &[u8]) -> bool {
    !matches!(read(bytes), Err(FramingError::Checksum))
}

/// Reads it.
///
/// # Errors
/// When its checksum is wrong, or a length is impossible.
pub(super) fn read(bytes: &[u8]) -> Result<Sizes, FramingError> {
    let mut crc = Crc::new();
    crc.update(bytes.get(..8).unwrap_or_default());
    let mut rest = bytes;
    let (total, headers, checksum) = (number(&mut rest), number(&mut rest), number(&mut rest));
    if checksum != Some(crc.sum()) {
        return Err(FramingError::Checksum);
    }
    sizes(total, headers)
        .filter(|sizes| sizes.headers <= EVENT_STREAM_HEADERS_BYTES_MAX)
        .filter(|sizes| sizes.payload <= EVENT_STREAM_PAYLOAD_BYTES_MAX)
        .ok_or(FramingError::Length)
}

fn sizes(total: Option<u32>, headers: Option<u32>) -> Option<Sizes> {
    let headers = usize::try_from(headers?).ok()?;
    let payload = usize::try_from(total?)
        .ok()?
        .checked_sub(PRELUDE_BYTES)?
        .checked_sub(headers)?
        .checked_sub(CHECKSUM_BYTES)?;
    Some(Sizes { headers, payload })
}

/// Takes a number.
pub(super) fn number(bytes: &mut &[u8]) -> Option<u32> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_be_bytes(*number))
}
