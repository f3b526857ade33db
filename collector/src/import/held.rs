//! Dead letters of which nobody can say who wrote them, held back until the end of an import: what a
//! gateway that signs its letters wrote may come after them.

use std::collections::VecDeque;

use crate::import::Place;
use crate::import::trust::Unchecked;
use crate::limits;

/// A dead letter without proof.
#[derive(Debug)]
pub(super) struct HeldLetter {
    pub(super) place: Place,
    pub(super) event: String,
    pub(super) why: Unchecked,
}

impl HeldLetter {
    fn bytes(&self) -> usize {
        self.event.len().saturating_add(size_of::<Self>())
    }
}

/// Those that are held back, in their order.
#[derive(Debug, Default)]
pub(super) struct Held {
    letters: VecDeque<HeldLetter>,
    bytes: usize,
}

impl Held {
    /// Holds a letter back, or returns it if there is no more room.
    pub(super) fn push(&mut self, letter: HeldLetter) -> Result<(), HeldLetter> {
        let bytes = self.bytes.saturating_add(letter.bytes());
        if bytes > limits::LOG_HELD_BYTES_MAX {
            return Err(letter);
        }
        self.bytes = bytes;
        self.letters.push_back(letter);
        Ok(())
    }

    /// The oldest.
    pub(super) fn pop(&mut self) -> Option<HeldLetter> {
        let letter = self.letters.pop_front()?;
        self.bytes = self.bytes.saturating_sub(letter.bytes());
        Some(letter)
    }

    pub(super) fn len(&self) -> usize {
        self.letters.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::Source;

    #[test]
    fn letters_are_held_up_to_a_limit_and_let_go_in_their_order() {
        let letter = |line: u64, bytes: usize| HeldLetter {
            place: Place {
                source: Source::StandardInput,
                line,
            },
            event: "x".repeat(bytes),
            why: Unchecked::NoMac,
        };
        let mut held = Held::default();
        held.push(letter(1, 1)).unwrap();
        held.push(letter(2, limits::LOG_HELD_BYTES_MAX / 2))
            .unwrap();
        let returned = held.push(letter(3, limits::LOG_HELD_BYTES_MAX / 2));
        assert_eq!(returned.unwrap_err().place.line, 3);
        assert_eq!(held.len(), 2);
        let lines = [held.pop(), held.pop()].map(|one| one.unwrap().place.line);
        assert_eq!((lines, held.bytes), ([1, 2], 0));
    }
}
