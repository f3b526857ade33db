//! Dead letters from a proxy's log, brought to the audit API that they did not reach.
//!
//! [`import`] reads logs as a stream and sends what it finds in batches. The audit API keeps each
//! event once, so that an import can be repeated, and can overlap another.

mod batch;
mod delivery;
mod files;
mod held;
mod identity;
mod json;
mod letter;
mod lines;
mod pieces;
mod quoted;
mod record;
mod source;
mod text;
mod trust;

use std::fmt;
use std::io;
use std::mem;

use thiserror::Error;

use audit_layer_core::dead_letter::Origin;

use crate::import::batch::Batch;
use crate::import::delivery::{Counted, Delivery, Receipt};
use crate::import::held::{Held, HeldLetter};
use crate::import::letter::Letter;
use crate::import::lines::{Line, Lines};
use crate::import::pieces::{Pieces, State, Written};
use crate::import::source::Meter;
use crate::import::text::Look;
use crate::limits;

pub use delivery::{DeliveryError, Target, TargetError};
pub use identity::Identity;
pub use letter::Broken;
pub use source::{Source, SourceError};
pub use trust::{Trust, Unchecked, Unproven};

/// The header by which an import is known to the audit API. It has an id, and nothing secret.
pub(crate) const IMPORT: &str = "audit-layer-import";

/// What became of the dead letters. Each that was found is in one of the first six.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// The audit API had no event of this call, and has stored it.
    pub new: u64,
    /// The audit API had the event already.
    pub known: u64,
    /// No event, or one that the audit API will not take.
    pub broken: u64,
    /// Good, but not sent; or sent without an answer, and then perhaps stored.
    pub unsent: u64,
    /// Not sent, as their MAC is wrong.
    pub forged: u64,
    /// Not sent, as who wrote them cannot be checked.
    pub withheld: u64,
    /// Those of the new ones that contradict what the audit API has of their call.
    pub conflicts: u64,
    /// Events whose MAC is right.
    pub checked: u64,
    /// Events of which that cannot be said, sent or not.
    pub unchecked: u64,
    /// Logs that could not be read to their end, or are no text.
    pub unreadable: u64,
    /// Lines that were read, of all logs.
    pub lines: u64,
}

impl Counts {
    /// All dead letters that were found.
    pub fn dead_letters(&self) -> u64 {
        let sent = [self.new, self.known, self.broken, self.unsent];
        let not_to_be_sent = [self.forged, self.withheld];
        sent.into_iter()
            .chain(not_to_be_sent)
            .fold(0, u64::saturating_add)
    }
}

/// How far an import has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Bytes that were read, before decompression.
    pub bytes_read: u64,
    /// Bytes that there are, if all the sources are files.
    pub bytes_total: Option<u64>,
    /// Dead letters found.
    pub dead_letters: u64,
}

/// Follows an import, to tell a person about it.
pub trait Watch {
    /// More was read. It is told for every line, so that it should return at once.
    fn progress(&mut self, progress: Progress);

    /// Something was found that cannot be imported.
    fn problem(&mut self, place: &Place, problem: &Problem);
}

/// A line of a source.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where the line is.
    pub source: Source,
    /// Its number, from 1.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.line)
    }
}

/// What is wrong at a place. No message has content of an event.
#[derive(Debug, Error)]
pub enum Problem {
    /// The dead letter holds no event.
    #[error("{0}")]
    Broken(#[from] Broken),
    /// It is an event, and was taken, without a character that the log has not kept.
    #[error("a character was lost where the log was split; U+FFFD replaces it")]
    Damaged,
    /// Its MAC is wrong.
    #[error(
        "the MAC of this dead letter is wrong, so it is not imported: it was written without the gateway's key or changed afterwards"
    )]
    Forged,
    /// Who wrote it cannot be checked; it is imported all the same.
    #[error("{0}; it is imported")]
    Unchecked(Unchecked),
    /// Who wrote it cannot be checked, and such letters are not to be imported.
    #[error("{0}; it is not imported: use --unchecked to import it")]
    Withheld(Unchecked),
    /// The same, and there was no room to wait for a proof.
    #[error(
        "{why}; it is not imported because {max} bytes of unverified dead letters came before it: use --unchecked to import it",
        max = limits::LOG_HELD_BYTES_MAX
    )]
    NotHeld {
        /// Why it cannot be checked.
        why: Unchecked,
    },
    /// The audit API will not take the event, however often it is sent.
    #[error("the audit API refused the event: {0}")]
    Refused(String),
    /// Nothing was found, and nothing could be.
    #[error(
        "this is not text: give the log as the proxy wrote it, in UTF-8 or UTF-16, plain or gzipped"
    )]
    NotText,
    /// The rest of this source was not read.
    #[error("cannot read past this point: {0}")]
    Unreadable(io::Error),
}

