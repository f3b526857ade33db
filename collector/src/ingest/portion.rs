//! How many events one transaction stores, so that a slow database gets through with any number of them.

/// So many events, at most.
///
/// A transaction that takes too long stores nothing, and its events are sent again. As the same work it
/// would take as long: each time it is half as much, until the database gets through with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Portion(usize);

impl Portion {
    /// As many as there are.
    pub(super) const ALL: Self = Self(usize::MAX);

    /// At least one.
    pub(super) fn events(self) -> usize {
        self.0.max(1)
    }

    /// After so many were too much.
    pub(super) fn after_too_many(self, events: usize) -> Self {
        Self(events / 2)
    }

    /// After so many were stored: more, if more than that have not been tried.
    pub(super) fn after_success(self, events: usize) -> Self {
        match events < self.events() {
            true => self,
            false => Self(self.events().saturating_mul(2)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_halved_until_the_database_gets_through_and_grows_again() {
        let mut portion = Portion::ALL;
        for (tried, left) in [(10_000, 5_000), (5_000, 2_500), (3, 1), (1, 1)] {
            portion = portion.after_too_many(tried);
            assert_eq!(portion.events(), left, "{tried}");
        }
        // Fewer than there might be say nothing.
        portion = portion.after_success(0);
        assert_eq!(portion.events(), 1);
        for more in [2, 4, 8] {
            portion = portion.after_success(portion.events());
            assert_eq!(portion.events(), more);
        }
        assert_eq!(Portion::ALL.after_success(10_000), Portion::ALL);
    }
}
