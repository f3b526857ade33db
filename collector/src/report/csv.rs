//! A report as a table that a spreadsheet opens: one row for each fact and each cell.

use crate::query::dialect::Dialect;
use crate::query::table::{harmless, rows};
use crate::report::document::{Block, Cell, Column, Fact, Part, Section, Turn, Value};
use crate::report::{Failure, Report};

/// Rows of `section,row,item,name,value`. Charts are left out: their numbers stand in tables.
pub(crate) fn write(report: &Report) -> Result<Vec<u8>, Failure> {
    let document = &report.document;
    let head = Section::new(
        "Report",
        vec![Block::Facts {
            facts: report.head.facts(),
        }],
    );
    let mut table = Table(vec![COLUMNS.map(str::to_owned)]);
    table.fact("Report", "Title", &document.title);
    table.fact("Report", "Summary", &document.summary);
    for section in [&head].into_iter().chain(&document.sections) {
        for block in &section.blocks {
            table.block(&section.heading, block);
        }
    }
    // It was read before the report was made.
    let dialect = Dialect::of(report.head.query.iter()).unwrap_or_default();
    let rows = rows(table.0.into_iter().map(IntoIterator::into_iter), dialect);
    let rows = rows.map_err(|_| Failure::Damaged)?;
    Ok([dialect.mark().as_bytes(), &rows].concat())
}

struct Table(Vec<[String; 5]>);

impl Table {
    /// A row that is of no table.
    fn fact(&mut self, section: &str, name: &str, value: &str) {
        let row = [section, "", "", name, value];
        self.0.push(row.map(|cell| harmless(cell.to_owned())));
    }

    fn block(&mut self, section: &str, block: &Block) {
        match block {
            Block::Chart(_) => {}
            Block::Facts { facts } => {
                for Fact { name, value } in facts {
                    self.fact(section, name, &written(value));
                }
            }
            Block::Paragraph { text } => self.fact(section, "remark", text),
            Block::Text { name, text } => {
                self.fact(section, name.as_deref().unwrap_or("text"), text);
            }
            Block::Turn(turn) => turn
                .parts
                .iter()
                .for_each(|part| self.part(section, turn, part)),
            Block::Warning { text } => self.fact(section, "warning", text),
            Block::Table(table) => {
                for (number, row) in (1_u64..).zip(&table.rows) {
                    self.cells(section, number, &table.columns, row);
                }
            }
        }
    }

    /// A row for each fact of a part of a conversation, and one for its text.
    fn part(&mut self, section: &str, turn: &Turn, part: &Part) {
        let name = part.name.as_deref().unwrap_or("Text");
        let item = format!("{} / {name}", turn.name);
        let facts = part
            .facts
            .iter()
            .map(|fact| (fact.name.as_str(), written(&fact.value)));
        let text = part.text.iter().map(|text| ("text", text.clone()));
        for (name, value) in facts.chain(text) {
            self.0.push([
                section.to_owned(),
                part.number.to_string(),
                harmless(item.clone()),
                harmless(name.to_owned()),
                harmless(value),
            ]);
        }
    }

    /// A row for each cell but the first, which is in the item, unless it is a number.
    fn cells(&mut self, section: &str, number: u64, columns: &[Column], row: &[Cell]) {
        let item = item(row);
        for (place, (column, cell)) in columns.iter().zip(row).enumerate() {
            let value = match cell {
                Cell::Number(number) => number.to_string(),
                Cell::Text(_) if place == 0 => continue,
                Cell::Text(text) => harmless(text.clone()),
            };
            self.0.push([
                section.to_owned(),
                number.to_string(),
                harmless(item.clone()),
                column.name.to_owned(),
                value,
            ]);
        }
    }
}

fn written(value: &Value) -> String {
    match value {
        Value::Code(text) | Value::Text(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Unknown(why) => format!("unknown: {why}"),
    }
}

/// What a row is about: its texts up to the first number.
fn item(row: &[Cell]) -> String {
    let texts = row.iter().map_while(|cell| match cell {
        Cell::Number(_) => None,
        Cell::Text(text) => Some(text.as_str()),
    });
    texts
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join(" / ")
}

const COLUMNS: [&str; 5] = ["section", "row", "item", "name", "value"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document;

    fn written(columns: &[Column], rows: &[Vec<Cell>]) -> Vec<String> {
        let mut table = Table(Vec::new());
        let mut block = document::Table::new("", columns);
        block.rows = rows.to_vec();
        table.block("S", &Block::Table(block));
        table.0.into_iter().map(|row| row.join("|")).collect()
    }

    #[test]
    fn each_number_says_what_it_is_of() {
        let columns = [
            Column::text("Model"),
            Column::text("Provider"),
            Column::number("Events"),
        ];
        let row = |provider: &str, events: u64| {
            vec![Cell::text("m"), Cell::text(provider), Cell::number(events)]
        };
        assert_eq!(
            written(&columns, &[row("azure", 1234), row("=1\u{a0}+1", 0)]),
            [
                "S|1|m / azure|Provider|azure",
                "S|1|m / azure|Events|1234",
                "S|2|m / =1\u{a0}+1|Provider|'=1\u{a0}+1",
                "S|2|m / =1\u{a0}+1|Events|0",
            ]
        );
    }

    #[test]
    fn a_row_without_a_name_has_its_number() {
        let columns = [Column::number("From"), Column::number("To")];
        let rows = [[3_u64, 4], [6, 8]].map(|row| row.map(Cell::number).to_vec());
        assert_eq!(
            written(&columns, &rows),
            ["S|1||From|3", "S|1||To|4", "S|2||From|6", "S|2||To|8"]
        );
    }
}
