//! Where an event stands in the order of time.
//!
//! The order is total and an event never moves in it, so that a page can begin where the one before
//! ended, whatever has come in since.

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

/// Places in one microsecond.
pub(crate) const PLACES: i64 = 1000;
