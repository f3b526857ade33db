//! A report as a table that a spreadsheet opens: one row for each fact and each cell.

use crate::query::table::{harmless, rows};
use crate::report::document::{Block, Fact, Section, Value};
use crate::report::{Failure, Report};

/// Rows of `section,item,name,value`. Charts are left out: their numbers stand in tables.
pub(crate) fn write(report: &Report) -> Result<Vec<u8>, Failure> {
    let document = &report.document;
    let head = Section::new(
        "Report",
        vec![Block::Facts {
            facts: report.head.facts(),
        }],
    );
    let mut table = Table(vec![COLUMNS.map(str::to_owned)]);
    table.push("Report", "", "Title", &document.title);
    table.push("Report", "", "Summary", &document.summary);
    for section in [&head].into_iter().chain(&document.sections) {
        for block in &section.blocks {
            table.block(&section.heading, block);
        }
    }
    rows(table.0.into_iter().map(IntoIterator::into_iter)).map_err(|_| Failure::Damaged)
}

struct Table(Vec<[String; 4]>);

impl Table {
    fn push(&mut self, section: &str, item: &str, name: &str, value: &str) {
        let row = [section, item, name, value];
        self.0.push(row.map(|cell| harmless(cell.to_owned())));
    }

    fn block(&mut self, section: &str, block: &Block) {
        match block {
            Block::Chart(_) => {}
            Block::Facts { facts } => {
                for Fact { name, value } in facts {
                    match value {
                        Value::Code(text) | Value::Text(text) => self.push(section, "", name, text),
                        Value::Unknown(why) => {
                            self.push(section, "", name, &format!("unknown: {why}"));
                        }
                    }
                }
            }
            Block::Paragraph { text } => self.push(section, "", "remark", text),
            Block::Text { name, text } => {
                self.push(section, "", name.as_deref().unwrap_or("text"), text);
            }
            Block::Warning { text } => self.push(section, "", "warning", text),
            Block::Table(table) => {
                for row in &table.rows {
                    let item = row.first().map_or("", String::as_str);
                    for (column, cell) in table.columns.iter().zip(row).skip(1) {
                        self.push(section, item, column.name, &cell.replace('\u{a0}', ""));
                    }
                }
            }
        }
    }
}

const COLUMNS: [&str; 4] = ["section", "item", "name", "value"];
