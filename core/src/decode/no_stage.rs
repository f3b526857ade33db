//! No coding is known where the feature `decode` is off: bodies are text, or pass unread.

use super::error::DecodeError;

/// A coding, of which there is none.
#[derive(Debug)]
pub(super) enum Stage {}

impl Stage {
    pub(super) fn of(_name: &str) -> Option<Self> {
        None
    }

    pub(super) fn decode(
        &mut self,
        _slice: &[u8],
        _max: u64,
        _take: &mut dyn FnMut(&[u8]) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        match *self {}
    }
}
