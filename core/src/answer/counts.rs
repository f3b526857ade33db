//! The tokens that a provider counted.

use super::Answer;

/// Token counts, `None` where the provider said nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All input tokens, those read from and written to a cache included.
    pub input: Option<u64>,
    /// All output tokens, reasoning included.
    pub output: Option<u64>,
    /// Input tokens read from a cache.
    pub cache_read: Option<u64>,
    /// Input tokens written to a cache.
    pub cache_write: Option<u64>,
    /// Output tokens spent on reasoning.
    pub reasoning: Option<u64>,
}

impl Answer {
    /// Takes counts of what has been answered so far. They only grow: a smaller one is a
    /// placeholder, and one that is missing leaves what is known.
    pub fn count(&mut self, counts: Counts) {
        self.usage = self.usage.with(counts, |known, later| known.max(later));
    }

    /// Takes counts that are stated anew and may have become smaller, of which 0 says nothing.
    pub fn recount(&mut self, counts: Counts) {
        self.usage = self.usage.with(counts, |known, later| {
            later.filter(|count| *count > 0).or(known.max(later))
        });
    }
}

impl Counts {
    /// The counts of two answers together.
    pub(super) fn and(self, other: Self) -> Self {
        self.with(other, |one, other| {
            let both = one.zip(other);
            let both = both.map(|(one, other): (u64, u64)| one.saturating_add(other));
            both.or(one).or(other)
        })
    }

    fn with(self, later: Self, choose: fn(Option<u64>, Option<u64>) -> Option<u64>) -> Self {
        Self {
            input: choose(self.input, later.input),
            output: choose(self.output, later.output),
            cache_read: choose(self.cache_read, later.cache_read),
            cache_write: choose(self.cache_write, later.cache_write),
            reasoning: choose(self.reasoning, later.reasoning),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::HashForm;

    fn answer() -> Answer {
        Answer::new(HashForm::Sha256, 10)
    }

    #[test]
    fn a_count_that_is_missing_or_0_displaces_none() {
        let of = |input, output| Counts {
            input,
            output,
            ..Counts::default()
        };
        let [mut grown, mut restated] = [answer(), answer()];
        for counts in [
            of(Some(0), Some(0)),
            of(Some(8), Some(3)),
            of(Some(7), None),
            of(Some(0), Some(0)),
        ] {
            grown.count(counts);
            restated.recount(counts);
        }
        assert_eq!(grown.usage, of(Some(8), Some(3)));
        assert_eq!(restated.usage, of(Some(7), Some(3)));
        let mut empty = answer();
        empty.recount(of(Some(0), None));
        assert_eq!(empty.usage, of(Some(0), None));
    }
}
