//! Numbers of a sequence.

use serde::Serialize;

/// Some numbers in a row, the first and the last of them included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Run {
    pub(crate) first_seq: i64,
    pub(crate) last_seq: i64,
}

impl Run {
    /// The same numbers in as few runs as they need, ascending.
    pub(super) fn joined(mut runs: Vec<Self>) -> Vec<Self> {
        runs.sort_unstable_by_key(|run| run.first_seq);
        let mut joined: Vec<Self> = Vec::new();
        for run in runs {
            match joined.last_mut() {
                Some(last) if run.first_seq <= last.last_seq.saturating_add(1) => {
                    last.last_seq = last.last_seq.max(run.last_seq);
                }
                _ => joined.push(run),
            }
        }
        joined
    }

    /// The numbers from `next_seq` on that are in none of `runs`, which ascend.
    fn holes_from(mut next_seq: i64, runs: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut holes = Vec::new();
        for run in runs {
            if next_seq < run.first_seq {
                holes.push(Self {
                    first_seq: next_seq,
                    last_seq: run.first_seq.saturating_sub(1),
                });
            }
            next_seq = run.last_seq.saturating_add(1);
        }
        holes
    }

    /// The first numbers from 1 on that are in none of `runs`, which ascend, as many stretches of them
    /// as `holes_max`, and whether there are more.
    pub(super) fn holes_between(
        runs: impl IntoIterator<Item = Self>,
        holes_max: usize,
    ) -> (Vec<Self>, bool) {
        let mut holes = Self::holes_from(1, runs);
        let has_more = holes.len() > holes_max;
        holes.truncate(holes_max);
        (holes, has_more)
    }

    /// Of the holes around `seq` the nearest, as many as `count`, and whether there are more.
    ///
    /// `runs` ascend. Two more than `count` of them begin at `seq` or before it, and as many after it,
    /// or else all.
    pub(super) fn holes_around(seq: i64, runs: Vec<Self>, count: usize) -> (Vec<Self>, bool) {
        let before = runs.iter().filter(|run| run.first_seq <= seq).count();
        let mut runs = runs.into_iter();
        // What is before the first run is a hole only if there is no run before it.
        let next_seq = match before > count.saturating_add(1) {
            true => runs.next().map_or(1, |run| run.last_seq.saturating_add(1)),
            false => 1,
        };
        let mut holes = Self::holes_from(next_seq, runs);
        let has_more = holes.len() > count;
        holes.sort_by_key(|hole| hole.distance_to(seq));
        holes.truncate(count);
        holes.sort_by_key(|hole| hole.first_seq);
        (holes, has_more)
    }

    /// How far a number is from the nearer end.
    fn distance_to(self, seq: i64) -> u64 {
        let to_first = self.first_seq.abs_diff(seq);
        to_first.min(self.last_seq.abs_diff(seq))
    }

    /// How many numbers it has.
    pub(crate) fn len(self) -> i64 {
        self.last_seq
            .saturating_sub(self.first_seq)
            .saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(first_seq: i64, last_seq: i64) -> Run {
        Run {
            first_seq,
            last_seq,
        }
    }

    #[test]
    fn runs_that_touch_or_overlap_become_one() {
        let runs = [(7, 9), (1, 2), (3, 3), (8, 8), (11, i64::MAX), (12, 13)];
        let joined = Run::joined(runs.map(|(first, last)| run(first, last)).to_vec());
        assert_eq!(joined, [run(1, 3), run(7, 9), run(11, i64::MAX)]);
        assert_eq!(Run::joined(Vec::new()), []);
    }

    #[test]
    fn the_holes_around_a_number_are_the_nearest_on_either_side() {
        let all: Vec<Run> = (1..=20)
            .map(|number| run(number * 10, number * 10))
            .collect();
        let around = |seq: i64, count: usize| {
            let (before, after): (Vec<Run>, Vec<Run>) =
                all.iter().partition(|run| run.first_seq <= seq);
            let before = &before[before.len().saturating_sub(count + 2)..];
            let runs = before
                .iter()
                .copied()
                .chain(after.into_iter().take(count + 2));
            let (holes, has_more) = Run::holes_around(seq, runs.collect(), count);
            let firsts: Vec<i64> = holes.into_iter().map(|hole| hole.first_seq).collect();
            (firsts, has_more)
        };
        assert_eq!(around(100, 3), (vec![81, 91, 101], true));
        assert_eq!(around(200, 2), (vec![181, 191], true));
        assert_eq!(around(10, 2), (vec![1, 11], true));
        assert_eq!(around(20, 2), (vec![11, 21], true));
        assert_eq!(around(100, 19).0.len(), 19);
        assert!(around(100, 19).1);
        assert_eq!(around(100, 20).0.len(), 20);
        assert!(!around(100, 20).1);
        assert_eq!(Run::holes_around(5, vec![run(1, 9)], 3), (vec![], false));
    }
}
