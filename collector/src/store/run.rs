//! Numbers of a sequence.

use serde::Serialize;

use crate::limits;

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

    /// The first numbers from 1 on that are in none of `runs`, which ascend, and whether there are
    /// more.
    pub(super) fn holes_between(runs: impl Iterator<Item = Self>) -> (Vec<Self>, bool) {
        let mut holes = Vec::new();
        let mut next_seq = 1;
        for run in runs {
            if next_seq < run.first_seq {
                holes.push(Self {
                    first_seq: next_seq,
                    last_seq: run.first_seq.saturating_sub(1),
                });
            }
            next_seq = run.last_seq.saturating_add(1);
        }
        let holes_max = usize::try_from(limits::HOLES_MAX).unwrap_or(usize::MAX);
        let has_more = holes.len() > holes_max;
        holes.truncate(holes_max);
        (holes, has_more)
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
}
