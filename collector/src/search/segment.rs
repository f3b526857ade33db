//! Which of some events have which terms.
//!
//! The events of a segment are numbered in the order of their positions. For each term there is a
//! list of the numbers of the events that have it; the lists stand in the order of the terms, and
//! are cut into chunks, so that one list can be read without the others.
//!
//! A chunk is, for each of its terms: the distance from the term before, how many events have it,
//! and the distance of each event's number from the one before, all as [`varint`]s.

use std::iter::{self, Peekable};

use thiserror::Error;

use crate::limits;
use crate::search::{Term, varint};
use crate::store::Position;

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
    /// The index of these events. No two have the same position.
    pub(crate) fn of<'a>(events: impl IntoIterator<Item = (Position, &'a [Term])>) -> Self {
        let mut events: Vec<(Position, &[Term])> = events.into_iter().collect();
        events.sort_unstable_by_key(|(position, _)| *position);
        let numbered = events.iter().zip(0_u32..);
        let mut entries: Vec<(Term, u32)> = numbered
            .flat_map(|((_, terms), number)| terms.iter().map(move |term| (*term, number)))
            .collect();
        entries.sort_unstable();
        entries.dedup();
        let mut chunks = Chunks::default();
        for entries in entries.chunk_by(|one, other| one.0 == other.0) {
            let numbers = entries.iter().map(|(_, number)| *number);
            let term = entries.first().map(|(term, _)| *term);
            term.into_iter()
                .for_each(|term| chunks.add(term, numbers.clone()));
        }
        Self {
            positions: events.into_iter().map(|(position, _)| position).collect(),
            chunks: chunks.done,
        }
    }

    /// One segment of the events of all `segments` that are to be kept.
    pub(crate) fn merged(
        segments: &[Self],
        is_kept: impl Fn(Position) -> bool,
    ) -> Result<Self, Damaged> {
        let all = segments.iter().flat_map(|segment| &segment.positions);
        let mut positions: Vec<Position> = all.copied().filter(|one| is_kept(*one)).collect();
        positions.sort_unstable();
        positions.dedup();
        let sources = segments.iter().map(|one| Source::of(one, &positions));
        let mut sources: Vec<Source<'_>> = sources.collect();
        let mut chunks = Chunks::default();
        while let Some(term) = sources.iter_mut().filter_map(Source::term).min() {
            let mut numbers = Vec::new();
            for source in &mut sources {
                source.take(term, &mut numbers)?;
            }
            numbers.sort_unstable();
            numbers.dedup();
            if !numbers.is_empty() {
                chunks.add(term, numbers.into_iter());
            }
        }
        Ok(Self {
            positions,
            chunks: chunks.done,
        })
    }
}

/// A segment that is read from its first term to its last, to be merged.
struct Source<'a> {
    lists: Peekable<Box<dyn Iterator<Item = List> + 'a>>,
    /// For each of its events, the number that it has after merging, if it is kept.
    numbers: Vec<Option<u32>>,
}

impl<'a> Source<'a> {
    fn of(segment: &'a Segment, positions: &[Position]) -> Self {
        let number_of = |position| {
            let index = positions.binary_search(position).ok();
            index.and_then(|index| u32::try_from(index).ok())
        };
        let lists: Box<dyn Iterator<Item = List>> =
            Box::new(segment.chunks.iter().flat_map(Chunk::lists));
        Self {
            lists: lists.peekable(),
            numbers: segment.positions.iter().map(number_of).collect(),
        }
    }

    /// The term that is next. The lowest, where the next list is damaged, so that it is met.
    fn term(&mut self) -> Option<Term> {
        let list = self.lists.peek()?;
        Some(list.as_ref().map_or(Term::LOWEST, |(term, _)| *term))
    }

    /// Adds the numbers of the list that is next, if it is that of `term`.
    fn take(&mut self, term: Term, numbers: &mut Vec<u32>) -> Result<(), Damaged> {
        if self.term() != Some(term) {
            return Ok(());
        }
        if let Some(list) = self.lists.next() {
            let (_, own) = list?;
            let merged = own.into_iter().filter_map(|number| {
                let number = usize::try_from(number).ok()?;
                *self.numbers.get(number)?
            });
            numbers.extend(merged);
        }
        Ok(())
    }
}

/// A term, and the numbers of the events that have it, ascending.
type List = Result<(Term, Vec<u32>), Damaged>;

impl Chunk {
    /// The numbers of the events that have `term`, ascending; none if the chunk has no such term.
    pub(crate) fn numbers(&self, term: Term) -> Result<Vec<u32>, Damaged> {
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
    /// The last term of the last chunk.
    last: Option<Term>,
}

impl Chunks {
    fn add(&mut self, term: Term, numbers: impl ExactSizeIterator<Item = u32>) {
        let is_full = |chunk: &&mut Chunk| chunk.bytes.len() < limits::CHUNK_BYTES;
        match self.done.last_mut().filter(is_full).zip(self.last) {
            Some((chunk, last)) => write(&mut chunk.bytes, term.distance(last), numbers),
            None => {
                let mut bytes = Vec::new();
                write(&mut bytes, 0, numbers);
                self.done.push(Chunk { first: term, bytes });
            }
        }
        self.last = Some(term);
    }
}

fn write(bytes: &mut Vec<u8>, distance: u64, numbers: impl ExactSizeIterator<Item = u32>) {
    varint::write(bytes, distance);
    varint::write(bytes, numbers.len() as u64);
    let mut before = 0;
    for number in numbers {
        varint::write(bytes, u64::from(number.saturating_sub(before)));
        before = number;
    }
}

fn read(bytes: &mut &[u8], before: Term) -> Option<(Term, Vec<u32>)> {
    let term = before.after(varint::read(bytes)?)?;
    let count = usize::try_from(varint::read(bytes)?).ok()?;
    // Each takes a byte at least: what says otherwise is no list.
    let mut numbers = Vec::with_capacity(count.min(bytes.len()));
    let mut number = 0_u32;
    for _ in 0..count {
        let distance = u32::try_from(varint::read(bytes)?).ok()?;
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
            .map(|number| segment.positions[number as usize].0)
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
        Segment::of(events.iter().map(|(at, terms)| (*at, terms.as_slice())))
    }

    #[test]
    fn events_are_found_by_their_terms_in_the_order_of_their_positions() {
        let (one, two) = (terms(&["a", "b", "b"]), terms(&["b", "c"]));
        let events = [(Position(9), one.as_slice()), (Position(-5), &two)];
        let segment = Segment::of(events);
        assert_eq!(found(&segment, "a"), [9]);
        assert_eq!(found(&segment, "b"), [-5, 9]);
        assert_eq!(found(&segment, "d"), [0; 0]);
        assert_eq!(Segment::of([]).chunks, []);
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
        assert_eq!(none, Segment::of([]));
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
