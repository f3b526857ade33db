//! Token counts of a period for people.

use crate::report::document::{Block, Cell, Column, Table};
use crate::report::tally::{Counts, Tokens};

impl Tokens {
    /// The counts for people.
    pub(super) fn blocks(&self) -> Vec<Block> {
        let mut table = Table::new(
            "Tokens by source of the counts",
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
            row("reported: the provider’s final counts", &self.reported),
            row("partial: the answer ended early", &self.partial),
            row(
                "input only: the provider reported no output count",
                &self.input_only,
            ),
            row(
                "output only: the provider reported no input count",
                &self.output_only,
            ),
            row(
                "fetched: answers made earlier, which may already be counted",
                &self.fetched,
            ),
            row(
                "application: set by applications that record themselves",
                &self.application,
            ),
            unknown("absent: the provider reported none", self.absent_events),
            unknown(
                "application: 0 and 0, which may mean unknown",
                self.application_zero_events,
            ),
        ];
        vec![
            Block::Table(table),
            Block::paragraph(
                "Counts are never estimated. Unknown counts are not 0 and are not included in the totals; \
                 the last two columns show how many events have unknown counts.",
            ),
        ]
    }
}
