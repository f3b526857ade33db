//! The events of a query, page by page.

use crate::limits;
use crate::query::dialect::Dialect;
use crate::query::export::Pages;
use crate::query::filter::LogQuery;
use crate::query::format::Format;
use crate::query::table::TableError;
use crate::query::{render, table};
use crate::store::{LogFilter, LogPage, Store, StoreError};

/// Those of one query, from the newest on.
pub(crate) struct EventPages {
    filter: LogFilter,
    format: Format,
    dialect: Dialect,
    events_left: usize,
    is_done: bool,
}

impl EventPages {
    pub(crate) fn of(query: LogQuery) -> Self {
        Self {
            events_left: query.filter.limit,
            filter: query.filter,
            format: query.format,
            dialect: query.dialect,
            is_done: false,
        }
    }
}

impl Pages for EventPages {
    type Page = LogPage;

    fn is_done(&self) -> bool {
        self.is_done
    }

    async fn read(&mut self, store: &Store) -> Result<LogPage, StoreError> {
        self.filter.limit = self.events_left.min(limits::PAGE_EVENTS_MAX);
        let page = store.logs(&self.filter).await?;
        self.events_left = self.events_left.saturating_sub(page.logs.len());
        self.filter.range.before = page.next.or(self.filter.range.before);
        self.is_done = page.next.is_none() || self.events_left == 0;
        Ok(page)
    }

    fn head(&self) -> Result<Vec<u8>, TableError> {
        match self.format {
            Format::Csv => table::head(self.dialect),
            Format::Lines | Format::Page => Ok(Vec::new()),
        }
    }

    fn body(&self, page: LogPage) -> Result<(Vec<u8>, usize), TableError> {
        let body = match self.format {
            Format::Csv => table::body(&page.logs, self.dialect)?,
            Format::Lines | Format::Page => render::lines(&page.logs).into_bytes(),
        };
        Ok((body, page.logs.len()))
    }
}
