//! A body on the wire: its beginning, kept to be read at the end, and its size.

/// The bytes of a body up to a limit.
#[derive(Debug)]
pub struct Capture {
    bytes: Vec<u8>,
    limit: usize,
    seen: u64,
}

impl Capture {
    /// Keeps at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
            seen: 0,
        }
    }

    /// Takes the next bytes of the body.
    pub fn push(&mut self, chunk: &[u8]) {
        let room = self.limit.saturating_sub(self.bytes.len());
        let kept = chunk.get(..room).unwrap_or(chunk);
        // A host that refuses memory must cost content, never the traffic.
        if self.bytes.try_reserve(kept.len()).is_ok() {
            self.bytes.extend_from_slice(kept);
        } else {
            self.limit = self.bytes.len();
        }
        let size = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.seen = self.seen.saturating_add(size);
    }

    /// Whether so many more bytes would be kept.
    pub fn has_room_for(&self, bytes: usize) -> bool {
        bytes <= self.limit.saturating_sub(self.bytes.len())
    }

    /// The bytes that were kept.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes the body had, kept or not.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Whether every byte was kept.
    pub fn is_whole(&self) -> bool {
        u64::try_from(self.bytes.len()).is_ok_and(|kept| kept == self.seen)
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
