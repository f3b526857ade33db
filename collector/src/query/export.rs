//! All events of a query as one stream, read page by page.
//!
//! A page is read when the client has taken the one before: a slow client costs one page of memory,
//! and no transaction that would keep the database from tidying up.

use std::mem;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::{TryStreamExt, stream};
use thiserror::Error;

use crate::auth::Keys;
use crate::error::ApiError;
use crate::key::KeyHash;
use crate::limits;
use crate::places::{Place, Places};
use crate::query::dialect::Dialect;
use crate::query::filter::LogQuery;
use crate::query::format::Format;
use crate::query::{render, table};
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

    /// Begins to answer a query of this key. What goes wrong later breaks the answer off, so that no
    /// client takes a part for the whole.
    pub(crate) async fn start(
        self,
        store: Store,
        query: LogQuery,
        key: KeyHash,
    ) -> Result<Response, ApiError> {
        let LogQuery {
            filter,
            format,
            dialect,
        } = query;
        let open = self.open.try_take(&key);
        let open = open.map_err(|_| ApiError::TooManyExports)?;
        let mut export = Export {
            store,
            keys: self.keys,
            key,
            format,
            dialect,
            events_left: filter.limit,
            filter,
            next: Next::Read,
            _open: open,
        };
        // While an error can still be answered.
        export.next = Next::Head(export.page().await.map_err(ApiError::of_query)?);
        let telemetry = self.telemetry;
        let body = stream::try_unfold(export, Export::piece)
            .inspect_err(move |error| telemetry.export_broke_off(error));
        let name = match format {
            Format::Csv => "attachment; filename=\"audit-logs.csv\"",
            Format::Lines | Format::Page => "attachment; filename=\"audit-logs.ndjson\"",
        };
        let headers = [
            (CONTENT_TYPE, format.media_type()),
            (CONTENT_DISPOSITION, name),
        ];
        Ok((headers, Body::from_stream(body)).into_response())
    }
}

struct Export {
    store: Store,
    keys: Keys,
    key: KeyHash,
    format: Format,
    dialect: Dialect,
    filter: LogFilter,
    events_left: usize,
    next: Next,
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
    async fn piece(mut self) -> Result<Option<(Bytes, Self)>, ExportError> {
        let page = match mem::replace(&mut self.next, Next::End) {
            Next::Head(page) => {
                self.next = Next::Page(page);
                return Ok(Some((self.head()?, self)));
            }
            Next::Page(page) => page,
            Next::Read => {
                self.check_key().await?;
                self.page().await?
            }
            Next::End => return Ok(None),
        };
        let bytes = self.body(&page)?;
        if let Some(position) = page.next.filter(|_| self.events_left > 0) {
            self.filter.range.before = Some(position);
            self.next = Next::Read;
        }
        Ok(Some((bytes, self)))
    }

    /// A key that was good at the start may have been revoked since.
    async fn check_key(&self) -> Result<(), ExportError> {
        let access = self.keys.access(&self.key, &self.store).await?;
        access.map(|_| ()).ok_or(ExportError::KeyRevoked)
    }

    async fn page(&mut self) -> Result<LogPage, StoreError> {
        self.filter.limit = self.events_left.min(limits::PAGE_EVENTS_MAX);
        let page = self.store.logs(&self.filter).await?;
        self.events_left = self.events_left.saturating_sub(page.logs.len());
        Ok(page)
    }

    fn head(&self) -> Result<Bytes, ExportError> {
        match self.format {
            Format::Csv => Ok(table::head(self.dialect)?.into()),
            Format::Lines | Format::Page => Ok(Bytes::new()),
        }
    }

    fn body(&self, page: &LogPage) -> Result<Bytes, ExportError> {
        match self.format {
            Format::Csv => Ok(table::body(&page.logs, self.dialect)?.into()),
            Format::Lines | Format::Page => Ok(render::lines(&page.logs).into()),
        }
    }
}

/// Why an answer breaks off.
#[derive(Debug, Error)]
pub(crate) enum ExportError {
    #[error("its key was revoked")]
    KeyRevoked,
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Table(#[from] table::TableError),
}
