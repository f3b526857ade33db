//! Zstandard (RFC 8878), decoded block by block: an encoder that flushes ends a block.

use std::fmt;

use structured_zstd::decoding::{ContentChecksum, FrameDecoder};

use crate::decode::DecodeError;
use crate::limits::{ZSTD_BLOCK_BYTES_MAX, ZSTD_WINDOW_BYTES_MAX};

/// Decodes one body, which may be several frames.
pub(super) struct Zstd {
    decoder: FrameDecoder,
    step: Step,
    /// The beginning of what the step reads.
    pending: Vec<u8>,
    block: Vec<u8>,
}

/// What comes next.
#[derive(Debug, Clone, Copy)]
enum Step {
    FrameHeader,
    Block,
    Checksum,
    /// The rest of a frame that carries nothing of the body.
    Skip(u32),
}

impl Zstd {
    pub(super) fn new() -> Result<Self, DecodeError> {
        let mut decoder = FrameDecoder::new();
        decoder
            .set_max_window_size(ZSTD_WINDOW_BYTES_MAX)
            .map_err(|_| DecodeError::Corrupt)?;
        decoder.set_content_checksum(ContentChecksum::Verify);
        Ok(Self {
            decoder,
            step: Step::FrameHeader,
            pending: Vec::new(),
            block: vec![0; ZSTD_BLOCK_BYTES_MAX],
        })
    }

    /// Decodes the next bytes; `take` may end it between two blocks.
    pub(super) fn decode(
        &mut self,
        mut slice: &[u8],
        take: &mut dyn FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        loop {
            if let Step::Skip(left) = self.step {
                slice = self.skip(left, slice);
                if slice.is_empty() {
                    return Ok(());
                }
            }
            let missing = self.needed()?.saturating_sub(self.pending.len());
            if missing == 0 {
                self.advance(take)?;
            } else if slice.is_empty() {
                return Ok(());
            } else {
                let (head, rest) = slice.split_at_checked(missing).unwrap_or((slice, &[]));
                self.pending.extend_from_slice(head);
                slice = rest;
            }
        }
    }

    fn skip<'a>(&mut self, left: u32, slice: &'a [u8]) -> &'a [u8] {
        let come = u32::try_from(slice.len()).unwrap_or(u32::MAX);
        self.step = match left.saturating_sub(come) {
            0 => Step::FrameHeader,
            left => Step::Skip(left),
        };
        let skipped = usize::try_from(left).unwrap_or(usize::MAX);
        slice.get(skipped..).unwrap_or_default()
    }

    /// Bytes of the step, as far as those that have come tell: at least one.
    fn needed(&self) -> Result<usize, DecodeError> {
        match self.step {
            Step::FrameHeader => Ok(frame_header_bytes(&self.pending)),
            Step::Block => match self.pending.first_chunk::<3>() {
                None => Ok(3),
                Some(header) => {
                    let content = self.decoder.block_content_len(*header);
                    let (content, _) = content.map_err(|_| DecodeError::Corrupt)?;
                    Ok(content.saturating_add(3))
                }
            },
            Step::Checksum => Ok(4),
            Step::Skip(_) => Ok(1),
        }
    }

    /// Does the step, all of which has come.
    fn advance(
        &mut self,
        take: &mut dyn FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.step = match self.step {
            Step::FrameHeader => self.frame_header()?,
            Step::Block => self.block(take)?,
            Step::Checksum => self.checksum()?,
            skip @ Step::Skip(_) => skip,
        };
        self.pending.clear();
        Ok(())
    }

    fn frame_header(&mut self) -> Result<Step, DecodeError> {
        if is_skippable(&self.pending) {
            let size = self.pending.last_chunk::<4>();
            let size = size.map_or(0, |size| u32::from_le_bytes(*size));
            return Ok(match size {
                0 => Step::FrameHeader,
                size => Step::Skip(size),
            });
        }
        self.decoder
            .reset(self.pending.as_slice())
            .map_err(|_| DecodeError::Corrupt)?;
        Ok(Step::Block)
    }

    fn block(
        &mut self,
        take: &mut dyn FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<Step, DecodeError> {
        let (header, content) = self
            .pending
            .split_first_chunk::<3>()
            .ok_or(DecodeError::Corrupt)?;
        let written = self
            .decoder
            .decode_block(*header, content, &mut self.block)
            .map_err(|_| DecodeError::Corrupt)?;
        take(self.block.get(..written).unwrap_or_default())?;
        Ok(if self.decoder.awaits_checksum() {
            Step::Checksum
        } else if self.decoder.is_finished() {
            Step::FrameHeader
        } else {
            Step::Block
        })
    }

    fn checksum(&mut self) -> Result<Step, DecodeError> {
        let checksum = self.pending.first_chunk::<4>();
        self.decoder
            .read_content_checksum(*checksum.ok_or(DecodeError::Corrupt)?)
            .map_err(|_| DecodeError::Corrupt)?;
        Ok(Step::FrameHeader)
    }
}

/// RFC 8878, 3.1.1.1 and 3.1.2: bytes of a frame's header, as far as its beginning tells.
fn frame_header_bytes(beginning: &[u8]) -> usize {
    if is_skippable(beginning) {
        return 8;
    }
    let Some(descriptor) = beginning.get(4) else {
        return 5;
    };
    let is_single_segment = descriptor & 0x20 != 0;
    let window = usize::from(!is_single_segment);
    let dictionary: usize = match descriptor & 3 {
        0 => 0,
        1 => 1,
        2 => 2,
        _ => 4,
    };
    let content: usize = match descriptor >> 6 {
        0 => usize::from(is_single_segment),
        1 => 2,
        2 => 4,
        _ => 8,
    };
    [5, window, dictionary, content].iter().sum()
}

fn is_skippable(beginning: &[u8]) -> bool {
    matches!(beginning, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

impl fmt::Debug for Zstd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zstd")
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}
