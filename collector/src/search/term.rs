//! What an event can be found by.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// One thing that an event can be found by, as a number: a value of a member, a tag, a word, or a
/// pair of words.
///
/// It is a hash. Two things can have the same one, so that what is found has to be looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Term(u64);

impl Term {
    /// Few enough that a term and the number of an event fit into one number, which sorts fast, and
    /// enough that two of a million terms are hardly ever the same.
    pub(super) const BITS: u32 = 48;

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

    /// That its texts have these two characters in a row, of scripts without blanks.
    pub(crate) fn pair(pair: &str) -> Self {
        Self::of("pair", pair)
    }

    /// The hash is stored: it has to be the same in every version and on every machine. The kind is
    /// its seed, so that a word is no tag and no value.
    fn of(kind: &str, text: &str) -> Self {
        let hash = xxh3_64_with_seed(text.as_bytes(), xxh3_64(kind.as_bytes()));
        Self(hash >> (u64::BITS - Self::BITS))
    }

    /// The number, from 0 to 2^48-1.
    pub(crate) fn number(self) -> i64 {
        self.0.cast_signed()
    }

    /// The term and this number as one number, which sorts by the term first.
    pub(super) fn with_number(self, number: u16) -> u64 {
        self.0 << u16::BITS | u64::from(number)
    }

    /// What [`with_number`](Self::with_number) has put together.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the number is what is cut off"
    )]
    pub(super) fn and_number(both: u64) -> (Self, u16) {
        (Self(both >> u16::BITS), both as u16)
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
        assert_eq!(Term::word("credit").number(), 2_545_248_199_318);
        assert_eq!(Term::pair("端口").number(), 247_048_982_820_555);
        assert_eq!(Term::tag("SOC2").number(), 208_576_865_798_034);
        assert_eq!(Term::member("user_id", "ann").number(), 269_559_985_331_771);
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
