//! All that a query finds as one stream, read page by page.
//!
//! A page is read when the client has taken the one before: a slow client costs one page of memory,
//! and no transaction that would keep the database from tidying up.

use futures_util::{Stream, TryStreamExt, stream};
use thiserror::Error;

use crate::key::KeyHash;
use crate::keys::Keys;
use crate::limits;
use crate::places::{Place, Places};
use crate::query::error::QueryError;
use crate::query::table::TableError;
use crate::records::Told;
use crate::store::{Store, StoreError};
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
    fn place(&self, key: &KeyHash) -> Result<Place<KeyHash>, QueryError> {
        let place = self.open.try_take(key);
        place.map_err(|_| QueryError::TooManyExports)
    }

    /// A key that was good at the start may have expired or been revoked since.
    async fn check(&self, key: &KeyHash, store: &Store) -> Result<(), ExportError> {
        match self.keys.access(key, store).await? {
            Some(_) => Ok(()),
            None if self.keys.has_expired(key) => Err(ExportError::KeyExpired),
            None => Err(ExportError::KeyRevoked),
        }
    }

    /// Counts a stream whose client sees that it is not whole, and says of its record why.
    fn broke_off(&self, error: &ExportError, told: &Told) {
        told.broke_off(error.code());
        self.telemetry.export_broke_off(error);
    }

    /// Begins to read these pages for this key. What goes wrong later breaks the stream off, so that no
    /// client takes a part for the whole.
    ///
    /// Each piece is some whole lines or rows. What was given out in the end, the first of the two says.
    pub(crate) async fn start<P: Pages>(
        self,
        mut pages: P,
        store: Store,
        key: KeyHash,
    ) -> Result<(Told, impl Stream<Item = Result<Vec<u8>, ExportError>>), QueryError> {
        let open = self.place(&key)?;
        let told = Told::default();
        let export = Export {
            // While an error can still be answered.
            first: Some(pages.read(&store).await?),
            pages,
            store,
            exports: self.clone(),
            key,
            told: told.clone(),
            _open: open,
        };
        let broken = told.clone();
        let pieces = stream::try_unfold(export, Export::piece)
            .inspect_err(move |error| self.broke_off(error, &broken));
        Ok((told, pieces))
    }
}

/// Pages that are read one after the other, and how they are written.
pub(crate) trait Pages: Send + 'static {
    type Page: Send;

    /// Whether the last one was read.
    fn is_done(&self) -> bool;

    /// The next one.
    fn read(
        &mut self,
        store: &Store,
    ) -> impl Future<Output = Result<Self::Page, StoreError>> + Send;

    /// What stands before all.
    fn head(&self) -> Result<Vec<u8>, TableError>;

    /// The page as it is written, and how many entries it has.
    fn body(&self, page: Self::Page) -> Result<(Vec<u8>, usize), TableError>;
}

struct Export<P: Pages> {
    /// Until it is written.
    first: Option<P::Page>,
    pages: P,
    store: Store,
    exports: Exports,
    key: KeyHash,
    told: Told,
    /// Given back when all is sent, or the client has gone.
    _open: Place<KeyHash>,
}

impl<P: Pages> Export<P> {
    /// The next piece of the answer, and what comes after it.
    async fn piece(mut self) -> Result<Option<(Vec<u8>, Self)>, ExportError> {
        let (mut bytes, page) = match self.first.take() {
            Some(page) => (self.pages.head()?, page),
            None if self.pages.is_done() => {
                self.told.ended();
                return Ok(None);
            }
            None => {
                self.exports.check(&self.key, &self.store).await?;
                (Vec::new(), self.pages.read(&self.store).await?)
            }
        };
        let (body, entries) = self.pages.body(page)?;
        bytes.extend(body);
        self.told.add(entries);
        Ok(Some((bytes, self)))
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
    Table(#[from] TableError),
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
