//! `GET /v1/audit/completeness`: what was received of each writer, and what is missing.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::{Extension, Json};
use serde::Serialize;

use crate::access::Access;
use crate::api::door::Seen;
use crate::api::error::ApiError;
use crate::query::{Received, reached, writers};
use crate::store::{Store, WriterTotals};

/// Answers with a page of writers.
pub(crate) async fn page(
    State(store): State<Store>,
    Extension(access): Extension<Access>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let mut filter = writers::parse(query.as_deref().unwrap_or_default())?;
    filter.organization_id = reached(filter.organization_id.as_deref(), access.scope)?;
    let page = store
        .writers(&filter, &filter)
        .await
        .map_err(ApiError::of_query)?;
    let last = page.writers.last().filter(|_| page.has_more);
    let next_cursor = last.map(|last| writers::cursor(&last.writer));
    let ids = page
        .writers
        .iter()
        .map(|read| read.writer.writer_id.clone());
    let seen = Seen::items(page.writers.len()).ids(ids);
    let seen = seen.of(filter.organization_id.clone());
    let writers = page.writers.into_iter();
    Ok(seen.with(Json(Answer {
        data: writers
            .map(|writer| Received::new(writer, usize::MAX))
            .collect(),
        totals: page.totals,
        next_cursor,
    })))
}

/// The answer.
#[derive(Debug, Serialize)]
struct Answer {
    data: Vec<Received>,
    /// Of all writers that were asked for, on whichever page they are.
    totals: WriterTotals,
    next_cursor: Option<String>,
}
