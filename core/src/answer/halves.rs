//! Characters whose two halves come in two pieces of a text.
//!
//! Models make tokens of bytes, and some servers cut a text within a surrogate pair: one event's
//! text ends with `\ud83d`, the next one begins with `\ude00`. No string can hold such a half, so
//! JSON is read with a mark in its place ([`crate::json::half_mark`]).

use super::{Answer, CallKey, CallPiece, Part};
use crate::json::half_of_mark;

/// Halves that wait for the rest of their characters.
const PENDING_MAX: usize = 256;

/// Where a text goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Text(u64, Part),
    Call(CallKey),
    Beside,
}

/// The halves that have come.
#[derive(Debug, Default)]
pub(super) struct Halves {
    /// Whether marks in what is read now stand for halves.
    are_expected: bool,
    pending: Vec<(Place, u16)>,
    has_lone: bool,
}

impl Halves {
    /// Whether a piece can be taken as it is.
    pub(super) fn is_idle(&self) -> bool {
        !self.are_expected && self.pending.is_empty()
    }

    /// A piece with the half before it, and without the half at its end, which waits.
    pub(super) fn join(&mut self, place: Place, piece: &str) -> String {
        let mut joined = String::new();
        let mut rest = piece;
        let waiting = self.pending.iter().position(|(known, _)| *known == place);
        if let (Some(at), Some(first)) = (waiting, piece.chars().next()) {
            let (_, high) = self.pending.swap_remove(at);
            let low = half_of_mark(first).filter(|_| self.are_expected);
            let whole = low.and_then(|low| char::decode_utf16([high, low]).next()?.ok());
            if whole.is_some() {
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
            joined.push(match whole {
                Some(whole) => whole,
                None => self.lone(),
            });
        }
        if !self.are_expected {
            joined.push_str(rest);
            return joined;
        }
        let last = rest.chars().next_back().and_then(half_of_mark);
        if let Some(high) = last.filter(|unit| *unit < 0xDC00)
            && self.pending.len() < PENDING_MAX
        {
            self.pending.push((place, high));
            rest = rest.trim_end_matches(|last| half_of_mark(last) == Some(high));
        }
        for character in rest.chars() {
            let is_half = half_of_mark(character).is_some();
            joined.push(if is_half { self.lone() } else { character });
        }
        joined
    }

    fn lone(&mut self) -> char {
        self.has_lone = true;
        char::REPLACEMENT_CHARACTER
    }
}

impl Answer {
    /// Says whether marks in what is read next stand for halves of characters.
    pub fn expect_halves(&mut self, are_expected: bool) {
        self.halves.are_expected = are_expected;
    }

    /// Whether a half of a character stood alone; U+FFFD stands in its place.
    pub fn has_lone_halves(&self) -> bool {
        self.halves.has_lone
    }

    /// No more comes: what still waits for its other half stands alone.
    pub fn settle_halves(&mut self) {
        self.halves.are_expected = false;
        let pending = std::mem::take(&mut self.halves.pending);
        for (place, _) in pending {
            let lone = self.halves.lone().to_string();
            let lone = lone.as_str();
            match place {
                Place::Text(index, part) => self.append(index, part, lone),
                Place::Call(key) => self.call(
                    key,
                    CallPiece {
                        arguments: lone,
                        ..CallPiece::default()
                    },
                ),
                Place::Beside => self.append_part(lone),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::HashForm;
    use crate::json::half_mark;

    fn answer() -> Answer {
        let mut answer = Answer::new(HashForm::Sha256, 1 << 10);
        answer.expect_halves(true);
        answer
    }

    fn mark(unit: u16) -> String {
        half_mark(unit).unwrap().to_string()
    }

    #[test]
    fn halves_in_two_pieces_are_one_character_of_their_own_text() {
        let mut answer = answer();
        let [high, low] = [0xD83D, 0xDE00].map(mark);
        let key = CallKey { choice: 0, call: 3 };
        let call = |answer: &mut Answer, arguments: &str| {
            let piece = CallPiece {
                arguments,
                ..CallPiece::default()
            };
            answer.call(key, piece);
        };
        answer.append(0, Part::Content, &format!("Hi {high}"));
        answer.append(1, Part::Content, &high);
        answer.append(0, Part::Reasoning, "so");
        call(&mut answer, &format!("{{\"a\":\"{high}"));
        answer.append(0, Part::Content, "");
        answer.append(0, Part::Content, &format!("{low}!"));
        answer.append(1, Part::Content, &low);
        call(&mut answer, &format!("{low}\"}}"));
        answer.settle_halves();
        assert_eq!(answer.said(0, Part::Content), ("Hi \u{1F600}!", 8));
        assert_eq!(answer.said(1, Part::Content).0, "\u{1F600}");
        assert_eq!(answer.said(0, Part::Reasoning).0, "so");
        assert_eq!(answer.arguments(key), Some("{\"a\":\"\u{1F600}\"}"));
        assert!(!answer.has_lone_halves());
        let whole = HashForm::Sha256.hash("Hi \u{1F600}!".as_bytes());
        assert_eq!(answer.choices[0].said().hash().0, whole);
    }

    #[test]
    fn a_half_that_stays_alone_is_replaced_and_told() {
        let [high, low] = [0xD83D, 0xDE00].map(mark);
        for (pieces, said) in [
            (vec![format!("a{high}")], "a\u{FFFD}"),
            (vec![high.clone(), "b".into()], "\u{FFFD}b"),
            (vec![low.clone()], "\u{FFFD}"),
            (vec![format!("{low}c")], "\u{FFFD}c"),
            (
                vec![high.clone(), high.clone(), low.clone()],
                "\u{FFFD}\u{1F600}",
            ),
        ] {
            let mut answer = answer();
            for piece in &pieces {
                answer.append(0, Part::Content, piece);
            }
            answer.settle_halves();
            assert_eq!(answer.said(0, Part::Content).0, said, "{pieces:?}");
            assert!(answer.has_lone_halves(), "{pieces:?}");
        }
    }
}
