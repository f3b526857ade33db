//! Dead letters from a proxy's log, brought to the audit API that they did not reach.
//!
//! [`import`] reads logs as a stream and sends what it finds in batches. The audit API keeps each
//! event once, so that an import can be repeated, and can overlap another.

mod batch;
mod delivery;
mod letter;
mod lines;
mod source;

use std::fmt;
use std::io;
use std::mem;

use thiserror::Error;

use crate::import::batch::Batch;
use crate::import::delivery::{Counted, Delivery, Receipt};
use crate::import::lines::{Line, Lines};
use crate::import::source::Meter;

pub use delivery::{DeliveryError, Target, TargetError};
pub use letter::Broken;
pub use source::{Source, SourceError};

/// What became of the dead letters. Each that was found is in one of the first four.
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
    /// Logs that could not be read to their end.
    pub unreadable: u64,
}

impl Counts {
    /// All dead letters that were found.
    pub fn dead_letters(&self) -> u64 {
        [self.new, self.known, self.broken, self.unsent]
            .into_iter()
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
    /// The audit API will not take the event, however often it is sent.
    #[error("the audit API refused the event: {0}")]
    Refused(String),
    /// The rest of this source was not read.
    #[error("cannot read on from here: {0}")]
    Unreadable(io::Error),
}

/// Reads `sources` and sends their dead letters to `target`; without one, they are only counted.
///
/// What is counted has happened, also when it ends by an error: then nothing more was read.
///
/// # Errors
/// The audit API does not answer or does not take the events. The message says what to do.
pub fn import(
    sources: &[Source],
    target: Option<&Target>,
    watch: &mut dyn Watch,
) -> (Counts, Result<(), DeliveryError>) {
    let mut importer = Importer {
        delivery: target.map(Delivery::new),
        batch: Batch::default(),
        counts: Counts::default(),
        meter: Meter::default(),
        bytes_total: source::bytes_of(sources),
        watch,
    };
    let result = importer.run(sources);
    (importer.counts, result)
}

struct Importer<'a> {
    delivery: Option<Delivery>,
    batch: Batch,
    counts: Counts,
    meter: Meter,
    bytes_total: Option<u64>,
    watch: &'a mut dyn Watch,
}

impl Importer<'_> {
    fn run(&mut self, sources: &[Source]) -> Result<(), DeliveryError> {
        for source in sources {
            self.source(source)?;
        }
        self.send()
    }

    /// A source that breaks off does not keep the others from being read.
    fn source(&mut self, source: &Source) -> Result<(), DeliveryError> {
        let mut place = Place {
            source: source.clone(),
            line: 1,
        };
        let mut lines = match source.open(&self.meter) {
            Ok(input) => Lines::new(input),
            Err(error) => {
                self.unreadable(&place, error);
                return Ok(());
            }
        };
        loop {
            match lines.next() {
                Ok(Some(line)) => self.line(&place, &line)?,
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.unreadable(&place, error);
                    return Ok(());
                }
            }
            place.line = place.line.saturating_add(1);
        }
    }

    fn line(&mut self, place: &Place, line: &Line<'_>) -> Result<(), DeliveryError> {
        match letter::read(line) {
            None => {}
            Some(Ok(event)) => self.event(place, &event)?,
            Some(Err(broken)) => self.broken(place, &Problem::Broken(broken)),
        }
        self.tell_progress();
        Ok(())
    }

    fn event(&mut self, place: &Place, event: &str) -> Result<(), DeliveryError> {
        if self.delivery.is_none() {
            self.counts.unsent = self.counts.unsent.saturating_add(1);
            return Ok(());
        }
        if !self.batch.has_room(event) {
            self.send()?;
        }
        self.batch.push(place.clone(), event);
        Ok(())
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
                    self.counts.unsent = count(unsent.saturating_add(batch.len()));
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self, batch: &Batch, counted: Counted) {
        self.counts.new = self.counts.new.saturating_add(counted.new);
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

    fn unreadable(&mut self, place: &Place, error: io::Error) {
        self.counts.unreadable = self.counts.unreadable.saturating_add(1);
        self.watch.problem(place, &Problem::Unreadable(error));
    }

    fn tell_progress(&mut self) {
        let waiting = count(self.batch.len());
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
