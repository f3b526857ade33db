//! The database as one SQLite file.

mod backup;
mod erasure;
mod events;
mod indexer;
mod logs;
mod migrations;
mod position;
mod postings;
mod readers;
mod removal;
mod runs;
mod search;
mod segments;
mod sequence;
mod tail;
mod terms;
mod text;

// The same source for both databases, which each compiles in its own terms.
#[path = "common/filter.rs"]
mod filter;
#[path = "common/found.rs"]
mod found;
#[path = "common/history.rs"]
mod history;
#[path = "common/holds.rs"]
mod holds;
#[path = "common/keys.rs"]
mod keys;
#[path = "common/log_row.rs"]
mod log_row;
#[path = "common/new_rows.rs"]
mod new_rows;
#[path = "common/reports.rs"]
mod reports;
#[path = "common/retention.rs"]
mod retention;
#[path = "common/writers.rs"]
mod writers;

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Executor, Sqlite, Transaction};

use crate::limits;
use crate::store::StoreError;
use crate::store::sqlite::readers::Readers;
use crate::store::sqlite::tail::Tail;
use crate::telemetry;

pub(super) use indexer::Indexer;

/// An open file. Cloning gives another handle to the same one.
#[derive(Clone)]
pub(crate) struct SqliteStore {
    /// One connection, because SQLite has one writer at a time: waiting here is cheaper.
    writes: SqlitePool,
    /// For the queries of clients.
    readers: Readers,
    /// For what every request needs, such as the keys: no query of a client is in its way.
    checks: SqlitePool,
    tail: Tail,
    /// Held by a process that stores events. After the connections, because closing any handle to a
    /// file gives up what SQLite has locked of it: <https://www.sqlite.org/howtocorrupt.html>.
    claim: Option<Arc<File>>,
}

impl SqliteStore {
    /// Opens the database at `path`, creates it if there is none, and brings its schema up to date.
    pub(crate) async fn open(path: &Path) -> Result<Self, StoreError> {
        create_private(path);
        let store = Self::connect(path).await?;
        let migrated = migrations::all().run(&store.writes).await;
        migrated.map_err(|error| StoreError::of_migration(path.to_owned().into(), error))?;
        Ok(store)
    }

    /// Opens the database for the one process that stores events in it, and brings its index up to
    /// date.
    pub(crate) async fn open_to_serve(path: &Path) -> Result<Self, StoreError> {
        create_private(path);
        let claim = claim(path)?;
        let mut store = Self::open(path).await?;
        store.claim = claim.map(Arc::new);
        let mut indexed = 0_usize;
        let index = store.index_rest(|events| {
            indexed = indexed.saturating_add(events);
            telemetry::events_indexed(indexed);
        });
        index.await?;
        Ok(store)
    }

    /// Opens the database at `path`, which has to be there.
    pub(crate) async fn open_existing(path: &Path) -> Result<Self, StoreError> {
        check_exists(path)?;
        Self::open(path).await
    }

    /// Opens the database at `path`, which has to be there, and leaves its schema as it is.
    pub(crate) async fn attach(path: &Path) -> Result<Self, StoreError> {
        check_exists(path)?;
        Self::connect(path).await
    }

    async fn connect(path: &Path) -> Result<Self, StoreError> {
        let opened = Self::connect_to(path).await;
        opened.map_err(|source| StoreError::Open {
            database: path.to_owned().into(),
            source,
        })
    }

    async fn connect_to(path: &Path) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // In WAL mode only FULL puts every commit on disk before the commit returns.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(limits::DATABASE_BUSY_MAX)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new()
            .acquire_timeout(limits::DATABASE_BUSY_MAX)
            .test_before_acquire(false);
        let writes = pool.clone().max_connections(1);
        // On a full disk SQLite ends a transaction by itself, of which sqlx is not told: on such a
        // connection it would never begin another.
        let writes = writes.before_acquire(|connection, _| {
            let is_free = !connection.is_in_transaction();
            Box::pin(async move { Ok(is_free) })
        });
        let cached = |kib: u32| options.clone().pragma("cache_size", format!("-{kib}"));
        let writer = cached(limits::WRITER_CACHE_KIB)
            .pragma("wal_autocheckpoint", limits::LOG_PAGES_MAX.to_string());
        let writes = writes.connect_with(writer).await?;
        let reader = cached(limits::READER_CACHE_KIB).pragma("query_only", "ON");
        let checks = pool.clone().max_connections(1);
        let checks = checks.connect_lazy_with(reader.clone());
        let readers = pool.max_connections(limits::READERS_MAX);
        let readers = Readers::new(readers.connect_lazy_with(reader));
        Ok(Self {
            writes,
            readers,
            checks,
            tail: Tail::default(),
            claim: None,
        })
    }

    /// A connection for the query of a client, whose time begins now.
    async fn reader(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        self.readers.get().await
    }

    /// For what removes something: nobody else writes until it ends.
    async fn begin_removal(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.begin().await
    }

    /// Does what the only writer does: no other is in its way.
    async fn tried<T, F>(&self, work: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        work().await
    }

    /// Whether the database answers.
    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        self.checks.execute("SELECT id FROM events LIMIT 1").await?;
        Ok(())
    }

    /// The size of the database file, in bytes.
    pub(crate) async fn bytes(&self) -> Result<u64, StoreError> {
        let query = sqlx::query_scalar::<_, i64>(BYTES);
        let bytes = query.fetch_one(&self.checks).await?;
        Ok(u64::try_from(bytes).unwrap_or_default())
    }

    /// Closes every connection, which also folds the write-ahead log into the database.
    pub(crate) async fn close(&self) {
        self.checks.close().await;
        self.readers.close().await;
        self.writes.close().await;
    }
}

const BYTES: &str = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";

fn check_exists(path: &Path) -> Result<(), StoreError> {
    match path.exists() {
        true => Ok(()),
        false => Err(StoreError::Missing {
            database: path.to_owned().into(),
        }),
    }
}

/// Takes the file for this process: another would not see the newest events of this one. Where the
/// file system has no locks, that is up to the operator.
fn claim(path: &Path) -> Result<Option<File>, StoreError> {
    let Ok(file) = File::open(path) else {
        return Ok(None);
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::Served {
            database: path.to_owned().into(),
        }),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Creates the file so that only its owner can read the prompts in it. SQLite gives the files
/// beside it the same mode.
fn create_private(path: &Path) {
    // If it exists it stays as it is, and if it cannot be created, opening it says why.
    let _ = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_by_itself_keeps_none_from_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("audit.db");
        let store = SqliteStore::open(&file).await.unwrap();
        let mut transaction = store.begin().await.unwrap();
        transaction.execute("ROLLBACK").await.unwrap();
        assert!(transaction.commit().await.is_err());
        let next = store.begin().await.unwrap();
        next.commit().await.unwrap();
        store.close().await;
    }
}
