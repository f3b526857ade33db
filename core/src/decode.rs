//! Content-encodings, decoded as the body comes, in bounded memory and with bounded work.

mod error;
#[cfg(not(feature = "decode"))]
mod no_stage;
mod plain;
#[cfg(feature = "decode")]
mod stage;

use crate::limits::{
    DECODED_RATIO_SLACK_BYTES, DECODED_SLICE_BYTES_MAX, ENCODED_SLICE_BYTES, ENCODINGS_MAX,
};
#[cfg(not(feature = "decode"))]
use no_stage::Stage;
#[cfg(feature = "decode")]
use stage::Stage;

pub use error::DecodeError;

/// Decodes one body.
#[derive(Debug)]
pub struct Decoder {
    /// In the order of decoding, which is the header's backwards.
    stages: Vec<Stage>,
    /// Whether one of the names is not known.
    is_unknown: bool,
    /// The first bytes, as long as they do not tell whether the body is encoded at all.
    head: Option<plain::Head>,
    is_plain: bool,
    broken: bool,
    /// Encoded bytes that have not come of a slice. Slices are counted from the body's beginning,
    /// so that the bound is the same wherever the body is split.
    slice_left: usize,
    /// What each stage may have given by the end of the slice.
    max: u64,
}

impl Decoder {
    /// The decoder of a content-encoding, which may be a list (RFC 9110, 8.4); `None` if there are
    /// too many.
    ///
    /// A body that is plainly text is read as it is, whatever the header names.
    pub fn of(encoding: &str) -> Option<Self> {
        let mut stages = Vec::new();
        let mut is_unknown = false;
        for name in encoding.rsplit(',').map(str::trim) {
            if plain::is_no_coding(name) {
                continue;
            }
            if stages.len() >= ENCODINGS_MAX {
                return None;
            }
            match Stage::of(name) {
                Some(stage) => stages.push(stage),
                None => is_unknown = true,
            }
        }
        Some(Self {
            head: (!stages.is_empty() || is_unknown).then(plain::Head::default),
            stages,
            is_unknown,
            ..Self::identity()
        })
    }

    /// The decoder of a body that has no coding.
    pub fn identity() -> Self {
        Self {
            stages: Vec::new(),
            is_unknown: false,
            head: None,
            is_plain: false,
            broken: false,
            slice_left: 0,
            max: DECODED_RATIO_SLACK_BYTES,
        }
    }

    /// Whether the header says that there is no coding.
    pub fn is_identity(&self) -> bool {
        self.head.is_none() && self.stages.is_empty() && !self.is_plain
    }

    /// Whether the body was text, although the header names a coding.
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Decodes the next bytes and hands over what they give, in pieces.
    ///
    /// # Errors
    /// When the bytes are not of the encoding, or grow too much. After an error every further
    /// piece is passed over.
    pub fn decode(&mut self, chunk: &[u8], mut take: impl FnMut(&[u8])) -> Result<(), DecodeError> {
        if self.broken {
            return Ok(());
        }
        let Some(rest) = self.begin(chunk, &mut take)? else {
            return Ok(());
        };
        if self.stages.is_empty() {
            take(rest);
            return Ok(());
        }
        self.decode_rest(rest, &mut take)
    }

    /// Looks at the first bytes of a body; gives what follows them once they have told what it is.
    fn begin<'a>(
        &mut self,
        chunk: &'a [u8],
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<Option<&'a [u8]>, DecodeError> {
        let Some(head) = &mut self.head else {
            return Ok(Some(chunk));
        };
        let mut rest = chunk;
        let is_text = loop {
            let Some((byte, after)) = rest.split_first() else {
                return Ok(None);
            };
            rest = after;
            if let Some(is_text) = head.push(*byte) {
                break is_text;
            }
        };
        let head = head.take();
        self.head = None;
        if self.is_unknown && !is_text {
            self.broken = plain::may_be_text(&head).is_err();
            plain::may_be_text(&head)?;
        }
        if is_text || self.is_unknown {
            self.is_plain = true;
            self.stages.clear();
            take(&head);
        } else {
            self.decode_rest(&head, take)?;
        }
        Ok(Some(rest))
    }

    fn decode_rest(
        &mut self,
        chunk: &[u8],
        mut take: &mut dyn FnMut(&[u8]),
    ) -> Result<(), DecodeError> {
        let mut rest = chunk;
        while !rest.is_empty() {
            let slice = self.slice(&mut rest);
            if let Err(error) = pass(&mut self.stages, slice, self.max, &mut take) {
                self.broken = true;
                self.stages.clear();
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes what has come of the next slice.
    fn slice<'a>(&mut self, rest: &mut &'a [u8]) -> &'a [u8] {
        if self.slice_left == 0 {
            self.slice_left = ENCODED_SLICE_BYTES;
            self.max = self.max.saturating_add(DECODED_SLICE_BYTES_MAX);
        }
        let (slice, after) = rest
            .split_at_checked(self.slice_left)
            .unwrap_or((*rest, &[]));
        self.slice_left = self.slice_left.saturating_sub(slice.len());
        *rest = after;
        slice
    }
}

/// Passes bytes through the stages, none of which may give more than `max` bytes in all.
fn pass(
    stages: &mut [Stage],
    bytes: &[u8],
    max: u64,
    take: &mut dyn FnMut(&[u8]),
) -> Result<(), DecodeError> {
    let Some((stage, later)) = stages.split_first_mut() else {
        take(bytes);
        return Ok(());
    };
    for slice in bytes.chunks(ENCODED_SLICE_BYTES) {
        stage.decode(slice, max, &mut |piece| pass(later, piece, max, take))?;
    }
    Ok(())
}

#[cfg(all(test, feature = "decode"))]
mod tests;
