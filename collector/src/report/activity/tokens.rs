//! Token counts of a period for people.

use crate::report::document::{Block, Cell, Column, Table};
use crate::report::tally::{Counts, Tokens};

impl Tokens {
    /// The counts for people.
    pub(super) fn blocks(&self) -> Vec<Block> {
        let mut table = Table::new(
            "Tokens by where the counts come from",
            &[
                Column::text("Counts"),
                Column::number("Events"),
                Column::number("Input tokens"),
                Column::number("Output tokens"),
                Column::number("Input unknown"),
                Column::number("Output unknown"),
            ],
        );
        let row = |name: &str, counts: &Counts| {
            vec![
                Cell::text(name),
                Cell::number(counts.events),
                Cell::number(counts.input_tokens),
                Cell::number(counts.output_tokens),
                Cell::number(counts.input_unknown_events),
                Cell::number(counts.output_unknown_events),
            ]
        };
        let unknown = |name: &str, events: u64| {
            vec![
                Cell::text(name),
                Cell::number(events),
                Cell::text("unknown"),
                Cell::text("unknown"),
                Cell::number(events),
                Cell::number(events),
            ]
        };
        table.rows = vec![
            row("reported by the provider, final", &self.reported),
            row("partial: the answer broke off", &self.partial),
            row(
                "input only: the provider gave no output count",
                &self.input_only,
            ),
            row(
                "output only: the provider gave no input count",
                &self.output_only,
            ),
            row(
                "fetched: of answers that were made before, and perhaps counted already",
                &self.fetched,
            ),
            row(
                "said by applications that record themselves",
                &self.application,
            ),
            unknown("absent: the provider gave none", self.absent_events),
            unknown(
                "0 and 0 of an application, which may mean unknown",
                self.application_zero_events,
            ),
        ];
        vec![
            Block::Table(table),
            Block::paragraph(
                "Counts are never estimated. What is unknown is in no sum, and is not 0: the last two \
                 columns say of how many events it is.",
            ),
        ]
    }
}
