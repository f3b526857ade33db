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
const VERSIONS: &[Version] = versions! { "sqlite";
    0001 "events"
    0002 "keys"
    0003 "search"
    0004 "writers"
    0005 "retention"
    0006 "erasure"
    0007 "segments"
    0008 "reports"
    0009 "erased_events"
    0010 "characters"
    0011 "tombstones"
    0012 "recorders"
    0013 "access_records"
    0014 "access_ends"
};

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::store::migrations::check;

    #[test]
    fn a_released_version_never_changes() {
        // Each released version gets a line here. The database refuses one that has changed.
        let released = [(
            1,
            "553aac9cd32df50734a25dfd8947a530ed1e2bbc66d703f61e270c39a4fef562",
        )];
        for (version, expected) in released {
            let file = VERSIONS.iter().find(|(number, ..)| *number == version);
            let hash = Sha256::digest(file.unwrap().2);
            let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hash, expected, "version {version}");
        }
    }

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        check("sqlite", VERSIONS);
    }
}
