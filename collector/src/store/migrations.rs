//! The versions of a schema, embedded in the program.

use std::borrow::Cow;

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// A version: its number, its name, and what is to be done.
pub(super) type Version = (i64, &'static str, &'static str);

/// The files `migrations/<folder>/<number>_<name>.sql` as [`Version`]s.
macro_rules! versions {
    ($folder:literal; $($number:literal $name:literal)*) => {
        &[$((
            $number,
            $name,
            include_str!(concat!(
                "../../../migrations/", $folder, "/", stringify!($number), "_", $name, ".sql"
            )),
        )),*]
    };
}

pub(super) use versions;

/// The versions, oldest first.
pub(super) fn migrator(versions: &'static [Version]) -> Migrator {
    let migrations = versions.iter().map(|(version, name, sql)| {
        let (name, sql) = (Cow::Borrowed(*name), SqlStr::from_static(sql));
        Migration::new(*version, name, MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// Checks that every file of the folder is embedded.
#[cfg(test)]
pub(super) fn check(folder: &str, versions: &[Version]) {
    let folder = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let embedded = versions.iter();
    let embedded: Vec<_> = embedded
        .map(|(version, name, _)| format!("{version:04}_{name}.sql"))
        .collect();
    assert_eq!(files, embedded);
}
