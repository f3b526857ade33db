//! All access records of a query as one stream, read page by page.

use futures_util::{Stream, TryStreamExt, stream};

use crate::access::Scope;
use crate::key::KeyHash;
use crate::limits;
use crate::places::Place;
use crate::query::dialect::Dialect;
use crate::query::format::Format;
use crate::query::history::asked::Asked;
use crate::query::history::{place, shown};
use crate::query::table::{TableError, harmless, rows};
use crate::query::{ExportError, Exports, QueryError};
use crate::records::{Shown, Told};
use crate::store::{AccessRecord, RecordFilter, Store, StoreError};

/// Begins to read, as [`Exports::start`] does. What goes wrong later breaks the stream off.
pub(crate) async fn start(
    exports: Exports,
    store: Store,
    asked: Asked,
    scope: Scope,
    key: KeyHash,
) -> Result<(Told, impl Stream<Item = Result<Vec<u8>, ExportError>>), QueryError> {
    let told = Told::default();
    let mut export = Export {
        _open: exports.place(&key)?,
        exports: exports.clone(),
        key,
        store,
        scope,
        format: asked.format,
        dialect: asked.dialect,
        left: asked.filter.limit,
        filter: asked.filter,
        page: None,
        is_begun: false,
        told: told.clone(),
    };
    // While an error can still be answered.
    export.page = Some(export.read().await?);
    let broken = told.clone();
    let pieces = stream::try_unfold(export, Export::piece)
        .inspect_err(move |error| exports.broke_off(error, &broken));
    Ok((told, pieces))
}

struct Export {
    /// Given back when all is sent, or the client has gone.
    _open: Place<KeyHash>,
    exports: Exports,
    key: KeyHash,
    store: Store,
    scope: Scope,
    format: Format,
    dialect: Dialect,
    filter: RecordFilter,
    /// Records that may still be given out.
    left: usize,
    /// The page that is written next.
    page: Option<Vec<AccessRecord>>,
    is_begun: bool,
    told: Told,
}

impl Export {
    /// The next piece of the answer, and what comes after it.
    async fn piece(mut self) -> Result<Option<(Vec<u8>, Self)>, ExportError> {
        let page = match self.page.take() {
            Some(page) => page,
            None => {
                self.exports.check(&self.key, &self.store).await?;
                self.read().await?
            }
        };
        let head = match self.is_begun {
            true => Vec::new(),
            false => self.head()?,
        };
        if page.is_empty() && self.is_begun {
            self.told.ended();
            return Ok(None);
        }
        self.is_begun = true;
        self.told.add(page.len());
        self.filter.after = page.last().map(place).or(self.filter.after);
        let body = self.body(shown(page, &self.scope))?;
        Ok(Some(([head, body].concat(), self)))
    }

    async fn read(&mut self) -> Result<Vec<AccessRecord>, StoreError> {
        self.filter.limit = self.left.min(limits::PAGE_EVENTS_MAX);
        let page = self.store.records(&self.filter).await?;
        self.left = self.left.saturating_sub(page.len());
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

    fn body(&self, records: Vec<Shown>) -> Result<Vec<u8>, TableError> {
        match self.format {
            Format::Csv => {
                let cells = records.into_iter().map(|record| {
                    let cells = record.cells().into_iter();
                    cells.map(harmless)
                });
                rows(cells, self.dialect)
            }
            Format::Lines | Format::Page => {
                let mut lines = Vec::new();
                for record in records {
                    serde_json::to_writer(&mut lines, &record)?;
                    lines.push(b'\n');
                }
                Ok(lines)
            }
        }
    }
}
