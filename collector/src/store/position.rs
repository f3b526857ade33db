//! Where an event stands in the order of time.
//!
//! The order is total and an event never moves in it, so that a page can begin where the one before
//! ended, whatever has come in since.

use std::collections::HashMap;
use std::iter;

use crate::limits;

/// A place in the order of events, later ones above earlier ones.
///
/// It is the event's time in nanoseconds since 1970, UTC. Times have microseconds: what is below
/// tells apart the events of one of them, in the order in which they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Position(pub(crate) i64);

impl Position {
    pub(crate) const FIRST: Self = Self(i64::MIN);
    pub(crate) const LAST: Self = Self(i64::MAX);

    /// The last place before this one.
    pub(crate) fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// No event of this time, in microseconds, or of a later one is before this.
    pub(crate) fn first_at(timestamp: i64) -> Self {
        Self(timestamp.saturating_mul(PLACES))
    }

    /// No event of a time before this one, in microseconds, is at this place or after it.
    pub(crate) fn end_of_all_before(timestamp: i64) -> Self {
        let moved = Self::first_at(limits::POSITION_MOVED_MICROS_MAX);
        Self(Self::first_at(timestamp).0.saturating_add(moved.0))
    }
}

/// Positions for events of these times in microseconds: each after all events of the same time that
/// came before it. For each time, `next` has what is behind the last position that is taken in its
/// microsecond.
///
/// They are for the first of the events, up to one whose microsecond is full.
pub(super) fn assigned(timestamps: &[i64], next: Vec<i64>) -> Vec<Position> {
    let next = next.into_iter().map(Position);
    let mut next_by_time: HashMap<i64, Position> = timestamps.iter().copied().zip(next).collect();
    let mut assigned = Vec::with_capacity(timestamps.len());
    for timestamp in timestamps {
        let end = Position::first_at(timestamp.saturating_add(1));
        match next_by_time.get_mut(timestamp) {
            Some(next) if *next < end => {
                assigned.push(*next);
                next.0 = next.0.saturating_add(1);
            }
            _ => break,
        }
    }
    assigned
}

/// Where there may be places for an event whose microsecond is full, each stretch with its first and
/// last place: the next microsecond, the two after it, then four, … An event goes to the end of the
/// first that has places there. So any number of events at one time are as quick to place as a few.
pub(super) fn stretches_after(timestamp: i64) -> impl Iterator<Item = (i64, i64)> {
    let Position(end) = Position::end_of_all_before(timestamp);
    let Position(mut start) = Position::first_at(timestamp.saturating_add(1));
    let mut places = PLACES;
    iter::from_fn(move || {
        let first = start;
        start = first.saturating_add(places).min(end);
        places = places.saturating_mul(2);
        (first < end).then_some((first, start.saturating_sub(1)))
    })
}

/// Places in one microsecond.
pub(super) const PLACES: i64 = 1000;
