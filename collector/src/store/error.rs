//! Why the database cannot be used.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;
use thiserror::Error;

use crate::search::Damaged;
use crate::store::Database;

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
    #[error(
        "cannot prepare database {database}: {source}: check that it is writable and an audit-layer database"
    )]
    Migrate {
        /// The database.
        database: Database,
        /// What the database said.
        source: MigrateError,
    },
    /// More events have one and the same time than can be told apart.
    #[error("too many events have the same timestamp: give each a different one")]
    Crowded,
    /// What was stored is not there any more as it was.
    #[error("a stored event is damaged: {0}: restore the database from a backup")]
    Damaged(String),
    /// The index of events is not there any more as it was.
    #[error("{0}: restore the database from a backup")]
    Index(#[from] Damaged),
    /// There is no such file, or nothing in it or in the server's database.
    #[error(
        "there is no audit-layer database at {database}: use --database to name the one that `audit-layer serve` uses"
    )]
    Missing {
        /// The name.
        database: Database,
    },
    /// Another program keeps something there, or it is no database at all.
    #[error("{database} is not an audit-layer database: use --database to name one")]
    Foreign {
        /// The file or database.
        database: Database,
    },
    /// The schema lacks versions that this program needs.
    #[error(
        "database {database} was written by an older audit-layer: use that version, or run `audit-layer serve` of this version to upgrade it"
    )]
    Older {
        /// The database.
        database: Database,
    },
    /// The file is not what was written to it.
    #[error(
        "database {database} is damaged: {}: restore it from a backup",
        cause(source)
    )]
    Corrupt {
        /// The database.
        database: Database,
        /// What the database said.
        source: sqlx::Error,
    },
    /// The schema has versions that this program does not know.
    #[error("database {database} was written by a newer audit-layer: use that version")]
    Newer {
        /// The database.
        database: Database,
    },
    /// The file could not be opened or created.
    #[error(
        "cannot open database {database}: {}: check that the file and its folder exist and are writable",
        cause(source)
    )]
    Open {
        /// The database.
        database: Database,
        /// What the database said.
        source: sqlx::Error,
    },
    /// The server did not answer, or not let us in.
    #[error(
        "cannot use database {database}: {}: check its address, user and password, and that the server is running",
        cause(source)
    )]
    Connect {
        /// The database.
        database: Database,
        /// What the server or the connection said.
        source: sqlx::Error,
    },
    /// The server's database cannot hold every text.
    #[error("database {database} has the encoding {encoding}: create one with the encoding UTF8")]
    Encoding {
        /// The database.
        database: Database,
        /// Its encoding.
        encoding: String,
    },
    /// Another process stores events in the file.
    #[error(
        "another audit-layer is using the database {database}: stop it, give this one its own file, or use PostgreSQL for both"
    )]
    Served {
        /// The database.
        database: Database,
    },
    /// The operating system has no random bytes, which tell ids apart.
    #[error("the operating system provided no random bytes: {0}")]
    Random(getrandom::Error),
    /// A statement failed on an open database.
    #[error("the database failed: {}{}", cause(.0), advice(.0))]
    Statement(sqlx::Error),
    /// Every connection is in use, or none could be made.
    #[error("no database connection became available in time")]
    NoConnection,
    /// The database was at work for longer than it may be.
    #[error("the database took too long")]
    TooSlow,
}

impl StoreError {
    /// Of a file that cannot be opened, or not be read when it was.
    pub(super) fn of_opening(database: Database, source: sqlx::Error) -> Self {
        match sqlite_kind(&source) {
            Some(SQLITE_NOT_A_DATABASE) => Self::Foreign { database },
            Some(SQLITE_CORRUPT) => Self::Corrupt { database, source },
            _ => Self::Open { database, source },
        }
    }

    pub(super) fn of_migration(database: Database, error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => {
                Self::Newer { database }
            }
            source => Self::Migrate { database, source },
        }
    }

    /// Whether it is an event that the database does not take, and not the database that fails.
    pub(crate) fn is_of_an_event(&self) -> bool {
        match self {
            Self::Crowded => true,
            Self::Statement(error) => match sqlite_kind(error) {
                Some(kind) => SQLITE_OF_AN_EVENT.contains(&kind),
                None => code(error).is_some_and(|code| {
                    let mut classes = POSTGRES_OF_AN_EVENT.iter();
                    classes.any(|class| code.starts_with(class))
                }),
            },
            _ => false,
        }
    }

    /// Whether the same may succeed when it is tried again, as another process was in the way.
    pub(super) fn is_conflict(&self) -> bool {
        let code = match self {
            Self::Statement(error) => code(error),
            _ => None,
        };
        code.is_some_and(|code| CONFLICTS.contains(&code.as_ref()))
    }
}

/// The kind of an error of SQLite, which is the low byte of its number. PostgreSQL has five characters.
fn sqlite_kind(error: &sqlx::Error) -> Option<i32> {
    let code = code(error)?;
    let number: i32 = code.parse().ok()?;
    (code.len() < 5).then_some(number & 0xff)
}

/// What to do about it, where it is known, to be put behind what the database said.
fn advice(error: &sqlx::Error) -> &'static str {
    let is_corrupt = match sqlite_kind(error) {
        Some(kind) => kind == SQLITE_CORRUPT,
        None => code(error).is_some_and(|code| POSTGRES_CORRUPT.contains(&code.as_ref())),
    };
    if is_corrupt {
        ": restore it from a backup"
    } else {
        ""
    }
}

fn code(error: &sqlx::Error) -> Option<Cow<'_, str>> {
    error.as_database_error().and_then(DatabaseError::code)
}

/// A function that failed, a text too big, a constraint, a type: https://www.sqlite.org/rescode.html
const SQLITE_OF_AN_EVENT: [i32; 4] = [1, 18, 19, 20];

/// Values, constraints, limits of the program, triggers:
/// https://www.postgresql.org/docs/current/errcodes-appendix.html
const POSTGRES_OF_AN_EVENT: [&str; 4] = ["22", "23", "54", "P0"];

/// A transaction that could not be serialized, and one that waited for another in a circle.
const CONFLICTS: [&str; 2] = ["40001", "40P01"];

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match (code(&error).as_deref(), &error) {
            (Some(SQLITE_INTERRUPTED | POSTGRES_CANCELED), _) => Self::TooSlow,
            (_, sqlx::Error::PoolTimedOut) => Self::NoConnection,
            _ => Self::Statement(error),
        }
    }
}

/// https://www.sqlite.org/rescode.html#corrupt
const SQLITE_CORRUPT: i32 = 11;

/// Data, and an index.
const POSTGRES_CORRUPT: [&str; 2] = ["XX001", "XX002"];

/// https://www.sqlite.org/rescode.html#notadb
const SQLITE_NOT_A_DATABASE: i32 = 26;

/// https://www.sqlite.org/rescode.html#interrupt
const SQLITE_INTERRUPTED: &str = "9";

/// https://www.postgresql.org/docs/current/errcodes-appendix.html
const POSTGRES_CANCELED: &str = "57014";

/// Why there is no backup.
#[derive(Debug, Error)]
pub enum BackupError {
    /// The file is there already.
    #[error("{} exists, and a backup never overwrites a file: name another one", path.display())]
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
    /// The database is not a file.
    #[error(
        "{database} is a PostgreSQL database: back it up with pg_dump and restore it with pg_restore"
    )]
    Server {
        /// The database.
        database: Database,
    },
    /// The database cannot be read, or its copy not be written.
    #[error("{0}")]
    Store(#[from] StoreError),
}
