//! Looking for many values, and for long parts of them, in one pass over a text.
//!
//! A part of a value that is long enough holds, at one of any so many places in a row, four bytes
//! that stand in the value as well. So it is enough to look at every ninth place of a text.

use std::ops::Range;

use super::given::Values;
use crate::limits::{CREDENTIAL_PART_BYTES_MIN, CREDENTIAL_PARTS, CREDENTIAL_REPEATS_MAX};

/// Bytes by which a place in a text is compared first.
const GRAM: usize = 4;

/// The values, and where each four bytes stand in them.
#[derive(Default)]
pub(super) struct Index {
    /// The values, one after the other.
    bytes: Vec<u8>,
    /// The end of each.
    ends: Vec<usize>,
    /// By the hash of four bytes, the first place that has it, counted from 1.
    heads: Vec<u16>,
    /// By place, the next one with the same hash.
    nexts: Vec<u16>,
    /// How far apart the places are that are looked at.
    stride: usize,
    longest: usize,
}

impl Index {
    /// The values are at least eight bytes each, and all of them less than 64 KiB.
    pub(super) fn new(Values { bytes, ends, .. }: Values) -> Self {
        if ends.is_empty() {
            return Self::default();
        }
        // Four slots for each place: a text then meets few that it has nothing to do with.
        let slots = bytes.len().saturating_mul(4).next_power_of_two();
        let mut index = Self {
            heads: vec![0; slots],
            nexts: vec![0; bytes.len()],
            stride: 1,
            longest: 0,
            ends: Vec::new(),
            bytes,
        };
        let (mut start, mut shortest) = (0, CREDENTIAL_PART_BYTES_MIN);
        for end in &ends {
            let size = end.saturating_sub(start);
            index.longest = index.longest.max(size);
            shortest = shortest.min(size);
            index.enter(start..*end);
            start = *end;
        }
        index.stride = shortest.saturating_sub(GRAM).saturating_add(1);
        index.ends = ends;
        index
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of the longest value.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Enters each four bytes of a value. Those that it repeats again and again would make every
    /// comparison long; its other bytes tell it as well.
    fn enter(&mut self, value: Range<usize>) {
        let start = value.start;
        let mask = self.heads.len().saturating_sub(1);
        for at in value {
            let Some(gram) = gram(&self.bytes, at) else {
                return;
            };
            let slot = slot(gram, mask);
            let head = self.heads.get(slot).copied().unwrap_or_default();
            if head != 0 {
                let repeats = self.chain(head).take_while(|known| *known >= start);
                if repeats.take(CREDENTIAL_REPEATS_MAX).count() == CREDENTIAL_REPEATS_MAX {
                    continue;
                }
            }
            let place = u16::try_from(at.saturating_add(1)).unwrap_or_default();
            if let (Some(head), Some(next)) = (self.heads.get_mut(slot), self.nexts.get_mut(at)) {
                *next = std::mem::replace(head, place);
            }
        }
    }

    /// The first value, or part of one that is long enough, at `from` or behind it; of several that
    /// begin at the same place the longest.
    pub(super) fn find(&self, text: &str, from: usize) -> Option<Range<usize>> {
        self.find_behind(0, text, from)
    }

    /// The same in a text of which so many bytes have been passed. The places that are looked at are
    /// those of the whole text: where a value repeats itself, what is found depends on them.
    pub(super) fn find_behind(
        &self,
        passed: usize,
        text: &str,
        from: usize,
    ) -> Option<Range<usize>> {
        let bytes = text.as_bytes();
        let mask = self.heads.len().checked_sub(1)?;
        let over = passed.wrapping_add(from).checked_rem(self.stride)?;
        let next = self.stride.saturating_sub(over).checked_rem(self.stride)?;
        let mut at = from.saturating_add(next);
        // No value is so short that four bytes would reach from one place to the next.
        for place in bytes.get(at..)?.chunks(self.stride.max(GRAM)) {
            let gram = u32::from_le_bytes(*place.first_chunk()?);
            if let Some(&head) = self.heads.get(slot(gram, mask))
                && head != 0
                && let Some(found) = self.compare(bytes, from, (at, gram), head)
            {
                return Some(whole_characters(text, found));
            }
            at = at.saturating_add(self.stride);
        }
        None
    }

    /// The match around a place of the text that begins first, then the longest.
    fn compare(
        &self,
        text: &[u8],
        from: usize,
        (at, wanted): (usize, u32),
        head: u16,
    ) -> Option<Range<usize>> {
        let mut best: Option<Range<usize>> = None;
        for place in self.chain(head) {
            if gram(&self.bytes, place) != Some(wanted) {
                continue;
            }
            let Some(found) = self.extend(text, from, at, place) else {
                continue;
            };
            let is_better = best.as_ref().is_none_or(|best| {
                found.start < best.start || found.start == best.start && found.end > best.end
            });
            if is_better {
                best = Some(found);
            }
        }
        best
    }

    /// What text and value have in common around these places, if it is long enough.
    fn extend(&self, text: &[u8], from: usize, at: usize, place: usize) -> Option<Range<usize>> {
        let number = self.ends.partition_point(|end| *end <= place);
        let end = *self.ends.get(number)?;
        let start = number
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied()
            .unwrap_or_default();
        let behind = common(text.get(at..)?.iter(), self.bytes.get(place..end)?.iter());
        let before = common(
            text.get(from..at)?.iter().rev(),
            self.bytes.get(start..place)?.iter().rev(),
        );
        let size = end.saturating_sub(start);
        let part = size
            .div_euclid(CREDENTIAL_PARTS)
            .max(CREDENTIAL_PART_BYTES_MIN);
        let needed = size.min(part);
        let found = at.saturating_sub(before)..at.saturating_add(behind);
        (found.len() >= needed).then_some(found)
    }

    /// The places of a chain that begins with this one.
    fn chain(&self, head: u16) -> impl Iterator<Item = usize> {
        let mut next = head;
        std::iter::from_fn(move || {
            let place = usize::from(next).checked_sub(1)?;
            next = self.nexts.get(place).copied().unwrap_or_default();
            Some(place)
        })
    }
}

/// Multiplied by the golden ratio, so that the upper bits depend on all of the lower.
fn slot(gram: u32, mask: usize) -> usize {
    let mixed = gram.wrapping_mul(0x9e37_79b1) >> 12;
    usize::try_from(mixed).unwrap_or_default() & mask
}

fn gram(bytes: &[u8], at: usize) -> Option<u32> {
    let gram = bytes.get(at..)?.first_chunk::<GRAM>()?;
    Some(u32::from_le_bytes(*gram))
}

fn common<'a>(left: impl Iterator<Item = &'a u8>, right: impl Iterator<Item = &'a u8>) -> usize {
    left.zip(right)
        .take_while(|(left, right)| left == right)
        .count()
}

/// The range, widened to whole characters.
fn whole_characters(text: &str, found: Range<usize>) -> Range<usize> {
    text.floor_char_boundary(found.start)..text.ceil_char_boundary(found.end)
}
