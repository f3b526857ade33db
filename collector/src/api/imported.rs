//! Batches that `audit-layer import` brings: each leaves an access record, as it is a person who decides
//! what is recorded. What gateways and applications send leaves none.

use axum::extract::Request;
use serde::Serialize;
use serde_json::json;

use crate::access::{Access, KeyId, KeyName, Kind, Recorder};
use crate::api::door::client;
use crate::api::error::ApiError;
use crate::import::IMPORT;
use crate::limits;
use crate::store::{AccessRecord, Action};

/// The record of a batch that an import has sent, before it is known what became of it.
///
/// # Errors
/// The key is an application's. Dead letters are a gateway's: its own key may bring them, or an
/// administrator's.
pub(super) fn record(
    request: &Request,
    access: &Access,
    (key_id, key_name): (&KeyId, &KeyName),
    recorder: &Recorder,
) -> Result<Option<AccessRecord>, ApiError> {
    let Some(id) = request.headers().get(IMPORT) else {
        return Ok(None);
    };
    if recorder.kind == Kind::Application {
        return Err(ApiError::ImportKey);
    }
    let who = client(request).with_key(key_id, key_name);
    let record = AccessRecord::new(Action::EventsImported, who).of(&access.scope);
    let id = id.to_str().ok().filter(|id| is_id(id));
    Ok(Some(record.of_ids(id.map(str::to_owned))))
}

/// Whatever else somebody sends there is not recorded, only that it was an import.
fn is_id(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=limits::IMPORT_ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_plain)
}

/// What became of the lines of a batch.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Counts {
    pub(super) accepted: usize,
    pub(super) duplicates: usize,
    pub(super) conflicts: usize,
    pub(super) rejected: usize,
}

/// The same, when it is known; `None` if it had no event at all. One that has only known events may be
/// sent again because the record of the first time could not be written.
pub(super) fn settled(record: AccessRecord, counts: Counts) -> Option<AccessRecord> {
    if counts.accepted == 0 && counts.duplicates == 0 {
        return None;
    }
    Some(record.asking(&json!(counts)).of_items(counts.accepted))
}
