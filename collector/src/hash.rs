//! Hashes as they stand in events and reports.

use sha2::{Digest, Sha256};

/// SHA-256 as it is written throughout.
pub(crate) fn sha256(text: &str) -> String {
    let digest = Sha256::digest(text);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_written_with_its_name_and_in_small_digits() {
        // printf '{}' | sha256sum
        assert_eq!(
            sha256("{}"),
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        );
    }
}
