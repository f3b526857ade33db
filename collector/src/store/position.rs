//! Which places in the order of time events get, and where there are more when a microsecond is full.

use std::collections::HashMap;
use std::iter;

use crate::search::{PLACES, Position};

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
