//! `GET /v1/audit/history`: who looked at what is recorded, and who changed what may be seen.

mod asked;
mod export;

use axum::Extension;
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;

use crate::access::{Access, Scope};
use crate::error::ApiError;
use crate::key::KeyHash;
use crate::query::Exports;
use crate::query::format::Format;
use crate::query::history::asked::Asked;
use crate::records::{Seen, Shown};
use crate::store::{AccessRecord, RecordPlace, Store};

/// Answers with a page of access records, newest first, or with all of them.
pub(crate) async fn history(
    State((store, exports)): State<(Store, Exports)>,
    Extension(access): Extension<Access>,
    Extension(key): Extension<KeyHash>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let accepted = Format::accepted(&headers);
    let mut asked = Asked::read(query.as_deref().unwrap_or_default(), accepted)?;
    asked.filter.organization_id = access.scope.id().map(str::to_owned);
    if asked.format != Format::Page {
        return export::start(exports, store, asked, access.scope, key).await;
    }
    let limit = asked.filter.limit;
    // One more tells whether there are more.
    asked.filter.limit = limit.saturating_add(1);
    let mut records = store
        .records(&asked.filter)
        .await
        .map_err(ApiError::of_query)?;
    let has_more = records.len() > limit;
    records.truncate(limit);
    let seen = Seen::items(records.len())
        .ids(records.iter().map(|record| record.id.clone()))
        .of(asked.filter.organization_id);
    let last = records.last().filter(|_| has_more);
    Ok(seen.with(Json(Page {
        next_cursor: last.map(|last| asked::cursor(&place(last))),
        data: shown(records, &access.scope),
    })))
}

#[derive(Debug, Serialize)]
struct Page {
    data: Vec<Shown>,
    next_cursor: Option<String>,
}

/// What a key of this scope gets to see of them.
fn shown(records: Vec<AccessRecord>, scope: &Scope) -> Vec<Shown> {
    let records = records.into_iter();
    records.map(|record| Shown::to(record, scope)).collect()
}

fn place(record: &AccessRecord) -> RecordPlace {
    RecordPlace {
        at: record.at,
        id: record.id.clone(),
    }
}
