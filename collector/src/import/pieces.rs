//! The lines that programs wrote, of the pieces in which their runtimes keep long ones.
//!
//! Pieces of several streams may stand between each other. What is kept of them is bounded: what has
//! no dead letter soon is let go of but for its end, and of too many streams the oldest is given up.

use std::collections::{HashMap, HashSet};
use std::mem;

use memchr::memmem;

use crate::import::Place;
use crate::import::letter::{self, DEAD_LETTER, HEAD_BYTES_MAX, Opening};
use crate::import::lines::Line;
use crate::import::record::{self, End, Record};
use crate::limits;

/// What may be a dead letter: a line that a program wrote, where it begins, and what became of it.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) place: Place,
    pub(super) text: Vec<u8>,
    pub(super) state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Whole,
    /// There was more than may be kept.
    TooLong,
    /// Its end is not there.
    NoEnd,
    /// Its beginning is not there.
    NoBeginning,
    /// Another line of the same stream began before it ended: whose end follows nobody can tell.
    Mixed,
    /// A character that stood where it was cut is lost: the runtime wrote U+FFFD.
    Damaged,
}

/// The lines of one log, which may be in several files, that have not ended yet.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    begun: HashMap<u64, Begun>,
    /// Bytes of all of them.
    bytes: usize,
    /// Streams of which a line has begun or ended.
    seen: HashSet<u64>,
    /// Lines that were read.
    lines: u64,
}

#[derive(Debug)]
struct Begun {
    /// Of all lines that were begun, in their order.
    number: u64,
    place: Place,
    text: Vec<u8>,
    state: State,
    /// Whether its format says where a line ends.
    is_told: bool,
    pieces: usize,
    /// How its first dead letter begins, as soon as that is there.
    opening: Option<Opening>,
}

impl Pieces {
    /// Takes the next line of the log, and gives what has ended with it.
    pub(super) fn take(&mut self, place: &Place, line: &Line<'_>) -> Vec<Written> {
        self.lines = self.lines.saturating_add(1);
        let mut written = Vec::new();
        if line.is_cut {
            let has_letter = memmem::find(line.bytes, DEAD_LETTER).is_some();
            let is_letter = has_letter.then(|| written_at(place, line.bytes, State::TooLong));
            return is_letter.into_iter().collect();
        }
        let is_wanted = !self.begun.is_empty() || self.lines <= FIRST_LINES;
        for record in record::read(line.bytes, is_wanted) {
            self.record(place, record, &mut written);
        }
        self.give_up_beyond_the_limits(&mut written);
        written
    }

    /// Gives what never ended, in the order in which it began.
    pub(super) fn end(&mut self) -> Vec<Written> {
        let mut left: Vec<Begun> = mem::take(self).begun.into_values().collect();
        left.sort_by_key(|begun| begun.number);
        left.into_iter().filter_map(Begun::without_end).collect()
    }

    fn record(&mut self, place: &Place, record: Record<'_>, written: &mut Vec<Written>) {
        let Record { stream, end, text } = record;
        let Some(mut begun) = self.take_begun(stream) else {
            self.first(place, stream, end, &text, written);
            return;
        };
        if !begun.is_told && end != End::Later {
            self.guess(place, begun, (stream, end, &text), written);
            return;
        }
        if !begun.is_told {
            // Formats that say where a line ends say it of its first piece too.
            written.extend(begun.without_end());
            self.first(place, stream, end, &text, written);
            return;
        }
        let is_other = |first| letter::begins_in(&text, first);
        if begun.opening.is_some_and(is_other) {
            // The one that had begun was left by a program that ended, or the log is of several.
            written.extend(begun.without_end());
            match end {
                End::Later => self.begin(place, stream, &text, State::Mixed),
                End::Here | End::Unknown => self.first(place, stream, end, &text, written),
            }
            return;
        }
        begun.add(&text);
        match end {
            End::Later => self.keep(stream, begun),
            End::Here | End::Unknown => written.extend(begun.ended()),
        }
    }

    /// A piece before which nothing of its line was.
    fn first(
        &mut self,
        place: &Place,
        stream: u64,
        end: End,
        text: &[u8],
        written: &mut Vec<Written>,
    ) {
        let is_first = self.seen.len() < limits::LOG_STREAMS_MAX && self.seen.insert(stream);
        let has_letter = memmem::find(text, DEAD_LETTER).is_some();
        match end {
            End::Later => {
                let state = match is_first && !has_letter {
                    true => State::NoBeginning,
                    false => State::Whole,
                };
                self.begin(place, stream, text, state);
            }
            End::Unknown if letter::is_cut(text) => {
                self.begin(place, stream, text, State::Whole);
                if let Some(begun) = self.begun.get_mut(&stream) {
                    begun.is_told = false;
                }
            }
            End::Here if is_first && !has_letter && letter::is_end(text) => {
                written.push(written_at(place, text, State::NoBeginning));
            }
            End::Here | End::Unknown if has_letter => {
                written.push(written_at(place, text, State::Whole));
            }
            End::Here | End::Unknown => {}
        }
    }

