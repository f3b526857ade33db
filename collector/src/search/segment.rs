//! Which of some events have which terms.
//!
//! The events of a segment are numbered in the order of their positions. For each term there is a
//! list of the numbers of the events that have it; the lists stand in the order of the terms, and
//! are cut into chunks, so that one list can be read without the others.
//!
//! A chunk is, for each of its terms: the distance from the term before, how many events have it,
//! and the distance of each event's number from the one before, all as [`varint`]s.

use std::iter;

use thiserror::Error;

use crate::limits;
use crate::search::{Position, Term, varint};

/// The index of some events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Of its events, ascending.
    pub(crate) positions: Vec<Position>,
    /// In the order of their terms.
    pub(crate) chunks: Vec<Chunk>,
}

/// The lists of some terms that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// The first of its terms.
    pub(crate) first: Term,
    pub(crate) bytes: Vec<u8>,
}

impl Segment {
    /// The index of these events, [`limits::SEGMENT_EVENTS_MAX`] at most. No two have the same
    /// position.
    pub(crate) fn of<T: AsRef<[Term]>>(events: &[(Position, T)]) -> Self {
        let mut events: Vec<&(Position, T)> = events.iter().collect();
        events.sort_unstable_by_key(|(position, _)| *position);
        let mut entries = Vec::new();
        for ((_, terms), number) in events.iter().zip(0..=u16::MAX) {
            entries.extend(terms.as_ref().iter().map(|term| term.with_number(number)));
        }
        Self {
            positions: events.into_iter().map(|(position, _)| *position).collect(),
            chunks: chunks(entries),
        }
    }

    /// One segment of the events of all `segments` that are to be kept, which are
    /// [`limits::SEGMENT_EVENTS_MAX`] at most.
    pub(crate) fn merged(
        segments: &[Self],
        is_kept: impl Fn(Position) -> bool,
    ) -> Result<Self, Damaged> {
        let all = segments.iter().flat_map(|segment| &segment.positions);
        let mut positions: Vec<Position> = all.copied().filter(|one| is_kept(*one)).collect();
        positions.sort_unstable();
        positions.dedup();
        let mut entries = Vec::new();
        for segment in segments {
            segment.add_entries(&positions, &mut entries)?;
        }
        Ok(Self {
            positions,
            chunks: chunks(entries),
        })
    }

    /// Adds what the segment tells of the events at `positions`, with the numbers they have there.
    fn add_entries(&self, positions: &[Position], entries: &mut Vec<u64>) -> Result<(), Damaged> {
        let number_at = |position| {
            let index = positions.binary_search(position).ok();
            index.and_then(|index| u16::try_from(index).ok())
        };
        let numbers: Vec<Option<u16>> = self.positions.iter().map(number_at).collect();
        for list in self.chunks.iter().flat_map(Chunk::lists) {
            let (term, own) = list?;
            let kept = own
                .into_iter()
                .filter_map(|number| *numbers.get(usize::from(number))?);
            entries.extend(kept.map(|number| term.with_number(number)));
        }
        Ok(())
    }
}

/// The lists that these entries come to, each a term with the number of an event.
fn chunks(mut entries: Vec<u64>) -> Vec<Chunk> {
    entries.sort_unstable();
    entries.dedup();
    let mut chunks = Chunks::default();
    for list in
        entries.chunk_by(|one, other| Term::and_number(*one).0 == Term::and_number(*other).0)
    {
        chunks.add(list);
    }
    chunks.done
}

/// A term, and the numbers of the events that have it, ascending.
type List = Result<(Term, Vec<u16>), Damaged>;

impl Chunk {
    /// The numbers of the events that have `term`, ascending; none if the chunk has no such term.
    pub(crate) fn numbers(&self, term: Term) -> Result<Vec<u16>, Damaged> {
        for list in self.lists() {
            let (listed, numbers) = list?;
            if listed >= term {
                let is_it = listed == term;
                return Ok(if is_it { numbers } else { Vec::new() });
            }
        }
        Ok(Vec::new())
    }

    fn lists(&self) -> impl Iterator<Item = List> {
        let mut rest = self.bytes.as_slice();
        let mut before = self.first;
        iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let list = read(&mut rest, before).ok_or(Damaged);
            match &list {
                Ok((term, _)) => before = *term,
                Err(Damaged) => rest = &[],
            }
            Some(list)
        })
    }
}

/// Chunks that are being written.
#[derive(Default)]
struct Chunks {
    done: Vec<Chunk>,
    /// The last term that was added.
    last: Term,
}

impl Chunks {
    /// Adds a list, the entries of one term, which is after all that were added before.
    fn add(&mut self, list: &[u64]) {
        let Some((term, _)) = list.first().copied().map(Term::and_number) else {
            return;
        };
        let is_full = |chunk: &Chunk| chunk.bytes.len() >= limits::CHUNK_BYTES;
        if self.done.last().is_none_or(is_full) {
            self.done.push(Chunk {
                first: term,
                bytes: Vec::with_capacity(limits::CHUNK_BYTES),
            });
            self.last = term;
        }
        if let Some(chunk) = self.done.last_mut() {
            write(&mut chunk.bytes, term.distance(self.last), list);
        }
        self.last = term;
    }
}

