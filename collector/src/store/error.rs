//! Why the database cannot be used.

use std::io;
use std::path::PathBuf;

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;
use thiserror::Error;

use crate::limits;
use crate::search::Damaged;

/// What the database itself said, without the words that are put before it.
fn cause(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        other => other.to_string(),
    }
}

/// Why the database cannot be used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The schema could not be brought up to date.
    #[error("cannot prepare database {}: {source}: check that it is writable and is an audit-layer database", path.display())]
    Migrate {
        /// The database.
        path: PathBuf,
        /// What the database said.
        source: MigrateError,
    },
    /// More events have one and the same time than can be told apart.
    #[error("too many events have the same timestamp: give each its own")]
    Crowded,
    /// What was stored is not there any more as it was.
    #[error("a stored event is damaged: {0}: restore the database from a backup")]
    Damaged(String),
    /// The index of events is not there any more as it was.
    #[error("{0}: restore the database from a backup")]
    Index(#[from] Damaged),
    /// There is no such file.
    #[error("there is no database {}: name the file that `audit-layer serve` uses with --database", path.display())]
    Missing {
        /// The name.
        path: PathBuf,
    },
    /// The schema has versions that this program does not know.
    #[error("database {} was written by a newer audit-layer: use that version", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
    },
    /// The name of something that is not a file.
    #[error("database {:?} is not the name of a file: only SQLite files are supported", path.display())]
    NotAFile {
        /// The name.
        path: PathBuf,
    },
    /// The file could not be opened or created.
    #[error("cannot open database {}: {}: check that the file and its folder exist and can be written", path.display(), cause(source))]
    Open {
        /// The database.
        path: PathBuf,
        /// What the database said.
        source: sqlx::Error,
    },
    /// The operating system has no random bytes, which tell ids apart.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
    /// A statement failed on an open database.
    #[error("database failed: {}", cause(.0))]
    Statement(sqlx::Error),
    /// A query was at work for longer than it may be.
    #[error("a query took longer than {} seconds", limits::QUERY_TIME_MAX.as_secs())]
    TooSlow,
}

impl StoreError {
    /// Whether it is an event that the database does not take, and not the database that fails.
    pub(crate) fn is_of_an_event(&self) -> bool {
        let Self::Statement(error) = self else {
            return matches!(self, Self::Crowded);
        };
        let code = error.as_database_error().and_then(DatabaseError::code);
        let code: Option<i32> = code.and_then(|code| code.parse().ok());
        // The low byte is the kind of error.
        code.is_some_and(|code| OF_AN_EVENT.contains(&(code & 0xff)))
    }
}

/// A function that failed, a text too big, a constraint, a type: https://www.sqlite.org/rescode.html
const OF_AN_EVENT: [i32; 4] = [1, 18, 19, 20];

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(DatabaseError::code);
        match code.as_deref() {
            Some(INTERRUPTED) => Self::TooSlow,
            _ => Self::Statement(error),
        }
    }
}

/// https://www.sqlite.org/rescode.html#interrupt
const INTERRUPTED: &str = "9";

/// Why there is no backup.
#[derive(Debug, Error)]
pub enum BackupError {
    /// The file is there already.
    #[error("{} exists: a backup never overwrites, name another file", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be written.
    #[error("cannot write the backup {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The database cannot be read, or its copy not be written.
    #[error("{0}")]
    Store(#[from] StoreError),
}
