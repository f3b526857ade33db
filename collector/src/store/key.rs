//! The API keys that the database knows, as hashes.

use crate::access::{Access, Kind, Recorder, Role};
use crate::key::KeyHash;

/// A key that was made, whether it is still good or not. Times are in microseconds since 1970, UTC.
#[derive(Debug)]
pub(crate) struct StoredKey {
    pub(crate) id: String,
    pub(crate) hash: KeyHash,
    pub(crate) access: Access,
    /// Nobody may have said it, of a key of before there were kinds.
    pub(crate) kind: Option<Kind>,
    pub(crate) family: String,
    pub(crate) name: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) revoked_at: Option<i64>,
    /// From when on it is good for nothing.
    pub(crate) expires_at: Option<i64>,
    /// To a minute or so.
    pub(crate) last_used_at: Option<i64>,
}

/// A key that is to be kept, beside what it is good for. Times are in microseconds since 1970, UTC.
#[derive(Debug)]
pub(crate) struct AddedKey<'a> {
    pub(crate) hash: KeyHash,
    pub(crate) name: Option<&'a str>,
    pub(crate) created_at: i64,
    pub(crate) expires_at: Option<i64>,
}

impl StoredKey {
    /// Whether it opens anything at this time.
    pub(crate) fn is_good_at(&self, now: i64) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// What a key is that only records. Nobody may have said it.
    pub(crate) fn recording_kind(&self) -> Option<Kind> {
        let kind = self.kind.unwrap_or(Kind::Gateway);
        (self.access.role == Role::Ingest).then_some(kind)
    }

    /// Whether it counts as a gateway's because nobody has said of what kind it is.
    pub(crate) fn lacks_kind(&self) -> bool {
        self.access.role == Role::Ingest && self.kind.is_none()
    }

    /// What is recorded with it, should it record.
    pub(crate) fn recorder(&self) -> Recorder {
        Recorder {
            key_id: self.id.clone(),
            kind: self.recording_kind().unwrap_or(Kind::Gateway),
            family: self.family.clone(),
            is_trusted: self.access.role == Role::Admin,
        }
    }
}
