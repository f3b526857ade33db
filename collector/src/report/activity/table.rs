//! Tables of names and how many events have each.

use crate::report::document::{Cell, Column, Table};
use crate::report::tally::{Name, Top};

/// A row for each name, and for those that have none of their own.
pub(super) fn table(caption: &str, column: &'static str, noun: &str, top: &Top<Name>) -> Table {
    let mut table = Table::new(caption, &[Column::text(column), Column::number("Events")]);
    let rows = top.listed.iter();
    table.rows = rows
        .map(|one| {
            vec![
                Cell::text(said(one.name.name.as_ref())),
                Cell::number(one.events),
            ]
        })
        .collect();
    push_others(&mut table, noun, top);
    table
}

/// The rows for names that have no row of their own.
pub(super) fn push_others<K>(table: &mut Table, noun: &str, top: &Top<K>) {
    let blanks = table.columns.len().saturating_sub(2);
    let mut push = |name: String, events: u64| {
        let mut row = vec![Cell::text(name)];
        row.extend(std::iter::repeat_n(Cell::text(""), blanks));
        row.push(Cell::number(events));
        table.rows.push(row);
    };
    if top.other_names > 0 {
        push(
            format!("{} other {noun}", top.other_names),
            top.other_events,
        );
    }
    if top.uncounted_events > 0 {
        push(
            format!("{noun} beyond the limit of names counted separately"),
            top.uncounted_events,
        );
    }
}

pub(super) fn said(text: Option<&String>) -> String {
    text.map_or(NOBODY_SAID, String::as_str).to_owned()
}

pub(super) const NOBODY_SAID: &str = "(not set)";
