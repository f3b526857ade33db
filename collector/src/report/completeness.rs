//! What was received of writers, and what is missing.

use serde::Serialize;

use crate::limits;
use crate::query::Received;
use crate::report::document::{Block, Cell, Column, Document, Fact, Section, Table, Value, number};
use crate::store::{Run, WriterTotals};

/// All writers that were asked for.
#[derive(Debug, Serialize)]
pub(crate) struct Completeness {
    /// Of writers without holes too, whichever are listed.
    pub(crate) totals: WriterTotals,
    pub(crate) writers: Vec<Received>,
    /// Whether there are more than a report lists. The totals are of all.
    pub(crate) has_more_writers: bool,
}

impl Completeness {
    /// The same for people.
    pub(crate) fn document(&self) -> Document {
        let mut result = vec![self.verdict(), self.totals()];
        if self.has_more_writers {
            result.push(Block::warning(format!(
                "Only the first {} writers are listed; the totals cover all. To list fewer, create \
                 reports by organization or with “incomplete”.",
                self.writers.len()
            )));
        }
        Document {
            title: "Completeness".to_owned(),
            summary:
                "Which events were received from each writer (a gateway worker), and which are \
                      missing."
                    .to_owned(),
            sections: vec![
                Section::new("Result", result),
                Section::new("Writers", vec![self.writers()]),
                Section::new("Gaps", self.holes()),
                Section::new("What this means", vec![Block::paragraph(MEANING)]),
            ],
        }
    }

    fn verdict(&self) -> Block {
        verdict(&self.totals)
    }

    fn totals(&self) -> Block {
        Block::Facts {
            facts: totals(&self.totals),
        }
    }

    fn writers(&self) -> Block {
        if self.writers.is_empty() {
            return Block::paragraph("None.");
        }
        let mut table = Table::new(
            "Writers and events received from them",
            &[
                Column::text("Writer"),
                Column::text("Organization"),
                Column::number("Events"),
                Column::number("Last number"),
                Column::number("Missing"),
                Column::text("First event"),
                Column::text("Last event"),
            ],
        );
        table.rows = self
            .writers
            .iter()
            .map(|writer| {
                vec![
                    Cell::text(&writer.writer_id),
                    Cell::text(&writer.organization_id),
                    Cell::number(count(writer.events)),
                    Cell::number(count(writer.last_seq)),
                    Cell::number(count(writer.missing)),
                    Cell::text(seconds(&writer.first_timestamp)),
                    Cell::text(seconds(&writer.last_timestamp)),
                ]
            })
            .collect();
        Block::Table(table)
    }

    fn holes(&self) -> Vec<Block> {
        let mut table = Table::new(
            "Numbers not received",
            &[
                Column::text("Writer"),
                Column::text("Organization"),
                Column::number("From"),
                Column::number("To"),
                Column::number("Events"),
            ],
        );
        for writer in &self.writers {
            table.rows.extend(writer.holes.iter().map(|hole| {
                let mut row = vec![
                    Cell::text(&writer.writer_id),
                    Cell::text(&writer.organization_id),
                ];
                row.extend(cells(hole));
                row
            }));
        }
        let more = self.writers.iter().any(|writer| writer.has_more_holes);
        let mut blocks = match table.rows.is_empty() {
            true => vec![Block::paragraph("None.")],
            false => vec![Block::Table(table)],
        };
        if more {
            blocks.push(Block::paragraph(format!(
                "At most {} gaps are listed for each writer.",
                limits::REPORT_HOLES_MAX
            )));
        }
        blocks
    }
}

/// Where one event stands in the sequence of its writer.
#[derive(Debug, Serialize)]
pub(crate) struct Sequence {
    pub(crate) seq: i64,
    /// With the holes that are nearest to the event, on either side.
    pub(crate) writer: Received,
}

impl Sequence {
    /// What speaks against the record of its writer.
    pub(crate) fn warnings(&self) -> Vec<Block> {
        let mut warnings = Vec::new();
        let missing = u64::try_from(self.writer.missing).unwrap_or_default();
        if missing > 0 {
            warnings.push(Block::warning(format!(
                "The writer of this event has {} missing: see “Completeness around \
                 the event”.",
                events(missing)
            )));
        }
        if self.writer.has_number_twice() {
            warnings.push(Block::warning(
                "More events than numbers were received from the writer of this event, so several events \
                 share a number. A gateway uses each number only once.",
            ));
        }
        warnings
    }

