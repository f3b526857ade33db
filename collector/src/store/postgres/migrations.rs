//! The versions of the schema, embedded in the program.

use std::borrow::Cow;

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Every version, oldest first. A version that was released never changes.
pub(crate) fn all() -> Migrator {
    let migrations = FILES.into_iter().map(|(version, name, sql)| {
        let name = Cow::Borrowed(name);
        let sql = SqlStr::from_static(sql);
        Migration::new(version, name, MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

const FILES: [(i64, &str, &str); 8] = [
    (
        1,
        "events",
        include_str!("../../../migrations/postgres/0001_events.sql"),
    ),
    (
        2,
        "reports",
        include_str!("../../../migrations/postgres/0002_reports.sql"),
    ),
    (
        3,
        "erased_events",
        include_str!("../../../migrations/postgres/0003_erased_events.sql"),
    ),
    (
        4,
        "characters",
        include_str!("../../../migrations/postgres/0004_characters.sql"),
    ),
    (
        5,
        "tombstones",
        include_str!("../../../migrations/postgres/0005_tombstones.sql"),
    ),
    (
        6,
        "recorders",
        include_str!("../../../migrations/postgres/0006_recorders.sql"),
    ),
    (
        7,
        "access_records",
        include_str!("../../../migrations/postgres/0007_access_records.sql"),
    ),
    (
        8,
        "access_ends",
        include_str!("../../../migrations/postgres/0008_access_ends.sql"),
    ),
];
