//! `GET /v1/audit/logs` and `GET /v1/audit/logs/{id}`: giving events out.

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::access::Access;
use crate::api::door::Seen;
use crate::api::error::ApiError;
use crate::api::export::{self, File, accepted};
use crate::key::KeyHash;
use crate::query::follow::{self, Known};
use crate::query::{
    EventPages, Exports, Format, QueryError, filter, narrow, near, one_log, read_parameters, render,
};
use crate::store::{Action, LogFilter, Store};

/// `GET /v1/audit/logs`: events, newest first by their timestamp, on a page or all of them.
pub(crate) async fn logs(
    State((store, exports)): State<(Store, Exports)>,
    Extension(access): Extension<Access>,
    Extension(key): Extension<KeyHash>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let accepted = accepted(&headers);
    let mut query = filter::parse(query.as_deref().unwrap_or_default(), accepted)?;
    let asked = query.filter.conditions.clone();
    let mut reach = LogFilter::default();
    narrow(&mut reach, access.scope.clone())?;
    narrow(&mut query.filter, access.scope)?;
    if query.format != Format::Page {
        let file = File {
            action: Action::EventsExported,
            name: "audit-logs",
            format: query.format,
            organization_id: query.filter.organization().map(str::to_owned),
        };
        let pages = EventPages::of(query);
        return export::answer(exports, pages, store, key, file).await;
    }
    let filter = query.filter;
    if let Some(known) = query.known {
        return followed(&store, &filter, &known).await;
    }
    let page = store.logs(&filter).await.map_err(ApiError::of_query)?;
    let near = match page.logs.is_empty() && !asked.is_empty() && filter.range.before.is_none() {
        true => Some(near::of(&store, &filter, reach.conditions, &asked).await),
        false => None,
    };
    let near = near.transpose().map_err(ApiError::of_query)?;
    let seen = match &near {
        // They are of all organizations that the key reaches, whichever was asked for.
        Some(near) => Seen::items(0).names(near.names()),
        None => Seen::items(page.logs.len())
            .of(filter.organization().map(str::to_owned))
            .ids(page.logs.iter().map(|log| log.id.clone())),
    };
    Ok(seen.with(json(render::page(&page, near.as_ref(), None))))
}

/// What is new on the first page, for who follows it.
async fn followed(store: &Store, filter: &LogFilter, known: &Known) -> Result<Response, ApiError> {
    let (page, after) = follow::page(store, filter, known)
        .await
        .map_err(ApiError::of_query)?;
    let seen = Seen::items(page.logs.len())
        .ids(page.logs.iter().map(|log| log.id.clone()))
        .of(filter.organization().map(str::to_owned))
        .followed();
    Ok(seen.with(json(render::page(&page, None, Some(&after)))))
}

/// `GET /v1/audit/logs/{id}`: the event with this log id or request_id.
pub(crate) async fn log(
    State(store): State<Store>,
    Extension(access): Extension<Access>,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    // The only path that is no id is one whose percent-encoding is no text.
    let Path(id) = id.map_err(|_| QueryError::NoSuchLog)?;
    let query = read_parameters(query.as_deref().unwrap_or_default(), &OF_ONE)?;
    let organization = query.first().map(|(_, value)| value.as_str());
    let log = one_log(&store, &id, organization, access.scope).await?;
    let seen = Seen::items(1).ids([log.id.clone()]);
    let seen = seen.of(log.organization_id());
    Ok(seen.with(json(render::log(&log))))
}

/// What [`log`] takes.
const OF_ONE: [&str; 1] = ["organization_id"];

fn json(text: String) -> Response {
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}
