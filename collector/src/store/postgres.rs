//! The database on a PostgreSQL server, which several collectors may use at the same time.
//!
//! No two of them have to know of each other: what must be one is one by a constraint of a table or
//! a lock of a row. A transaction that another was in the way of is tried again.

mod commit;
mod erasure;
mod events;
mod indexer;
mod logs;
mod migrations;
mod position;
mod postings;
mod removal;
mod runs;
mod search;
mod segments;
mod sequence;
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

use std::io;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, Postgres, Transaction};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::limits;
use crate::store::StoreError;
use crate::store::database::{Database, Place};
use crate::store::schema::{Applied, Schema};
use crate::telemetry;

pub(super) use indexer::Indexer;

/// An open database. Cloning gives another handle to the same one.
#[derive(Clone)]
pub(crate) struct PostgresStore {
    writes: PgPool,
    /// For the queries of clients: each ends in time.
    reads: PgPool,
    /// For what every request needs, such as the keys: no query of a client is in its way.
    checks: PgPool,
    /// Held by the one who asks why there is no connection.
    asking: Arc<Mutex<()>>,
}

impl PostgresStore {
    /// Opens the database and brings its schema up to date.
    pub(crate) async fn open(options: &PgConnectOptions) -> Result<Self, StoreError> {
        let mut connection = connect(options).await?;
        check_encoding(options, &mut connection).await?;
        let schema = schema(&mut connection).await?;
        schema.check(Schema::TO_MIGRATE, || named(options))?;
        // Who starts while another collector changes the schema waits for it, however long.
        connection.execute("SET lock_timeout = 0").await?;
        let migrated = migrations::all().run(&mut connection).await;
        migrated.map_err(|error| StoreError::of_migration(named(options), error))?;
        connection.close().await?;
        Ok(Self::with(options))
    }

    /// Opens the database as [`open`](Self::open) does, for a process that stores events, and brings
    /// its index up to date.
    pub(crate) async fn open_to_serve(options: &PgConnectOptions) -> Result<Self, StoreError> {
        let store = Self::open(options).await?;
        let mut connection = store.checks.acquire().await?;
        if setting(&mut connection, "fsync").await? == "off" {
            telemetry::server_not_durable();
        }
        drop(connection);
        let mut indexed = 0_usize;
        let index = store.index_rest(|events| {
            indexed = indexed.saturating_add(events);
            telemetry::events_indexed(indexed);
        });
        index.await?;
        telemetry::tombstones_mended(store.mend_tombstones().await?);
        Ok(store)
    }

    /// Opens the database, which has to have a collector's tables of this version.
    pub(crate) async fn open_existing(options: &PgConnectOptions) -> Result<Self, StoreError> {
        let mut connection = connect(options).await?;
        let schema = schema(&mut connection).await?;
        connection.close().await?;
        schema.check(Schema::TO_USE, || named(options))?;
        Ok(Self::with(options))
    }

    fn with(options: &PgConnectOptions) -> Self {
        let pool = |connections: u32, time_max: Option<Duration>| {
            let time_max = time_max.unwrap_or_default().as_millis().to_string();
            PgPoolOptions::new()
                .acquire_timeout(limits::DATABASE_BUSY_MAX)
                .max_connections(connections)
                .after_connect(|connection, _| {
                    Box::pin(async move {
                        connection.execute(DURABLE).await?;
                        Ok(())
                    })
                })
                // A server that has vanished answers nothing, not even that.
                .after_release(|connection, _| {
                    Box::pin(async move {
                        let answer = timeout(limits::DATABASE_BUSY_MAX, connection.ping()).await;
                        answer
                            .unwrap_or(Err(sqlx::Error::PoolTimedOut))
                            .map(|()| true)
                    })
                })
                .connect_lazy_with(session(options).options([("statement_timeout", time_max)]))
        };
        Self {
            writes: pool(limits::POSTGRES_WRITERS_MAX, None),
            reads: pool(limits::READERS_MAX, Some(limits::QUERY_TIME_MAX)),
            checks: pool(1, Some(limits::DATABASE_BUSY_MAX)),
            asking: Arc::default(),
        }
    }

    /// Each statement sees what is committed when it begins: a lock that was waited for tells the
    /// truth.
    async fn begin(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        let begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
        Ok(self.writes.begin_with(begin).await?)
    }

    /// For what removes something. Until it ends no hold is added or released: what is held when
    /// `audit-layer holds create` has ended is not removed any more.
    async fn begin_removal(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        let mut transaction = self.begin().await?;
        transaction.execute(LOCK_HOLDS).await?;
        Ok(transaction)
    }

    /// Does what ends in time, and again when another collector was in its way.
    async fn tried<T, F>(&self, work: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        again(|| in_time(limits::TRANSACTION_TIME_MAX, work())).await
    }

    /// A connection for the query of a client. Each of its statements ends in time, also when nobody
    /// waits for it any more.
    async fn reader(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        Ok(self.reads.acquire().await?)
    }

