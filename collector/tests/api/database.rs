//! The database of a test: an SQLite file.

use std::path::{Path, PathBuf};

use sqlx::{Connection, SqliteConnection};

/// A database that nobody else uses.
#[derive(Debug)]
pub(crate) struct Database(PathBuf);

impl Database {
    /// A new one, for which there is the folder.
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.join("audit.db"))
    }

    /// What `--database` takes.
    pub(crate) fn address(&self) -> String {
        self.0.display().to_string()
    }

    /// Opens it beside the program, as another process would.
    pub(crate) async fn open(&self) -> SqliteConnection {
        let url = format!("sqlite://{}", self.0.display());
        SqliteConnection::connect(&url).await.unwrap()
    }

    /// Whether a program has made anything of it.
    pub(crate) async fn is_made(&self) -> bool {
        self.0.exists()
    }

    /// Whether a program that has ended left it as if it were still in use.
    pub(crate) async fn is_in_use(&self) -> bool {
        self.0.with_extension("db-wal").exists()
    }

    /// Checks that nothing in it is damaged.
    pub(crate) async fn check(&self) {
        let check = sqlx::query_scalar::<_, String>("PRAGMA integrity_check");
        assert_eq!(check.fetch_one(&mut self.open().await).await.unwrap(), "ok");
    }
}

/// Keeps others from writing, until a `ROLLBACK`.
pub(crate) const BLOCK: &str = "BEGIN IMMEDIATE";

/// Lets the database refuse the event with the request_id `bad`.
pub(crate) const REFUSE: &str = "
    CREATE TRIGGER refuse BEFORE INSERT ON events WHEN new.request_id = 'bad'
    BEGIN SELECT RAISE(ABORT, 'no'); END";

/// Leaves an index as if it were of a version without characters, in which nothing is found.
pub(crate) const WITHOUT_CHARACTERS: &str = "
    DELETE FROM segments; DELETE FROM segment_chunks; DELETE FROM unindexed;
    DELETE FROM _sqlx_migrations WHERE description = 'characters'";

/// Lets the database take no access record.
pub(crate) const REFUSE_RECORDS: &str = "
    CREATE TRIGGER refuse_records BEFORE INSERT ON access_records
    BEGIN SELECT RAISE(ABORT, 'no'); END";