    /// That no number is missing, if none is.
    pub(crate) fn wholeness(&self) -> Option<String> {
        let last = number(count(self.writer.last_seq));
        (self.writer.missing == 0)
            .then(|| format!("All numbers of its writer up to the last, {last}, were received."))
    }

    pub(crate) fn section(&self) -> Section {
        let writer = &self.writer;
        let facts = vec![
            Fact::new("Writer", Value::code(&writer.writer_id)),
            Fact::new("This event’s number", Value::number(count(self.seq))),
            Fact::new(
                "Last number received",
                Value::number(count(writer.last_seq)),
            ),
            Fact::new("Events received", Value::number(count(writer.events))),
            Fact::new("Numbers missing", Value::number(count(writer.missing))),
            Fact::new("First event", Value::text(&writer.first_timestamp)),
            Fact::new("Last event", Value::text(&writer.last_timestamp)),
        ];
        let mut blocks = vec![Block::Facts { facts }];
        if writer.holes.is_empty() {
            blocks.push(Block::paragraph(
                "Nothing is missing between the first event of this writer and its last.",
            ));
        } else {
            let mut table = Table::new(
                "Gaps nearest to this event",
                &[
                    Column::number("From"),
                    Column::number("To"),
                    Column::number("Events"),
                ],
            );
            let holes = writer.holes.iter();
            table.rows = holes.map(|hole| cells(hole).to_vec()).collect();
            blocks.push(Block::Table(table));
        }
        blocks.push(Block::paragraph(MEANING));
        Section::new("Completeness around the event", blocks)
    }
}

/// Whether anything is missing, in a sentence.
pub(crate) fn verdict(totals: &WriterTotals) -> Block {
    let missing = u64::try_from(totals.missing).unwrap_or_default();
    let incomplete = u64::try_from(totals.incomplete_writers).unwrap_or_default();
    match (totals.writers, missing) {
        (0, _) => Block::paragraph(
            "No writer matches the query. Events that applications record themselves are not \
             numbered, so missing ones cannot be detected.",
        ),
        (_, 0) => Block::paragraph(
            "Nothing is missing: all numbers up to the last one of each writer were received.",
        ),
        (_, missing) => {
            let are = match missing {
                1 => "is",
                _ => "are",
            };
            Block::warning(format!(
                "{} {are} missing from {} of {} writers.",
                events(missing),
                number(incomplete),
                number(count(totals.writers))
            ))
        }
    }
}

/// The totals for people.
pub(crate) fn totals(totals: &WriterTotals) -> Vec<Fact> {
    vec![
        Fact::new("Writers", Value::number(count(totals.writers))),
        Fact::new(
            "Writers with gaps",
            Value::number(count(totals.incomplete_writers)),
        ),
        Fact::new(
            "Events received from writers",
            Value::number(count(totals.events)),
        ),
        Fact::new("Events missing", Value::number(count(totals.missing))),
    ]
}

fn cells(hole: &Run) -> [Cell; 3] {
    [hole.first_seq, hole.last_seq, hole.len()].map(|number| Cell::number(count(number)))
}

pub(crate) fn events(count: u64) -> String {
    match count {
        1 => "1 event".to_owned(),
        count => format!("{} events", number(count)),
    }
}

fn count(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

/// A time without what is below a second, for the columns of a table.
pub(crate) fn seconds(time: &str) -> String {
    let (seconds, _) = time.split_once('.').unwrap_or((time, ""));
    seconds.replace('T', " ")
}

pub(crate) const MEANING: &str = "\
    Each writer (a gateway worker) numbers its events from 1 without gaps. A gap is a range of numbers that \
    never arrived: events that are still on their way, that are dead letters in a proxy’s log \
    until they are imported, or that are lost. Events after a writer’s last received event cannot be \
    detected. Events removed by retention count as received. Events of applications \
    that record themselves have no numbers and are not counted here.";
