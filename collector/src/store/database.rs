//! Which database it is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use thiserror::Error;

/// The place where a collector keeps its events.
///
/// Shown to people it has no password.
#[derive(Debug, Clone)]
pub struct Database(pub(super) Place);

#[derive(Clone)]
pub(super) enum Place {
    /// An SQLite file.
    File(PathBuf),
    /// A database of a PostgreSQL server.
    Server(Box<PgConnectOptions>),
}

impl From<PathBuf> for Database {
    fn from(file: PathBuf) -> Self {
        Self(Place::File(file))
    }
}

impl FromStr for Database {
    type Err = DatabaseError;

    /// Reads `audit.db` or `postgres://user@host/database`. What the address does not say, libpq's
    /// variables such as `PGPASSWORD` do.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once("://") {
            Some(("postgres" | "postgresql", rest)) => {
                check_parameters(rest)?;
                match text.parse() {
                    Ok(options) => Ok(Self(Place::Server(Box::new(options)))),
                    Err(error) => Err(DatabaseError::Address(error.to_string())),
                }
            }
            Some((scheme, _)) => Err(DatabaseError::Scheme(scheme.to_owned())),
            None if text.is_empty() || text == ":memory:" => Err(DatabaseError::NotAFile),
            None => Ok(PathBuf::from(text).into()),
        }
    }
}

/// Refuses parameters that sqlx would pass over: one that is misspelt, such as `sslmode`, would leave
/// a connection unchecked. sqlx would also log them with their values.
fn check_parameters(address: &str) -> Result<(), DatabaseError> {
    let (address, _fragment) = address.split_once('#').unwrap_or((address, ""));
    let (_, query) = address.split_once('?').unwrap_or((address, ""));
    let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    match names.find(|name| !is_parameter(name)) {
        None => Ok(()),
        // The question mark was one of a password, which goes on behind it.
        Some(_) if query.contains('@') => Err(DatabaseError::Unescaped),
        Some(name) => Err(DatabaseError::Parameter(name.into_owned())),
    }
}

fn is_parameter(name: &str) -> bool {
    let option = name.strip_prefix("options[");
    PARAMETERS.contains(&name) || option.is_some_and(|option| option.ends_with(']'))
}

/// What sqlx knows: `options/parse.rs` of sqlx-postgres 0.9.
const PARAMETERS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Place {
    /// Of an address its parts, so that nothing of its password or options is in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(options) => {
                let (user, host) = (options.get_username(), options.get_host());
                // The server takes the user's name where there is none.
                let name = options.get_database().unwrap_or(user);
                match options.get_socket() {
                    Some(folder) => {
                        write!(f, "postgres://{user}@/{name}?host={}", folder.display())
                    }
                    None => write!(f, "postgres://{user}@{host}:{}/{name}", options.get_port()),
                }
            }
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text names no database. The message does not repeat it: it may hold a password.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// Not an address of PostgreSQL.
    #[error("{0}: an address looks like postgres://user@host/database")]
    Address(String),
    /// The name of something that is not a file.
    #[error("must be the name of an SQLite file, or postgres://user@host/database")]
    NotAFile,
    /// A parameter of an address that means nothing.
    #[error(
        "{0:?} is not a parameter of postgres://: use application_name, dbname, host, hostaddr, options, password, port, sslcert, sslkey, sslmode, sslrootcert or user"
    )]
    Parameter(String),
    /// The address of something else.
    #[error("{0}:// is not supported: use the name of an SQLite file, or postgres://")]
    Scheme(String),
    /// A character that ends a part of the address.
    #[error("a question mark in the password of a postgres:// address must be written as %3F")]
    Unescaped,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_is_secret() {
        for (text, shown) in [
            ("audit.db", "audit.db"),
            (
                "postgres://ann:secret@db/audit?sslmode=disable",
                "postgres://ann@db:5432/audit",
            ),
            (
                "postgresql://ann@db:5433/audit?password=secret",
                "postgres://ann@db:5433/audit",
            ),
            ("postgres://ann:secret@db", "postgres://ann@db:5432/ann"),
            (
                "postgres://ann@%2Frun%2Fpg/audit",
                "postgres://ann@/audit?host=/run/pg",
            ),
        ] {
            let database: Database = text.parse().unwrap();
            assert_eq!(database.to_string(), shown);
            assert!(!format!("{database:?}").contains("secret"));
        }
    }

    #[test]
    fn what_is_no_database_is_refused_without_repeating_it() {
        for text in [
            "mysql://ann:secret@db/audit",
            "sqlite://secret",
            ":memory:",
            "",
            "postgres://ann:secret@db:port/audit",
            "postgres://ann:secret@db/audit?sslmode=some-mode",
            "postgres://db/audit?passwd=secret",
            "postgres://db/audit?sslmod=verify-full",
            "postgres://db/audit?sslmode=require&options[x=secret",
            "postgres://ann:pass?secret=1@db/audit",
        ] {
            let error = text.parse::<Database>().unwrap_err().to_string();
            assert!(error.contains("postgres://"), "{error}");
            assert!(!error.contains("ann"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
