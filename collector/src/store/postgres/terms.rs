//! What the source that is the same for both databases calls the parts of this one.

pub(super) use sqlx::postgres::PgRow as Row;
pub(super) use sqlx::{PgConnection as Connection, Postgres as Dialect};

pub(super) use crate::store::postgres::PostgresStore as Store;

/// Begins what sees one state of the database.
pub(super) const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
