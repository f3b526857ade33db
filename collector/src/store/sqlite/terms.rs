//! What the source that is the same for both databases calls the parts of this one.

pub(super) use sqlx::sqlite::SqliteRow as Row;
pub(super) use sqlx::{Sqlite as Dialect, SqliteConnection as Connection};

pub(super) use crate::store::sqlite::SqliteStore as Store;

/// Begins what sees one state of the database.
pub(super) const SNAPSHOT: &str = "BEGIN";
