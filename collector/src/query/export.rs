//! All events of a query as one stream, read page by page.
//!
//! A page is read when the client has taken the one before: a slow client costs one page of memory,
//! and no transaction that would keep the database from tidying up.

use std::mem;

use futures_util::{Stream, TryStreamExt, stream};
use thiserror::Error;

use crate::key::KeyHash;
use crate::keys::Keys;
use crate::limits;
use crate::places::{Place, Places};
use crate::query::dialect::Dialect;
use crate::query::error::QueryError;
use crate::query::filter::LogQuery;
use crate::query::format::Format;
use crate::query::{render, table};
use crate::records::Told;
use crate::store::{LogFilter, LogPage, Store, StoreError};
use crate::telemetry::Telemetry;

/// The streams that may be open at the same time.
#[derive(Clone)]
pub(crate) struct Exports {
    open: Places<KeyHash>,
    keys: Keys,
    telemetry: Telemetry,
}

impl Exports {
    pub(crate) fn new(keys: Keys, telemetry: Telemetry) -> Self {
        Self {
            open: Places::new(limits::EXPORTS_MAX, limits::EXPORTS_OF_KEY_MAX),
            keys,
            telemetry,
        }
    }

    /// A place for one more stream of this key, if there is one.
    pub(crate) fn place(&self, key: &KeyHash) -> Result<Place<KeyHash>, QueryError> {
        let place = self.open.try_take(key);
        place.map_err(|_| QueryError::TooManyExports)
    }

    /// A key that was good at the start may have expired or been revoked since.
    pub(crate) async fn check(&self, key: &KeyHash, store: &Store) -> Result<(), ExportError> {
        match self.keys.access(key, store).await? {
            Some(_) => Ok(()),
            None if self.keys.has_expired(key) => Err(ExportError::KeyExpired),
            None => Err(ExportError::KeyRevoked),
        }
    }

    /// Counts a stream whose client sees that it is not whole, and says of its record why.
    pub(crate) fn broke_off(&self, error: &ExportError, told: &Told) {
        told.broke_off(error.code());
        self.telemetry.export_broke_off(error);
    }

    /// Begins to read what a query of this key wants. What goes wrong later breaks the stream off, so
    /// that no client takes a part for the whole.
    ///
    /// Each piece is some whole lines or rows. What was given out in the end, the first of the two says.
    pub(crate) async fn start(
        self,
        store: Store,
        query: LogQuery,
        key: KeyHash,
    ) -> Result<(Told, impl Stream<Item = Result<Vec<u8>, ExportError>>), QueryError> {
        let LogQuery {
            filter,
            format,
            dialect,
            known: _,
        } = query;
        let open = self.place(&key)?;
        let told = Told::default();
        let mut export = Export {
            store,
            exports: self.clone(),
            key,
            format,
            dialect,
            events_left: filter.limit,
            filter,
            next: Next::Read,
            told: told.clone(),
            _open: open,
        };
        // While an error can still be answered.
        export.next = Next::Head(export.page().await?);
        let broken = told.clone();
        let pieces = stream::try_unfold(export, Export::piece)
            .inspect_err(move |error| self.broke_off(error, &broken));
        Ok((told, pieces))
    }
}

struct Export {
    store: Store,
    exports: Exports,
    key: KeyHash,
    format: Format,
    dialect: Dialect,
    filter: LogFilter,
    events_left: usize,
    next: Next,
    told: Told,
    /// Given back when all is sent, or the client has gone.
    _open: Place<KeyHash>,
}

/// What is to be done next.
enum Next {
    /// Write what stands before this first page.
    Head(LogPage),
    /// Write the page.
    Page(LogPage),
    /// Read a page and write it.
    Read,
    /// Nothing: all is written.
    End,
}

impl Export {
    /// The next piece of the answer, and what comes after it.
    async fn piece(mut self) -> Result<Option<(Vec<u8>, Self)>, ExportError> {
        let page = match mem::replace(&mut self.next, Next::End) {
            Next::Head(page) => {
                self.next = Next::Page(page);
                return Ok(Some((self.head()?, self)));
            }
            Next::Page(page) => page,
            Next::Read => {
                self.exports.check(&self.key, &self.store).await?;
                self.page().await?
            }
            Next::End => {
                self.told.ended();
                return Ok(None);
            }
        };
        let bytes = self.body(&page)?;
        self.told.add(page.logs.len());
        if let Some(position) = page.next.filter(|_| self.events_left > 0) {
            self.filter.range.before = Some(position);
            self.next = Next::Read;
        }
        Ok(Some((bytes, self)))
    }

    async fn page(&mut self) -> Result<LogPage, StoreError> {
        self.filter.limit = self.events_left.min(limits::PAGE_EVENTS_MAX);
        let page = self.store.logs(&self.filter).await?;
        self.events_left = self.events_left.saturating_sub(page.logs.len());
        Ok(page)
    }

    fn head(&self) -> Result<Vec<u8>, ExportError> {
        match self.format {
            Format::Csv => Ok(table::head(self.dialect)?),
            Format::Lines | Format::Page => Ok(Vec::new()),
        }
    }

    fn body(&self, page: &LogPage) -> Result<Vec<u8>, ExportError> {
        match self.format {
            Format::Csv => Ok(table::body(&page.logs, self.dialect)?),
            Format::Lines | Format::Page => Ok(render::lines(&page.logs).into_bytes()),
        }
    }
}

/// Why an answer breaks off.
#[derive(Debug, Error)]
pub(crate) enum ExportError {
    #[error("the key has expired")]
    KeyExpired,
    #[error("the key was revoked")]
    KeyRevoked,
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Table(#[from] table::TableError),
}

impl ExportError {
    /// For programs, as the code of an answer that is an error.
    fn code(&self) -> &'static str {
        match self {
            Self::KeyExpired => "key_expired",
            Self::KeyRevoked => "key_revoked",
            Self::Store(StoreError::TooSlow) => "query_too_slow",
            Self::Store(_) => "storage_unavailable",
            Self::Table(_) => "event_damaged",
        }
    }
}
