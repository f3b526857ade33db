//! Batches that `audit-layer import` brings: each leaves an access record, as it is a person who decides
//! what is recorded. What gateways and applications send leaves none.

use axum::extract::Request;
use serde_json::json;

use crate::access::{Access, KeyId, KeyName};
use crate::ingest::BatchAnswer;
use crate::limits;
use crate::records::client;
use crate::store::{AccessRecord, Action};

/// The header by which an import is known. It has an id, and nothing secret.
pub(crate) const IMPORT: &str = "audit-layer-import";

/// The record of a batch that an import has sent, before it is known what became of it.
pub(super) fn record(
    request: &Request,
    access: &Access,
    key_id: &KeyId,
    key_name: &KeyName,
) -> Option<AccessRecord> {
    let id = request.headers().get(IMPORT)?.to_str().ok()?;
    let who = client(request).with_key(key_id, key_name);
    let record = AccessRecord::new(Action::EventsImported, who);
    Some(
        record
            .of(&access.scope)
            .of_ids(is_id(id).then(|| id.to_owned())),
    )
}

/// Whatever else somebody sends there is not recorded, only that it was an import.
fn is_id(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=limits::IMPORT_ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_plain)
}

/// The same, when it is known.
pub(super) fn settled(record: AccessRecord, answer: &BatchAnswer) -> AccessRecord {
    let counts = json!({
        "accepted": answer.accepted,
        "duplicates": answer.duplicates,
        "conflicts": answer.conflicts,
        "rejected": answer.rejected.len(),
    });
    record.asking(&counts).of_items(answer.accepted)
}
