//! `GET /v1/audit/completeness`: what was received of each writer, and what is missing.

use axum::extract::{RawQuery, State};
use axum::{Extension, Json};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::access::Access;
use crate::error::ApiError;
use crate::limits;
use crate::operations::unavailable;
use crate::query::parameters::{
    self, Edge, ParameterError, check_range, instant, number_up_to, switch,
};
use crate::query::reached;
use crate::store::{Run, Store, Writer, WriterFilter, WriterTotals};
use crate::time;

/// Answers with a page of writers.
pub(crate) async fn completeness(
    State(store): State<Store>,
    Extension(access): Extension<Access>,
    RawQuery(query): RawQuery,
) -> Result<Json<Answer>, ApiError> {
    let mut filter = parse(query.as_deref().unwrap_or_default())?;
    filter.organization_id = reached(filter.organization_id.as_deref(), access.scope)?;
    let totals = store.writer_totals(&filter).await.map_err(unavailable)?;
    let page = store.writers(&filter).await.map_err(unavailable)?;
    let mut data = Vec::with_capacity(page.writers.len());
    for writer in &page.writers {
        let (holes, has_more) = store.holes(writer).await.map_err(unavailable)?;
        data.push(Entry::new(writer, holes, has_more));
    }
    let last = page.writers.last().filter(|_| page.has_more);
    Ok(Json(Answer {
        data,
        totals,
        next_cursor: last.map(cursor),
    }))
}

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    data: Vec<Entry>,
    /// Of all writers that were asked for, on whichever page they are.
    totals: WriterTotals,
    next_cursor: Option<String>,
}

/// What was received of one writer.
#[derive(Debug, Serialize)]
struct Entry {
    organization_id: String,
    writer_id: String,
    events: i64,
    first_timestamp: String,
    last_timestamp: String,
    last_seq: i64,
    missing: i64,
    holes: Vec<Run>,
    has_more_holes: bool,
}

impl Entry {
    fn new(writer: &Writer, holes: Vec<Run>, has_more_holes: bool) -> Self {
        Self {
            organization_id: writer.organization_id.clone(),
            writer_id: writer.writer_id.clone(),
            events: writer.events,
            first_timestamp: time::text(writer.first_timestamp),
            last_timestamp: time::text(writer.last_timestamp),
            last_seq: writer.last_seq,
            missing: writer.missing(),
            holes,
            has_more_holes,
        }
    }
}

fn parse(query: &str) -> Result<WriterFilter, ParameterError> {
    let mut filter = WriterFilter {
        limit: limits::PAGE_EVENTS_DEFAULT,
        ..WriterFilter::default()
    };
    for (name, value) in parameters::read(query, &KNOWN)? {
        match name {
            "cursor" => filter.after = Some(place(&value)?),
            "end_date" => filter.until = Some(instant(&value, Edge::End)?),
            "incomplete" => filter.is_incomplete = switch(name, &value)?,
            "limit" => filter.limit = number_up_to(limits::PAGE_EVENTS_MAX, &value)?,
            "organization_id" => filter.organization_id = Some(value),
            "start_date" => filter.from = Some(instant(&value, Edge::Start)?),
            _ => filter.writer_id = Some(value),
        }
    }
    check_range(filter.from, filter.until)?;
    Ok(filter)
}

const KNOWN: [&str; 7] = [
    "start_date",
    "end_date",
    "organization_id",
    "writer_id",
    "incomplete",
    "limit",
    "cursor",
];

/// The cursor that goes on after `writer`. Clients pass it back and do not look inside.
fn cursor(writer: &Writer) -> String {
    // JSON keeps the two apart whatever they hold.
    let names = [&writer.organization_id, &writer.writer_id];
    URL_SAFE_NO_PAD.encode(serde_json::json!(names).to_string())
}

fn place(cursor: &str) -> Result<(String, String), ParameterError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let names = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    names.ok_or(ParameterError::Cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_openapi_document_describes_each_parameter() {
        let documented = crate::openapi::query_parameters("/v1/audit/completeness");
        let mut known = KNOWN.map(str::to_owned);
        known.sort_unstable();
        assert_eq!(documented.into_keys().collect::<Vec<_>>(), known);
    }

    #[test]
    fn a_cursor_gives_its_writer_back() {
        let writer = Writer {
            organization_id: "a\"b,".to_owned(),
            writer_id: String::new(),
            events: 0,
            received: 0,
            last_seq: 0,
            first_timestamp: 0,
            last_timestamp: 0,
        };
        let expected = ("a\"b,".to_owned(), String::new());
        assert_eq!(place(&cursor(&writer)).unwrap(), expected);
        for wrong in ["", "x", "W10", "WyJhIl0"] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }
}
