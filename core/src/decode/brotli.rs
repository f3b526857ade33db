//! Brotli (RFC 7932), decoded as it comes.

use std::fmt;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::DecodeError;
use crate::limits::DECODED_PIECE_BYTES;

/// Decodes one body.
pub(super) struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    piece: Vec<u8>,
    ended: bool,
}

impl Brotli {
    /// Strict: windows over the 16 MiB of the RFC are refused.
    pub(super) fn new() -> Self {
        Self {
            state: BrotliState::new_strict(
                StandardAlloc::default(),
                StandardAlloc::default(),
                StandardAlloc::default(),
            ),
            piece: vec![0; DECODED_PIECE_BYTES],
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

impl fmt::Debug for Brotli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Brotli")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
