//! The database as one SQLite file.

mod backup;
mod commit;
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
#[path = "common/calls.rs"]
mod calls;
#[path = "common/erasing.rs"]
mod erasing;
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
#[path = "common/known.rs"]
mod known;
#[path = "common/log_row.rs"]
mod log_row;
#[path = "common/new_rows.rs"]
mod new_rows;
#[path = "common/places.rs"]
mod places;
#[path = "common/records.rs"]
mod records;
#[path = "common/reports.rs"]
mod reports;
#[path = "common/retention.rs"]
mod retention;
#[path = "common/segment_rows.rs"]
mod segment_rows;
#[path = "common/siblings.rs"]
mod siblings;
#[path = "common/storing.rs"]
mod storing;
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
use sqlx::{ConnectOptions, Connection, Executor, Sqlite, SqliteConnection, Transaction};

use crate::limits;
use crate::store::StoreError;
use crate::store::schema::{Applied, Schema};
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
    /// Opens the database at `path`, creates it if there is none, and brings its schema up to date,
    /// beside a process that serves it only if there is nothing to change.
    pub(crate) async fn open(path: &Path) -> Result<Self, StoreError> {
        create_private(path);
        match schema(path).await? {
            Schema::Current => Self::connect(path).await,
            _ => Self::migrate(path, claim(path)?).await,
        }
    }

    /// Opens the database for the one process that stores events in it, and brings its index up to
    /// date.
    pub(crate) async fn open_to_serve(path: &Path) -> Result<Self, StoreError> {
        create_private(path);
        let store = Self::migrate(path, claim(path)?).await?;
        let mut indexed = 0_usize;
        let index = store.index_rest(|events| {
            indexed = indexed.saturating_add(events);
            telemetry::events_indexed(indexed);
        });
        index.await?;
        let mended = store.mend_tombstones().await?;
        if mended > 0 {
            store.forget_for_good().await?;
        }
        telemetry::tombstones_mended(mended);
        Ok(store)
    }

    /// Brings the schema up to date, for which no other process may have the file.
    async fn migrate(path: &Path, claim: Option<File>) -> Result<Self, StoreError> {
        check(path, Schema::TO_MIGRATE).await?;
        let mut store = Self::connect(path).await?;
        store.claim = claim.map(Arc::new);
        let migrated = migrations::all().run(&store.writes).await;
        migrated.map_err(|error| StoreError::of_migration(path.to_owned().into(), error))?;
        Ok(store)
    }

    /// Opens the database at `path`, which has to be there with the schema of this version.
    pub(crate) async fn open_existing(path: &Path) -> Result<Self, StoreError> {
        check(path, Schema::TO_USE).await?;
        Self::connect(path).await
    }

    /// Opens the database at `path`, which has to be there, and leaves its schema as it is.
    pub(crate) async fn attach(path: &Path) -> Result<Self, StoreError> {
        check(path, Schema::TO_COPY).await?;
        Self::connect(path).await
    }

    async fn connect(path: &Path) -> Result<Self, StoreError> {
        Self::connect_to(path).await.map_err(opening(path))
    }

    async fn connect_to(path: &Path) -> Result<Self, sqlx::Error> {
        let options = options(path)
            .journal_mode(SqliteJournalMode::Wal)
            // In WAL mode only FULL puts every commit on disk before the commit returns.
            .synchronous(SqliteSynchronous::Full);
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
            // What is removed is overwritten where its page is written anyway. Whole pages that are free
            // are overwritten by an erasure.
            .pragma("secure_delete", "FAST")
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
        again(work).await
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

/// Without those that SQLite makes for itself.
const TABLES: &str = r"
    SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'";

const VERSIONS: &str = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(limits::DATABASE_BUSY_MAX)
        .disable_statement_logging()
}

fn opening(path: &Path) -> impl FnOnce(sqlx::Error) -> StoreError {
    |source| StoreError::of_opening(path.to_owned().into(), source)
}

/// Refuses a file whose schema is not among `allowed`.
async fn check(path: &Path, allowed: &[Schema]) -> Result<(), StoreError> {
    let schema = schema(path).await?;
    schema.check(allowed, || path.to_owned().into())
}

/// What the file is. It is not changed, whatever it is.
async fn schema(path: &Path) -> Result<Schema, StoreError> {
    if !path.exists() {
        return Ok(Schema::Nothing);
    }
    let connection = options(path).connect().await;
    let mut connection = connection.map_err(opening(path))?;
    let schema = read_schema(&mut connection).await.map_err(opening(path));
    let _ = connection.close().await;
    schema
}

/// There is one writer, so nothing has to be tried again.
async fn again<T, F>(work: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    work().await
}

async fn read_schema(connection: &mut SqliteConnection) -> Result<Schema, sqlx::Error> {
    let tables: Vec<String> = sqlx::query_scalar(TABLES)
        .fetch_all(&mut *connection)
        .await?;
    let has_versions = tables.iter().any(|table| table == "_sqlx_migrations");
    let applied: Vec<Applied> = match has_versions {
        true => sqlx::query_as(VERSIONS).fetch_all(connection).await?,
        false => Vec::new(),
    };
    match Schema::of(&migrations::all(), &applied) {
        Schema::Nothing if tables.len() > usize::from(has_versions) => Ok(Schema::Foreign),
        schema => Ok(schema),
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
