//! Events that are in no segment yet, kept in memory by the process that stores them.
//!
//! A segment for each commit would be written again and again as they are merged. So commits only
//! note their events in the table `unindexed`, and a segment is written for thousands of them. After
//! a crash the table tells which events are to be read for it.

use std::ops::RangeBounds;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use crate::limits;
use crate::search::Position;
use crate::search::Term;
use crate::store::segments::Indexed;

/// Cloning gives another handle to the same events.
#[derive(Debug, Clone, Default)]
pub(super) struct Tail(Arc<RwLock<Events>>);

#[derive(Debug, Default)]
struct Events {
    events: Vec<Indexed>,
    terms: usize,
}

impl Tail {
    pub(super) fn add(&self, new: Vec<Indexed>) {
        let mut tail = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let terms: usize = new.iter().map(|(_, terms)| terms.len()).sum();
        tail.terms = tail.terms.saturating_add(terms);
        tail.events.extend(new);
    }

    /// Forgets the newest `count` events, which were not stored after all.
    pub(super) fn take_back(&self, count: usize) {
        let mut tail = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let kept = tail.events.len().saturating_sub(count);
        tail.remove(kept..);
    }

    /// The events that have all of `terms`, from `first` up to `last`, ascending.
    pub(super) fn find(&self, terms: &[Term], first: Position, last: Position) -> Vec<Position> {
        let has_all = |own: &[Term]| terms.iter().all(|term| own.binary_search(term).is_ok());
        let tail = self.read();
        let in_range = tail.events.iter();
        let in_range = in_range.filter(|(at, _)| (first..=last).contains(at));
        let found = in_range.filter(|(_, own)| has_all(own));
        let mut found: Vec<Position> = found.map(|(at, _)| *at).collect();
        found.sort_unstable();
        found
    }

    /// Whether there is enough for a segment.
    pub(super) fn is_full(&self) -> bool {
        self.is_times_full(1)
    }

    /// Whether there is more than memory should hold.
    pub(super) fn is_too_full(&self) -> bool {
        self.is_times_full(limits::TAIL_OVERFLOW)
    }

    fn is_times_full(&self, times: usize) -> bool {
        let tail = self.read();
        tail.events.len() >= limits::TAIL_EVENTS.saturating_mul(times)
            || tail.terms >= limits::TAIL_TERMS.saturating_mul(times)
    }

    /// The events, as many as fit into a segment, oldest first by their arrival.
    pub(super) fn events(&self) -> Vec<Indexed> {
        let tail = self.read();
        let count = usize::try_from(limits::SEGMENT_EVENTS_MAX).unwrap_or(usize::MAX);
        tail.events.iter().take(count).cloned().collect()
    }

    /// Forgets the oldest `count` events, which are in a segment now.
    pub(super) fn forget(&self, count: usize) {
        let mut tail = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let count = count.min(tail.events.len());
        tail.remove(..count);
    }

    fn read(&self) -> RwLockReadGuard<'_, Events> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Events {
    fn remove(&mut self, range: impl RangeBounds<usize>) {
        let gone = self.events.drain(range).map(|(_, terms)| terms.len());
        let terms: usize = gone.sum();
        self.terms = self.terms.saturating_sub(terms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(position: i64, tags: &[&str]) -> Indexed {
        let mut terms: Vec<Term> = tags.iter().map(|tag| Term::tag(tag)).collect();
        terms.sort_unstable();
        (Position(position), terms.into())
    }

    #[test]
    fn events_are_found_until_they_are_forgotten() {
        let tail = Tail::default();
        tail.add(vec![event(5, &["a", "b"]), event(3, &["b"])]);
        tail.add(vec![event(9, &["a"])]);
        let find = |tags: &[&str]| {
            let terms: Vec<Term> = tags.iter().map(|tag| Term::tag(tag)).collect();
            let found = tail.find(&terms, Position(3), Position(8));
            found.into_iter().map(|at| at.0).collect::<Vec<_>>()
        };
        assert_eq!(find(&["b"]), [3, 5]);
        assert_eq!(find(&["a", "b"]), [5]);
        tail.forget(1);
        assert_eq!(find(&["b"]), [3]);
        assert_eq!(tail.events().len(), 2);
        tail.take_back(1);
        assert_eq!(find(&["a"]), [0; 0]);
        assert_eq!(find(&["b"]), [3]);
    }

    #[test]
    fn it_is_full_by_events_or_by_what_they_take() {
        let tail = Tail::default();
        tail.add(vec![event(0, &["a"]); limits::TAIL_EVENTS - 1]);
        assert!(!tail.is_full());
        tail.add(vec![event(0, &["a"])]);
        assert!(tail.is_full() && !tail.is_too_full());
        tail.forget(usize::MAX);
        assert!(!tail.is_full());
        let large: Arc<[Term]> = vec![Term::tag("a"); limits::TAIL_TERMS].into();
        tail.add(vec![(Position(0), large)]);
        assert!(tail.is_full());
    }
}
