//! Where texts stand in a canonical text, when pieces of it are replaced by longer or shorter ones.

use std::ops::Range;

/// The pieces that were replaced, in order.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<Replaced>);

#[derive(Debug)]
struct Replaced {
    piece: Range<usize>,
    /// Where what took its place ends now.
    end: usize,
}

impl Places {
    /// A piece was replaced, and what took its place ends there now.
    pub(super) fn replaced(&mut self, piece: Range<usize>, end: usize) {
        self.0.push(Replaced { piece, end });
    }

    /// Where a text stands now that stood there. What was replaced across its ends belongs to the text in which it
    /// began.
    pub(super) fn moved(&self, text: &Range<usize>) -> Range<usize> {
        self.place(text.start)..self.place(text.end)
    }

    fn place(&self, at: usize) -> usize {
        let before = self.0.partition_point(|replaced| replaced.piece.start < at);
        let last = before.checked_sub(1).and_then(|last| self.0.get(last));
        last.map_or(at, |last| {
            let behind = at.saturating_sub(last.piece.end);
            last.end.saturating_add(behind)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_move_with_what_stands_before_them() {
        // "aa bbbb cc" becomes "aa [B] cc", and then "cc" becomes "[CCCC]".
        let mut places = Places::default();
        places.replaced(3..7, 6);
        places.replaced(8..10, 13);
        for (before, after) in [
            (0..2, 0..2),
            (3..7, 3..6),
            (8..10, 7..13),
            (0..10, 0..13),
            // Across an end.
            (0..5, 0..6),
            (5..10, 6..13),
            (4..6, 6..6),
        ] {
            assert_eq!(places.moved(&before), after, "{before:?}");
        }
    }
}
