//! Texts of a stream whose events repeat what was said before: of each only the end is new.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::answer::{CallKey, Part};
use crate::limits::{CHOICES_MAX, TOOL_CALLS_MAX};

/// The texts of a stream as far as they have come.
///
/// A text that does not begin with what came before shows that the events say only what is new.
/// Before that, a text that repeats a piece is taken for a total, unless the caller asked for pieces.
#[derive(Debug, Default)]
pub(super) struct Totals {
    is_incremental: bool,
    seen: Vec<(Whose, usize, u64)>,
}

/// Which text of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whose {
    choice: u64,
    kind: Kind,
    number: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Content,
    Other,
    Call,
    Thought,
}

impl Whose {
    pub(super) fn text(choice: u64, part: Part) -> Self {
        let kind = match part {
            Part::Content => Kind::Content,
            Part::Refusal | Part::Reasoning => Kind::Other,
        };
        Self {
            choice,
            kind,
            number: 0,
        }
    }

    pub(super) fn call(key: CallKey) -> Self {
        Self {
            choice: key.choice,
            kind: Kind::Call,
            number: key.call,
        }
    }

    pub(super) fn thought(number: u64) -> Self {
        Self {
            choice: 0,
            kind: Kind::Thought,
            number,
        }
    }
}

impl Totals {
    /// Of a stream of which the caller asked for pieces, or for totals.
    pub(super) fn asked(is_incremental: bool) -> Self {
        Self {
            is_incremental,
            seen: Vec::new(),
        }
    }

    /// What of a text is new.
    pub(super) fn new_of<'t>(&mut self, whose: Whose, text: &'t str) -> &'t str {
        if self.is_incremental || text.is_empty() {
            return text;
        }
        let known = self.seen.iter().position(|(known, ..)| *known == whose);
        let Some(known) = known.and_then(|at| self.seen.get_mut(at)) else {
            // More than an answer keeps.
            if self.seen.len() < CHOICES_MAX.saturating_add(TOOL_CALLS_MAX) {
                self.seen.push((whose, text.len(), hash(text)));
            }
            return text;
        };
        let (_, length, said) = *known;
        match text.split_at_checked(length) {
            Some((before, new)) if hash(before) == said => {
                (known.1, known.2) = (text.len(), hash(text));
                new
            }
            _ => {
                self.is_incremental = true;
                text
            }
        }
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(totals: &mut Totals, pieces: &[&str]) -> String {
        let whose = Whose::text(0, Part::Content);
        pieces
            .iter()
            .map(|piece| totals.new_of(whose, piece))
            .collect()
    }

    #[test]
    fn totals_and_pieces_give_the_same_text() {
        for pieces in [
            &["It", "It is", "It is", "It is 2.", "It is 2."][..],
            &["It", " is", "", " 2", "."],
            &["It is 2."],
            &["", "It", "", "It is 2."],
        ] {
            assert_eq!(
                said(&mut Totals::default(), pieces),
                "It is 2.",
                "{pieces:?}"
            );
        }
    }

    #[test]
    fn a_piece_that_repeats_another_is_new_where_pieces_were_asked_for() {
        let pieces = ["ha", "ha", "haha"];
        assert_eq!(said(&mut Totals::asked(true), &pieces), "hahahaha");
        assert_eq!(said(&mut Totals::default(), &pieces), "haha");
    }
}
