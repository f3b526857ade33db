//! `GET /v1/audit/history`: who looked at what is recorded, and who changed what may be seen.

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::{Extension, Json};
use serde::Serialize;

use crate::access::Access;
use crate::api::door::Seen;
use crate::api::error::ApiError;
use crate::api::export::{self, File, accepted};
use crate::key::KeyHash;
use crate::query::history::{self, Asked, RecordPages};
use crate::query::{Exports, Format};
use crate::records::Shown;
use crate::store::{Action, Store};

/// Answers with a page of access records, newest first, or with all of them.
pub(crate) async fn page(
    State((store, exports)): State<(Store, Exports)>,
    Extension(access): Extension<Access>,
    Extension(key): Extension<KeyHash>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let accepted = accepted(&headers);
    let mut asked = Asked::read(query.as_deref().unwrap_or_default(), accepted)?;
    asked.filter.organization_id = access.scope.id().map(str::to_owned);
    if asked.format != Format::Page {
        let file = File {
            action: Action::HistoryExported,
            name: "access-history",
            format: asked.format,
            organization_id: asked.filter.organization_id.clone(),
        };
        let pages = RecordPages::of(asked, access.scope);
        return export::answer(exports, pages, store, key, file).await;
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
        next_cursor: last.map(|last| history::cursor(&history::place(last))),
        data: history::shown(records, &access.scope),
    })))
}

#[derive(Debug, Serialize)]
struct Page {
    data: Vec<Shown>,
    next_cursor: Option<String>,
}
