//! The access records of a query, page by page.

use crate::access::Scope;
use crate::limits;
use crate::query::Pages;
use crate::query::dialect::Dialect;
use crate::query::format::Format;
use crate::query::history::asked::Asked;
use crate::query::history::{place, shown};
use crate::query::table::{TableError, harmless, rows};
use crate::records::Shown;
use crate::store::{AccessRecord, RecordFilter, Store, StoreError};

/// Those of one query, from the newest on.
pub(crate) struct RecordPages {
    filter: RecordFilter,
    format: Format,
    dialect: Dialect,
    /// Whose key reads them.
    scope: Scope,
    records_left: usize,
    is_done: bool,
}

impl RecordPages {
    pub(crate) fn of(asked: Asked, scope: Scope) -> Self {
        Self {
            records_left: asked.filter.limit,
            filter: asked.filter,
            format: asked.format,
            dialect: asked.dialect,
            scope,
            is_done: false,
        }
    }
}

impl Pages for RecordPages {
    type Page = Vec<AccessRecord>;

    fn is_done(&self) -> bool {
        self.is_done
    }

    async fn read(&mut self, store: &Store) -> Result<Self::Page, StoreError> {
        self.filter.limit = self.records_left.min(limits::PAGE_EVENTS_MAX);
        let page = store.records(&self.filter).await?;
        self.records_left = self.records_left.saturating_sub(page.len());
        self.filter.after = page.last().map(place).or(self.filter.after.take());
        self.is_done = page.is_empty() || self.records_left == 0;
        Ok(page)
    }

    fn head(&self) -> Result<Vec<u8>, TableError> {
        match self.format {
            Format::Csv => {
                let names = rows([Shown::NAMES.into_iter()].into_iter(), self.dialect)?;
                Ok([self.dialect.mark().as_bytes(), &names].concat())
            }
            Format::Lines | Format::Page => Ok(Vec::new()),
        }
    }

    fn body(&self, page: Self::Page) -> Result<(Vec<u8>, usize), TableError> {
        let count = page.len();
        let records = shown(page, &self.scope);
        let body = match self.format {
            Format::Csv => {
                let cells = records.into_iter().map(|record| {
                    let cells = record.cells().into_iter();
                    cells.map(harmless)
                });
                rows(cells, self.dialect)?
            }
            Format::Lines | Format::Page => lines(&records)?,
        };
        Ok((body, count))
    }
}

fn lines(records: &[Shown]) -> Result<Vec<u8>, TableError> {
    let mut lines = Vec::new();
    for record in records {
        serde_json::to_writer(&mut lines, record)?;
        lines.push(b'\n');
    }
    Ok(lines)
}
