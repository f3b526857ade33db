//! How the schema of a database stands to the versions of it that this program knows.

use sqlx::migrate::{Migration, Migrator};

use crate::store::{Database, StoreError};

/// What a database is to this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schema {
    /// Empty: nothing was made of it yet.
    Nothing,
    /// Another program's.
    Foreign,
    /// An earlier version's.
    Older,
    /// This version's.
    Current,
    /// A later version's.
    Newer,
}

/// A version that a database has: its number and its checksum.
pub(super) type Applied = (i64, Vec<u8>);

impl Schema {
    /// Schemas that can be brought up to date.
    pub(super) const TO_MIGRATE: &[Self] = &[Self::Nothing, Self::Older, Self::Current];
    /// Schemas that a command can work with.
    pub(super) const TO_USE: &[Self] = &[Self::Current];
    /// Schemas that can be copied as they are.
    pub(super) const TO_COPY: &[Self] = &[Self::Older, Self::Current, Self::Newer];

    /// The schema of a database with these versions, oldest first.
    ///
    /// The first version never changes, so that its checksum tells our databases from those of other
    /// programs, which may note versions in the same way.
    pub(super) fn of(known: &Migrator, applied: &[Applied]) -> Self {
        let Some((number, checksum)) = applied.first() else {
            return Self::Nothing;
        };
        let is_oldest =
            |first: &Migration| first.version == *number && *first.checksum == **checksum;
        if !known.iter().next().is_some_and(is_oldest) {
            return Self::Foreign;
        }
        if applied
            .iter()
            .any(|(number, _)| !known.version_exists(*number))
        {
            return Self::Newer;
        }
        match applied.len() < known.iter().count() {
            true => Self::Older,
            false => Self::Current,
        }
    }

    /// Refuses a database whose schema is not among `allowed`.
    pub(super) fn check(
        self,
        allowed: &[Self],
        database: impl FnOnce() -> Database,
    ) -> Result<(), StoreError> {
        if allowed.contains(&self) {
            return Ok(());
        }
        let database = database();
        Err(match self {
            Self::Nothing => StoreError::Missing { database },
            Self::Foreign => StoreError::Foreign { database },
            Self::Older => StoreError::Older { database },
            Self::Newer | Self::Current => StoreError::Newer { database },
        })
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use sqlx::SqlStr;
    use sqlx::migrate::MigrationType;

    use super::*;

    #[test]
    fn a_database_is_told_by_the_versions_that_it_has() {
        let known = ["one", "two"].into_iter().zip(1..).map(|(sql, version)| {
            let (kind, sql) = (MigrationType::Simple, SqlStr::from_static(sql));
            Migration::new(version, Cow::Borrowed(""), kind, sql, false)
        });
        let known = Migrator::with_migrations(known.collect());
        let checksums: Vec<_> = known.iter().map(|one| one.checksum.to_vec()).collect();
        let applied = |number: i64, checksum: &[u8]| (number, checksum.to_vec());
        let (one, two) = (|| applied(1, &checksums[0]), || applied(2, &checksums[1]));
        for (versions, expected) in [
            (vec![], Schema::Nothing),
            (vec![applied(1, b"other")], Schema::Foreign),
            (vec![applied(7, &checksums[0])], Schema::Foreign),
            (vec![one()], Schema::Older),
            (vec![one(), two()], Schema::Current),
            (vec![one(), two(), applied(3, b"later")], Schema::Newer),
            (vec![one(), applied(3, b"later")], Schema::Newer),
        ] {
            assert_eq!(Schema::of(&known, &versions), expected, "{versions:?}");
        }
    }
}
