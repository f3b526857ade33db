//! The API keys that the database knows, as hashes.

use crate::access::Access;
use crate::key::KeyHash;

/// A key that was made, whether it is still good or not. Times are in microseconds since 1970, UTC.
#[derive(Debug)]
pub(crate) struct StoredKey {
    pub(crate) id: String,
    pub(crate) hash: KeyHash,
    pub(crate) access: Access,
    pub(crate) created_at: i64,
    pub(crate) revoked_at: Option<i64>,
}
