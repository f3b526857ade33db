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

const FILES: [(i64, &str, &str); 14] = [
    (
        1,
        "events",
        include_str!("../../../migrations/sqlite/0001_events.sql"),
    ),
    (
        2,
        "keys",
        include_str!("../../../migrations/sqlite/0002_keys.sql"),
    ),
    (
        3,
        "search",
        include_str!("../../../migrations/sqlite/0003_search.sql"),
    ),
    (
        4,
        "writers",
        include_str!("../../../migrations/sqlite/0004_writers.sql"),
    ),
    (
        5,
        "retention",
        include_str!("../../../migrations/sqlite/0005_retention.sql"),
    ),
    (
        6,
        "erasure",
        include_str!("../../../migrations/sqlite/0006_erasure.sql"),
    ),
    (
        7,
        "segments",
        include_str!("../../../migrations/sqlite/0007_segments.sql"),
    ),
    (
        8,
        "reports",
        include_str!("../../../migrations/sqlite/0008_reports.sql"),
    ),
    (
        9,
        "erased_events",
        include_str!("../../../migrations/sqlite/0009_erased_events.sql"),
    ),
    (
        10,
        "characters",
        include_str!("../../../migrations/sqlite/0010_characters.sql"),
    ),
    (
        11,
        "tombstones",
        include_str!("../../../migrations/sqlite/0011_tombstones.sql"),
    ),
    (
        12,
        "recorders",
        include_str!("../../../migrations/sqlite/0012_recorders.sql"),
    ),
    (
        13,
        "access_records",
        include_str!("../../../migrations/sqlite/0013_access_records.sql"),
    ),
    (
        14,
        "access_ends",
        include_str!("../../../migrations/sqlite/0014_access_ends.sql"),
    ),
];

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn a_released_version_never_changes() {
        // Each released version gets a line here. The database refuses one that has changed.
        let released = [(
            1,
            "553aac9cd32df50734a25dfd8947a530ed1e2bbc66d703f61e270c39a4fef562",
        )];
        for (version, expected) in released {
            let file = FILES.into_iter().find(|(number, ..)| *number == version);
            let hash = Sha256::digest(file.unwrap().2);
            let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hash, expected, "version {version}");
        }
    }

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let embedded = FILES.map(|(version, name, _)| format!("{version:04}_{name}.sql"));
        assert_eq!(files, embedded);
    }
}
