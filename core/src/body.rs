//! A body on the wire: what is kept of it to be read at the end, and its size.

use std::borrow::Cow;

use crate::json::Kept;

/// The bytes of a body up to a limit, of one in JSON without long strings where it does not fit.
#[derive(Debug)]
pub struct Capture {
    kept: Kept,
    seen: u64,
}

impl Capture {
    /// Keeps at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            kept: Kept::new(limit),
            seen: 0,
        }
    }

    /// Takes the next bytes of the body.
    pub fn push(&mut self, chunk: &[u8]) {
        self.kept.push(chunk);
        let size = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.seen = self.seen.saturating_add(size);
    }

    /// Whether so many more bytes would be kept.
    pub fn has_room_for(&self, bytes: usize) -> bool {
        self.kept.has_room_for(bytes)
    }

    /// The bytes that were kept.
    pub fn bytes(&self) -> &[u8] {
        self.kept.bytes()
    }

    /// The text of a JSON body, as [`Kept::text`] gives it.
    pub fn text(&self, whole: bool) -> (Cow<'_, str>, bool) {
        self.kept.text(whole)
    }

    /// How many bytes the body had, kept or not.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Whether every byte was kept, as it came.
    pub fn is_as_sent(&self) -> bool {
        self.kept.is_as_sent()
    }

    /// Whether everything was kept but the rest of long strings.
    pub fn is_whole(&self) -> bool {
        !self.kept.is_cut()
    }

    /// Whether there are strings of which only a beginning was kept.
    pub fn has_stubs(&self) -> bool {
        self.kept.has_stubs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_keeps_up_to_its_limit_and_counts_all() {
        for (size, kept) in [(3, 3), (4, 4), (5, 4)] {
            let mut capture = Capture::new(4);
            for _ in 0..size {
                capture.push(b"x");
            }
            assert_eq!(capture.bytes().len(), kept);
            assert_eq!(capture.seen(), u64::try_from(size).unwrap());
            assert_eq!(capture.is_whole(), size <= 4);
        }
    }
}