fn write(bytes: &mut Vec<u8>, distance: u64, list: &[u64]) {
    varint::write(bytes, distance);
    varint::write(bytes, list.len() as u64);
    let mut before = 0;
    for (_, number) in list.iter().copied().map(Term::and_number) {
        varint::write(bytes, u64::from(number.saturating_sub(before)));
        before = number;
    }
}

fn read(bytes: &mut &[u8], before: Term) -> Option<(Term, Vec<u16>)> {
    let term = before.after(varint::read(bytes)?)?;
    let count = usize::try_from(varint::read(bytes)?).ok()?;
    // Each takes a byte at least: what says otherwise is no list.
    let mut numbers = Vec::with_capacity(count.min(bytes.len()));
    let mut number = 0_u16;
    for _ in 0..count {
        let distance = u16::try_from(varint::read(bytes)?).ok()?;
        number = number.checked_add(distance)?;
        numbers.push(number);
    }
    Some((term, numbers))
}

/// Bytes that are no list: something has changed them since they were stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the index of events is damaged")]
pub struct Damaged;

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(names: &[&str]) -> Vec<Term> {
        names.iter().map(|name| Term::tag(name)).collect()
    }

    fn found(segment: &Segment, name: &str) -> Vec<i64> {
        let term = Term::tag(name);
        let mut chunks = segment.chunks.iter().rev();
        let Some(chunk) = chunks.find(|chunk| chunk.first <= term) else {
            return Vec::new();
        };
        let numbers = chunk.numbers(term).unwrap();
        let positions = numbers.into_iter();
        positions
            .map(|number| segment.positions[usize::from(number)].0)
            .collect()
    }

    /// Many events: every one has `all`, every tenth `tenth`, and each a tag of its own.
    fn large(from: i64, to: i64) -> Segment {
        let events: Vec<(Position, Vec<Term>)> = (from..to)
            .map(|number| {
                let own = number.to_string();
                let names = ["all", &own, "tenth"];
                let count = if number % 10 == 0 { 3 } else { 2 };
                (Position(number), terms(&names[..count]))
            })
            .collect();
        Segment::of(&events)
    }

    #[test]
    fn events_are_found_by_their_terms_in_the_order_of_their_positions() {
        let (one, two) = (terms(&["a", "b", "b"]), terms(&["b", "c"]));
        let segment = Segment::of(&[(Position(9), one), (Position(-5), two)]);
        assert_eq!(found(&segment, "a"), [9]);
        assert_eq!(found(&segment, "b"), [-5, 9]);
        assert_eq!(found(&segment, "d"), [0; 0]);
        assert_eq!(Segment::of::<Vec<Term>>(&[]).chunks, []);
    }

    #[test]
    fn a_large_segment_has_many_chunks_and_each_list_in_one_of_them() {
        let segment = large(0, 5000);
        assert!(segment.chunks.len() > 10);
        assert_eq!(found(&segment, "all").len(), 5000);
        assert_eq!(found(&segment, "tenth").len(), 500);
        for number in 0..5000 {
            assert_eq!(found(&segment, &number.to_string()), [number]);
        }
    }

    #[test]
    fn merged_segments_are_those_of_all_their_events() {
        let parts = [large(500, 700), large(0, 500), large(650, 1000)];
        let merged = Segment::merged(&parts, |_| true).unwrap();
        assert!(merged == large(0, 1000));
    }

    #[test]
    fn what_is_not_kept_leaves_nothing_behind() {
        let parts = [large(0, 600), large(600, 1000)];
        let merged = Segment::merged(&parts, |Position(at)| at < 300).unwrap();
        assert!(merged == large(0, 300));
        let none = Segment::merged(&parts, |_| false).unwrap();
        assert_eq!(none, Segment::of::<Vec<Term>>(&[]));
    }

    #[test]
    fn damaged_bytes_are_an_error_and_no_panic() {
        let whole = large(0, 200);
        let term = Term::tag("all");
        for chunk in &whole.chunks {
            for cut in 0..chunk.bytes.len() {
                let bytes = chunk.bytes[..cut].to_vec();
                let first = chunk.first;
                // It may end where a list does, and is whole then.
                let _ = Chunk { first, bytes }.numbers(term);
            }
        }
        let first = Term::tag("a");
        for bytes in [vec![0], vec![0, 9, 1], vec![0x80; 30], vec![0xff; 30]] {
            let chunk = Chunk { first, bytes };
            assert_eq!(chunk.numbers(term), Err(Damaged));
            let segment = Segment {
                positions: Vec::new(),
                chunks: vec![chunk],
            };
            assert_eq!(Segment::merged(&[segment], |_| true), Err(Damaged));
        }
    }
}
