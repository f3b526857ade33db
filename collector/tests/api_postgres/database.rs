//! The database of a test: a place of its own on a PostgreSQL server that all tests share.

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use audit_layer_tests::postgres::Postgres;
use sqlx::{Connection, PgConnection};
use tokio::time::{Instant, sleep};

use crate::program::{DEADLINE, Folder};

impl Folder {
    /// A folder for another program on the same database.
    pub(crate) fn with_same_database(&self) -> Self {
        Self(Arc::new(tempfile::tempdir().unwrap()), Arc::clone(&self.1))
    }
}

/// A database that nobody else uses.
#[derive(Debug)]
pub(crate) struct Database {
    address: String,
}

impl Database {
    /// A new one.
    pub(crate) fn new(_: &Path) -> Self {
        Self {
            address: SERVER.new_database().unwrap(),
        }
    }

    /// What `--database` takes.
    pub(crate) fn address(&self) -> String {
        self.address.clone()
    }

    /// Opens it beside the program, as another process would.
    pub(crate) async fn open(&self) -> PgConnection {
        PgConnection::connect(&self.address).await.unwrap()
    }

    /// Whether a program has made anything of it.
    pub(crate) async fn is_made(&self) -> bool {
        let is_made = sqlx::query_scalar("SELECT to_regclass('events') IS NOT NULL");
        is_made.fetch_one(&mut self.open().await).await.unwrap()
    }

    /// Whether a program that has ended is still connected, after the moment that the server takes to
    /// see it go.
    pub(crate) async fn is_in_use(&self) -> bool {
        let mut database = self.open().await;
        let deadline = Instant::now() + DEADLINE;
        while Instant::now() < deadline {
            let count = sqlx::query_scalar::<_, i64>(OTHERS);
            if count.fetch_one(&mut database).await.unwrap() == 0 {
                return false;
            }
            sleep(Duration::from_millis(5)).await;
        }
        true
    }

    /// Nothing in it is damaged that the server does not tell.
    pub(crate) async fn check(&self) {}
}

/// The address gives each database's connections a name of their own.
const OTHERS: &str = "
    SELECT count(*) FROM pg_stat_activity
    WHERE application_name = current_setting('application_name') AND pid <> pg_backend_pid()";

/// Without `fsync` the machine must not lose power, and nothing else.
static SERVER: LazyLock<Postgres> = LazyLock::new(|| {
    let settings = ["fsync=off", "max_connections=500", "shared_buffers=64MB"];
    Postgres::start(&settings).unwrap()
});

/// Keeps others from writing, until a `ROLLBACK`.
pub(crate) const BLOCK: &str = "BEGIN; LOCK TABLE events IN EXCLUSIVE MODE";

/// Lets the database refuse the event with the request_id `bad`.
pub(crate) const REFUSE: &str = "
    CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW WHEN (new.request_id = 'bad')
    EXECUTE FUNCTION refuse()";

/// Leaves an index as if it were of a version without characters, in which nothing is found.
pub(crate) const WITHOUT_CHARACTERS: &str = "
    DELETE FROM segments; DELETE FROM segment_chunks; DROP TABLE unindexed;
    DELETE FROM _sqlx_migrations WHERE description = 'characters'";

/// Lets the database take no access record.
pub(crate) const REFUSE_RECORDS: &str = "
    CREATE FUNCTION refuse_record() RETURNS TRIGGER LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'no'; END $$;
    CREATE TRIGGER refuse_records BEFORE INSERT ON access_records FOR EACH ROW
    EXECUTE FUNCTION refuse_record()";