/// Reads `sources` and sends their dead letters to `target` if `trust` allows it; without a target,
/// they are only counted.
///
/// What is counted has happened, also when it ends by an error: then nothing more was read.
///
/// # Errors
/// The audit API does not answer or does not take the events. The message says what to do.
pub fn import(
    sources: &[Source],
    target: Option<&Target>,
    trust: &Trust,
    watch: &mut dyn Watch,
) -> (Counts, Result<(), DeliveryError>) {
    let mut importer = Importer {
        delivery: target.map(Delivery::new),
        batch: Batch::default(),
        held: Held::default(),
        counts: Counts::default(),
        meter: Meter::default(),
        bytes_total: source::bytes_of(sources),
        trust,
        watch,
    };
    let result = importer.run(sources);
    let left = importer.waiting();
    importer.counts.unsent = importer.counts.unsent.saturating_add(left);
    (importer.counts, result)
}

struct Importer<'a> {
    delivery: Option<Delivery>,
    batch: Batch,
    held: Held,
    counts: Counts,
    meter: Meter,
    bytes_total: Option<u64>,
    trust: &'a Trust,
    watch: &'a mut dyn Watch,
}

impl Importer<'_> {
    fn run(&mut self, sources: &[Source]) -> Result<(), DeliveryError> {
        for log in source::logs_of(sources) {
            let mut pieces = Pieces::default();
            for source in &log {
                self.source(source, &mut pieces)?;
            }
            self.all_written(pieces.end())?;
        }
        while let Some(letter) = self.held.pop() {
            self.unproven(letter)?;
        }
        self.send()
    }

    /// A source that breaks off does not keep the others from being read.
    fn source(&mut self, source: &Source, pieces: &mut Pieces) -> Result<(), DeliveryError> {
        let mut place = Place {
            source: source.clone(),
            line: 1,
        };
        let mut lines = match source.open(&self.meter) {
            Ok(input) => Lines::new(input),
            Err(error) => {
                self.unreadable(&place, &Problem::Unreadable(error));
                return Ok(());
            }
        };
        let (mut look, mut has_letter) = (Look::default(), false);
        loop {
            match lines.next() {
                Ok(Some(line)) => {
                    look.see(line.bytes);
                    has_letter |= self.line(&place, &line, pieces)?;
                }
                Ok(None) => break,
                Err(error) => {
                    self.unreadable(&place, &Problem::Unreadable(error));
                    return Ok(());
                }
            }
            place.line = place.line.saturating_add(1);
        }
        if !has_letter && !look.is_text() {
            place.line = 1;
            self.unreadable(&place, &Problem::NotText);
        }
        Ok(())
    }

    /// Takes a line; says whether a letter was found with it.
    fn line(
        &mut self,
        place: &Place,
        line: &Line<'_>,
        pieces: &mut Pieces,
    ) -> Result<bool, DeliveryError> {
        self.counts.lines = self.counts.lines.saturating_add(1);
        if text::has_other_letter(line.bytes) {
            self.broken(place, &Problem::Broken(Broken::OtherEncoding));
            return Ok(true);
        }
        let written = pieces.take(place, line);
        let has_letter = !written.is_empty();
        self.all_written(written)?;
        Ok(has_letter)
    }

    fn all_written(&mut self, written: Vec<Written>) -> Result<(), DeliveryError> {
        for written in written {
            self.written(written)?;
        }
        self.tell_progress();
        Ok(())
    }

    /// Something that a program wrote, with dead letters in it.
    fn written(&mut self, written: Written) -> Result<(), DeliveryError> {
        let Written { place, text, state } = written;
        let lost = || Identity::of(&text);
        let broken = match state {
            State::Whole | State::Damaged => None,
            State::TooLong => Some(Broken::TooLong(lost())),
            State::NoEnd => Some(Broken::NoEnd(lost())),
            State::NoBeginning => Some(Broken::NoBeginning(lost())),
            State::Mixed => Some(Broken::Mixed(lost())),
        };
        if let Some(broken) = broken {
            self.broken(&place, &Problem::Broken(broken));
            return Ok(());
        }
        for letter in letter::read(&text, &self.trust.keys) {
            match letter {
                Ok(letter) => self.letter(&place, letter, state == State::Damaged)?,
                Err(broken) => self.broken(&place, &Problem::Broken(broken)),
            }
        }
        Ok(())
    }

    /// What is damaged has no right MAC any more; if it has, it is as it was written.
    fn letter(
        &mut self,
        place: &Place,
        letter: Letter,
        is_damaged: bool,
    ) -> Result<(), DeliveryError> {
        let why = match (letter.origin, is_damaged) {
            (Origin::Proven, _) => {
                self.counts.checked = self.counts.checked.saturating_add(1);
                while let Some(held) = self.held.pop() {
                    self.withheld(&held.place, &Problem::Withheld(held.why));
                }
                return self.event(place, &letter.event);
            }
            (Origin::Forged, false) => {
                self.counts.forged = self.counts.forged.saturating_add(1);
                self.watch.problem(place, &Problem::Forged);
                return Ok(());
            }
            (_, true) => Unchecked::Damaged,
            (Origin::NoMac, _) => Unchecked::NoMac,
            (Origin::OtherKey(id), _) => Unchecked::OtherKey(id),
            (Origin::OtherVersion, _) => Unchecked::OtherVersion,
        };
        self.counts.unchecked = self.counts.unchecked.saturating_add(1);
        let letter = HeldLetter {
            place: place.clone(),
            event: letter.event,
            why,
        };
        let may_be_proven = !self.trust.keys.is_empty();
        match self.trust.unproven {
            Unproven::Wanted => self.unproven(letter),
            Unproven::Taken if !may_be_proven => self.unproven(letter),
            Unproven::Taken if self.counts.checked == 0 => {
                if let Err(HeldLetter { place, why, .. }) = self.held.push(letter) {
                    self.withheld(&place, &Problem::NotHeld { why });
                }
                Ok(())
            }
            Unproven::Taken | Unproven::Withheld => {
                self.withheld(&letter.place, &Problem::Withheld(letter.why));
                Ok(())
            }
        }
    }

    fn withheld(&mut self, place: &Place, problem: &Problem) {
        self.counts.withheld = self.counts.withheld.saturating_add(1);
        self.watch.problem(place, problem);
    }

    /// Takes a letter of which nobody can say who wrote it.
    fn unproven(&mut self, letter: HeldLetter) -> Result<(), DeliveryError> {
        let HeldLetter { place, event, why } = letter;
        if matches!(why, Unchecked::Damaged) {
            self.watch.problem(&place, &Problem::Damaged);
        } else if self.trust.unproven == Unproven::Taken {
            self.watch.problem(&place, &Problem::Unchecked(why));
        }
        self.event(&place, &event)
    }

    fn event(&mut self, place: &Place, event: &str) -> Result<(), DeliveryError> {
        if self.delivery.is_none() {
            self.counts.unsent = self.counts.unsent.saturating_add(1);
            return Ok(());
        }
        let sent = match self.batch.has_room(event) {
            true => Ok(()),
            false => self.send(),
        };
        // Also where the batch was not sent: this one was found, and is counted.
        self.batch.push(place.clone(), event);
        sent
    }

    fn send(&mut self) -> Result<(), DeliveryError> {
        let mut waiting = vec![mem::take(&mut self.batch)];
        while let (Some(delivery), Some(batch)) = (&self.delivery, waiting.pop()) {
            if batch.is_empty() {
                continue;
            }
            match delivery.deliver(&batch) {
                Ok(Receipt::Counted(counted)) => self.settle(&batch, counted),
                Ok(Receipt::TooLarge(message)) => match batch.halve() {
                    Ok(halves) => waiting.extend(halves),
                    Err(place) => self.broken(&place, &Problem::Refused(message)),
                },
                Err(error) => {
                    let unsent = waiting.iter().map(Batch::len).sum::<usize>();
                    let unsent = count(unsent.saturating_add(batch.len()));
                    self.counts.unsent = self.counts.unsent.saturating_add(unsent);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self, batch: &Batch, counted: Counted) {
        self.counts.new = self.counts.new.saturating_add(counted.new);
        self.counts.conflicts = self.counts.conflicts.saturating_add(counted.conflicts);
        self.counts.known = self.counts.known.saturating_add(counted.known);
        for (line, message) in counted.refused {
            if let Some(place) = batch.place(line) {
                self.broken(place, &Problem::Refused(message));
            }
        }
    }

    fn broken(&mut self, place: &Place, problem: &Problem) {
        self.counts.broken = self.counts.broken.saturating_add(1);
        self.watch.problem(place, problem);
    }

    fn unreadable(&mut self, place: &Place, problem: &Problem) {
        self.counts.unreadable = self.counts.unreadable.saturating_add(1);
        self.watch.problem(place, problem);
    }

    /// Letters that were found and neither sent nor held for good.
    fn waiting(&self) -> u64 {
        count(self.batch.len().saturating_add(self.held.len()))
    }

    fn tell_progress(&mut self) {
        let waiting = self.waiting();
        self.watch.progress(Progress {
            bytes_read: self.meter.bytes(),
            bytes_total: self.bytes_total,
            dead_letters: self.counts.dead_letters().saturating_add(waiting),
        });
    }
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}
