//! The versions of the schema.

use sqlx::migrate::Migrator;

use crate::store::migrations::{Version, migrator, versions};

/// Every version, oldest first. A version that was released never changes.
pub(crate) fn all() -> Migrator {
    migrator(VERSIONS)
}

#[expect(
    clippy::zero_prefixed_literal,
    reason = "the numbers are written as in the names of the files"
)]
const VERSIONS: &[Version] = versions! { "postgres";
    0001 "events"
    0002 "reports"
    0003 "erased_events"
    0004 "characters"
    0005 "tombstones"
    0006 "recorders"
    0007 "access_records"
    0008 "access_ends"
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migrations::check;

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        check("postgres", VERSIONS);
    }
}