    /// A record after a dead letter that breaks off, in a format that does not say whether it goes on:
    /// it does if both together are one.
    fn guess(
        &mut self,
        place: &Place,
        mut begun: Begun,
        (stream, end, text): (u64, End, &[u8]),
        written: &mut Vec<Written>,
    ) {
        let before = begun.text.len();
        let is_beyond = before.saturating_add(text.len()) > limits::LOG_GUESSED_BYTES_MAX
            || begun.pieces >= limits::LOG_GUESSED_PIECES_MAX;
        if !is_beyond && !begun.is_followed_by(text) {
            begun.add(text);
            if letter::is_cut(&begun.text) {
                self.keep(stream, begun);
                return;
            }
            if letter::is_whole(&begun.text) {
                written.extend(begun.ended());
                return;
            }
            begun.text.truncate(before);
        }
        written.extend(begun.without_end());
        self.first(place, stream, end, text, written);
    }

    fn begin(&mut self, place: &Place, stream: u64, text: &[u8], state: State) {
        let mut begun = Begun {
            number: self.lines,
            place: place.clone(),
            text: Vec::new(),
            state,
            is_told: true,
            pieces: 0,
            opening: None,
        };
        begun.add(text);
        self.keep(stream, begun);
    }

    fn keep(&mut self, stream: u64, begun: Begun) {
        self.bytes = self.bytes.saturating_add(begun.text.len());
        self.begun.insert(stream, begun);
    }

    fn take_begun(&mut self, stream: u64) -> Option<Begun> {
        if self.begun.is_empty() {
            return None;
        }
        let begun = self.begun.remove(&stream)?;
        self.bytes = self.bytes.saturating_sub(begun.text.len());
        Some(begun)
    }

    fn give_up_beyond_the_limits(&mut self, written: &mut Vec<Written>) {
        while self.bytes > limits::LOG_BEGUN_BYTES_MAX || self.begun.len() > limits::LOG_STREAMS_MAX
        {
            let oldest = self.begun.iter().min_by_key(|(_, begun)| begun.number);
            let Some(stream) = oldest.map(|(stream, _)| *stream) else {
                return;
            };
            let given_up = self.take_begun(stream);
            written.extend(given_up.and_then(Begun::without_end));
        }
    }
}

impl Begun {
    fn add(&mut self, text: &[u8]) {
        self.pieces = self.pieces.saturating_add(1);
        let is_damaged = self.text.ends_with(LOST) || (self.pieces > 1 && text.starts_with(LOST));
        if is_damaged && self.state == State::Whole {
            self.state = State::Damaged;
        }
        // Words before the event may stand in both.
        let unseen = self.text.len().saturating_sub(HEAD_BYTES_MAX);
        self.text.extend_from_slice(text);
        if self.opening.is_none() {
            self.opening = self.text.get(unseen..).and_then(letter::first_opening);
        }
        if self.text.len() > limits::LOG_LINE_BYTES_MAX {
            self.text.truncate(limits::LOG_LINE_BYTES_MAX);
            self.state = State::TooLong;
        }
        let is_far = self.text.len() > limits::LOG_LINE_BYTES_KEPT;
        if is_far && memmem::find(&self.text, DEAD_LETTER).is_none() {
            // Mostly of no interest. If a dead letter comes after all, it is told that it did.
            let left = self.text.len().saturating_sub(DEAD_LETTER.len());
            self.text.drain(..left);
            self.state = State::TooLong;
        }
    }

    /// Whether a piece behind it, in a format that does not say whether it goes on, is of another.
    ///
    /// Where no event has begun, what begins in the piece is not its content: a stranger can write the
    /// first words of a dead letter into a line.
    fn is_followed_by(&self, piece: &[u8]) -> bool {
        let opening = self
            .opening
            .or_else(|| letter::opening_over(&self.text, piece));
        match opening {
            Some(first) => letter::begins_in(piece, first),
            None => memmem::find(piece, DEAD_LETTER).is_some(),
        }
    }

    /// What it is, now that its last piece is there; nothing if it is no dead letter.
    fn ended(self) -> Option<Written> {
        let has_letter = memmem::find(&self.text, DEAD_LETTER).is_some();
        let state = match (self.state, has_letter) {
            (State::NoBeginning, true) => State::Whole,
            (State::NoBeginning, false) if letter::is_end(&self.text) => State::NoBeginning,
            (_, false) => return None,
            (state, true) => state,
        };
        Some(self.written(state))
    }

    /// The same of what never ends.
    fn without_end(self) -> Option<Written> {
        let has_letter = memmem::find(&self.text, DEAD_LETTER).is_some();
        let state = match self.state {
            state @ (State::Mixed | State::TooLong) => state,
            state if !self.is_told => state,
            _ => State::NoEnd,
        };
        has_letter.then(|| self.written(state))
    }

    fn written(self, state: State) -> Written {
        Written {
            place: self.place,
            text: self.text,
            state,
        }
    }
}

fn written_at(place: &Place, text: &[u8], state: State) -> Written {
    Written {
        place: place.clone(),
        text: text.to_vec(),
        state,
    }
}

/// Lines in which a log is looked at for the end of a dead letter that began in an older file.
const FIRST_LINES: u64 = 100;

/// U+FFFD, which stands for bytes that are no character.
const LOST: &[u8] = "\u{fffd}".as_bytes();

#[cfg(test)]
mod tests;
