//! Brotli (RFC 7932), decoded as it comes.

use std::fmt;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use crate::decode::DecodeError;
use crate::limits::{BROTLI_WINDOW_BITS_MAX, DECODED_PIECE_BYTES};

/// Decodes one body.
pub(super) struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    piece: Vec<u8>,
    /// Whether its first byte has come, which tells the window.
    has_begun: bool,
    ended: bool,
}

impl Brotli {
    pub(super) fn new() -> Self {
        Self {
            state: BrotliState::new_strict(
                StandardAlloc::default(),
                StandardAlloc::default(),
                StandardAlloc::default(),
            ),
            piece: vec![0; DECODED_PIECE_BYTES],
            has_begun: false,
            ended: false,
        }
    }

    /// Decodes the next bytes; `take` may end it between two pieces.
    pub(super) fn decode(
        &mut self,
        slice: &[u8],
        take: &mut dyn FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        if slice.is_empty() {
            return Ok(());
        }
        if self.ended {
            return Err(DecodeError::Corrupt);
        }
        let first = slice.first().filter(|_| !self.has_begun);
        if first.is_some_and(|first| window_bits(*first) > BROTLI_WINDOW_BITS_MAX) {
            return Err(DecodeError::Window);
        }
        self.has_begun = true;
        let (mut left, mut read) = (slice.len(), 0);
        loop {
            let (mut room, mut written, mut sum) = (self.piece.len(), 0, 0);
            let result = BrotliDecompressStream(
                &mut left,
                &mut read,
                slice,
                &mut room,
                &mut written,
                &mut self.piece,
                &mut sum,
                &mut self.state,
            );
            take(self.piece.get(..written).unwrap_or_default())?;
            match result {
                BrotliResult::NeedsMoreOutput => {}
                // Also said while there is more than the piece could take.
                BrotliResult::NeedsMoreInput if room == 0 => {}
                BrotliResult::NeedsMoreInput => return Ok(()),
                BrotliResult::ResultSuccess if left == 0 => {
                    self.ended = true;
                    return Ok(());
                }
                BrotliResult::ResultSuccess | BrotliResult::ResultFailure => {
                    return Err(DecodeError::Corrupt);
                }
            }
        }
    }
}

/// The window that the first byte of a stream tells, as a power of two (RFC 7932, 9.1).
fn window_bits(first: u8) -> u8 {
    let (upper, lower) = (first >> 4 & 7, first >> 1 & 7);
    match (first & 1, lower, upper) {
        (0, ..) => 16,
        (_, 1.., _) => lower.saturating_add(17),
        (_, 0, 0) => 17,
        (_, 0, _) => upper.saturating_add(8),
    }
}

impl fmt::Debug for Brotli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Brotli")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