    /// Whether the database answers.
    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        self.checks.execute("SELECT id FROM events LIMIT 1").await?;
        Ok(())
    }

    /// The size of the database, in bytes.
    pub(crate) async fn bytes(&self) -> Result<u64, StoreError> {
        let query = sqlx::query_scalar::<_, i64>(BYTES);
        let bytes = query.fetch_one(&self.checks).await?;
        Ok(u64::try_from(bytes).unwrap_or_default())
    }

    /// The reason of an error. A pool says only that its time was over: a connection beside it says
    /// why none could be made, such as that nothing listens. One asks at a time.
    pub(crate) async fn explained(&self, error: StoreError) -> StoreError {
        let StoreError::NoConnection = error else {
            return error;
        };
        let Ok(_asking) = self.asking.try_lock() else {
            return error;
        };
        let options = self.writes.connect_options();
        match connect_within(limits::DATABASE_BUSY_MAX, &options).await {
            Ok(connection) => {
                let _ = connection.close().await;
                error
            }
            Err(reason) => reason,
        }
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {
        self.checks.close().await;
        self.reads.close().await;
        self.writes.close().await;
    }
}

/// Gives up what takes longer: the server may have vanished without a word.
async fn in_time<T>(
    time_max: Duration,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let result = timeout(time_max, work).await;
    result.unwrap_or(Err(StoreError::TooSlow))
}

/// Does work again when others were in its way, a few times.
async fn again<T, F>(work: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut tries_left = limits::TRANSACTION_TRIES_MAX;
    loop {
        tries_left = tries_left.saturating_sub(1);
        match work().await {
            Err(error) if tries_left > 0 && error.is_conflict() => {}
            result => return result,
        }
    }
}

/// What stands for a text in an index, which takes no text as long as some are.
fn hash_of(text: &str) -> Vec<u8> {
    Sha256::digest(text).to_vec()
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, StoreError> {
    connect_within(limits::DATABASE_CONNECT_MAX, options).await
}

/// A server that takes the connection and then says nothing is given up after this time.
async fn connect_within(
    time_max: Duration,
    options: &PgConnectOptions,
) -> Result<PgConnection, StoreError> {
    let connected = timeout(time_max, session(options).connect()).await;
    let silent = || {
        let why = format!("no answer within {} seconds", time_max.as_secs());
        Err(sqlx::Error::Io(io::Error::new(
            io::ErrorKind::TimedOut,
            why,
        )))
    };
    connected
        .unwrap_or_else(|_| silent())
        .map_err(|source| StoreError::Connect {
            database: named(options),
            source,
        })
}

/// What the address says, and what every connection of ours wants.
fn session(options: &PgConnectOptions) -> PgConnectOptions {
    let lock_time_max = limits::DATABASE_BUSY_MAX.as_millis().to_string();
    let session = options.clone().disable_statement_logging();
    let session = session.options([
        ("lock_timeout", lock_time_max.as_str()),
        // Not that a table is there already, and the like.
        ("client_min_messages", "warning"),
    ]);
    match session.get_application_name() {
        Some(_) => session,
        None => session.application_name("audit-layer"),
    }
}

/// What the database is, or the schema in it that new tables go to: others may share the rest.
async fn schema(connection: &mut PgConnection) -> Result<Schema, StoreError> {
    let applied: Vec<Applied> = match sqlx::query_scalar(HAS_VERSIONS)
        .fetch_one(&mut *connection)
        .await?
    {
        true => sqlx::query_as(VERSIONS).fetch_all(connection).await?,
        false => Vec::new(),
    };
    Ok(Schema::of(&migrations::all(), &applied))
}

async fn check_encoding(
    options: &PgConnectOptions,
    connection: &mut PgConnection,
) -> Result<(), StoreError> {
    let encoding = setting(connection, "server_encoding").await?;
    match encoding.as_str() {
        "UTF8" => Ok(()),
        _ => Err(StoreError::Encoding {
            database: named(options),
            encoding,
        }),
    }
}

async fn setting(connection: &mut PgConnection, name: &str) -> Result<String, StoreError> {
    let query = sqlx::query_scalar("SELECT current_setting($1)").bind(name);
    Ok(query.fetch_one(connection).await?)
}

fn named(options: &PgConnectOptions) -> Database {
    Database(Place::Server(Box::new(options.clone())))
}

/// A commit is on disk before it is acknowledged, whatever the server's default is. Where that says
/// more, such as to wait for a standby, it stays.
const DURABLE: &str = "
    SELECT set_config('synchronous_commit', 'on', FALSE)
    WHERE current_setting('synchronous_commit') = 'off'";

const LOCK_HOLDS: &str = "LOCK TABLE holds IN SHARE MODE";

const HAS_VERSIONS: &str = "
    SELECT to_regclass(quote_ident(current_schema()) || '._sqlx_migrations') IS NOT NULL";

const VERSIONS: &str = "SELECT version, checksum FROM _sqlx_migrations ORDER BY version";

const BYTES: &str = "SELECT pg_database_size(current_database())";

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_server_that_says_nothing_is_given_up() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = silent.local_addr().unwrap().port();
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(port);
        let connected = connect_within(Duration::from_millis(50), &options).await;
        let error = connected.err().unwrap().to_string();
        assert!(
            error.contains("no answer") && error.contains("server is running"),
            "{error}"
        );
    }
}
