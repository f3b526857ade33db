//! Lists of events, taken newest first.

use std::collections::BinaryHeap;

use crate::search::Position;

/// Ascending lists of events, of which the newest is taken again and again. An event that is in two
/// lists is taken once.
#[derive(Default)]
pub(super) struct Newest {
    lists: BinaryHeap<List>,
    /// The one that was taken last.
    before: Option<Position>,
}

/// A list that is not empty. The one with the newest event is the greatest.
#[derive(PartialEq, Eq)]
struct List(Vec<Position>);

impl Newest {
    /// Adds a list, in which nothing is newer than what was taken.
    pub(super) fn add(&mut self, mut list: Vec<Position>) {
        while list.last().is_some_and(|last| Some(*last) == self.before) {
            list.pop();
        }
        if !list.is_empty() {
            self.lists.push(List(list));
        }
    }

    /// The one that is taken next.
    pub(super) fn newest(&self) -> Option<Position> {
        self.lists.peek().and_then(|list| list.0.last().copied())
    }

    /// Takes it out of all lists: what is left of it in one would be taken for the next, and hide those
    /// that are in none yet.
    pub(super) fn take(&mut self) -> Option<Position> {
        let newest = self.newest()?;
        self.before = Some(newest);
        while self.newest() == Some(newest) {
            let list = self.lists.pop()?;
            self.add(list.0);
        }
        Some(newest)
    }
}

impl Ord for List {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.last().cmp(&other.0.last())
    }
}

impl PartialOrd for List {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// What is in both of two ascending lists.
pub(super) fn intersection(one: &[u16], other: &[u16]) -> Vec<u16> {
    let (few, many) = match one.len() <= other.len() {
        true => (one, other),
        false => (other, one),
    };
    let in_both = |number: &&u16| many.binary_search(number).is_ok();
    few.iter().filter(in_both).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_all_lists_comes_first_and_each_once() {
        let mut newest = Newest::default();
        for list in [vec![1, 5, 9], vec![], vec![5, 8]] {
            newest.add(list.into_iter().map(Position).collect());
        }
        assert_eq!(newest.newest(), Some(Position(9)));
        let taken: Vec<i64> = std::iter::from_fn(|| newest.take())
            .map(|at| at.0)
            .collect();
        assert_eq!(taken, [9, 8, 5, 1]);
    }

    #[test]
    fn what_was_taken_is_not_the_newest_any_more() {
        let mut newest = Newest::default();
        for list in [vec![4, 5], vec![5], vec![5]] {
            newest.add(list.into_iter().map(Position).collect());
        }
        assert_eq!(newest.take(), Some(Position(5)));
        assert_eq!(newest.newest(), Some(Position(4)));
        newest.add(vec![Position(3), Position(5)]);
        assert_eq!(newest.take(), Some(Position(4)));
        assert_eq!(newest.take(), Some(Position(3)));
        assert_eq!((newest.newest(), newest.take()), (None, None));
    }

    #[test]
    fn an_intersection_is_what_is_in_both() {
        assert_eq!(intersection(&[1, 3, 5, 9], &[3, 9, 10]), [3, 9]);
        assert_eq!(intersection(&[], &[1]), [0_u16; 0]);
    }
}
