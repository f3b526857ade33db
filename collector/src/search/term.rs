//! What an event can be found by.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// One thing that an event can be found by, as a number: a value of a member, a tag, or a word.
///
/// It is a hash. Two things can have the same one, so that what is found has to be looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Term(u64);

impl Term {
    /// That the member `name` is `value`.
    pub(crate) fn member(name: &str, value: &str) -> Self {
        Self::of(name, value)
    }

    /// That it has this tag.
    pub(crate) fn tag(tag: &str) -> Self {
        Self::of("tag", tag)
    }

    /// That its texts have this word, as [`each_word`](super::each_word) gives it.
    pub(crate) fn word(word: &str) -> Self {
        Self::of("word", word)
    }

    /// The hash is stored: it has to be the same in every version and on every machine. The kind is
    /// its seed, so that a word is no tag and no value.
    fn of(kind: &str, text: &str) -> Self {
        let hash = xxh3_64_with_seed(text.as_bytes(), xxh3_64(kind.as_bytes()));
        // Databases have no numbers without a sign.
        Self(hash >> 1)
    }

    /// The number, from 0 to 2^63-1.
    pub(crate) fn number(self) -> i64 {
        self.0.cast_signed()
    }

    pub(super) fn distance(self, before: Self) -> u64 {
        self.0.saturating_sub(before.0)
    }

    pub(super) fn after(self, distance: u64) -> Option<Self> {
        self.0.checked_add(distance).map(Self)
    }
}

impl From<i64> for Term {
    fn from(number: i64) -> Self {
        Self(number.cast_unsigned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_terms_are_stored_and_never_change() {
        assert_eq!(Term::word("credit").number(), 83_402_692_995_260_543);
        assert_eq!(Term::tag("SOC2").number(), 6_834_646_738_469_998_004);
        assert_eq!(
            Term::member("user_id", "ann").number(),
            8_832_941_599_351_487_111
        );
    }

    #[test]
    fn a_word_is_no_tag_and_no_value() {
        let terms = [
            Term::word("a"),
            Term::tag("a"),
            Term::member("user_id", "a"),
        ];
        assert!(terms.iter().all(|term| term.number() >= 0));
        assert_ne!(terms[0], terms[1]);
        assert_ne!(terms[1], terms[2]);
    }
}
