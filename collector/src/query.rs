//! Giving events out: one by its id, or pages of them.

mod completeness;
pub(crate) mod dialect;
mod export;
pub(crate) mod filter;
mod follow;
mod format;
mod history;
mod near;
mod parameters;
mod received;
mod render;
pub(crate) mod table;
mod turns;
pub(crate) mod values;
mod words;
pub(crate) mod writers;

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::access::{Access, Scope};
use crate::error::ApiError;
use crate::key::KeyHash;
use crate::limits;
use crate::query::format::Format;
use crate::records::Seen;
use crate::store::{Condition, Field, Log, LogFilter, Store};

pub(crate) use completeness::completeness;
pub(crate) use export::{ExportError, Exports};
pub(crate) use history::history;
pub(crate) use parameters::{ParameterError, number_up_to, read as read_parameters};
pub(crate) use received::Received;
pub(crate) use turns::{in_turn, turns};
pub(crate) use values::values;

/// `GET /v1/audit/logs`: events, newest first by their timestamp, on a page or all of them.
pub(crate) async fn logs(
    State((store, exports)): State<(Store, Exports)>,
    Extension(access): Extension<Access>,
    Extension(key): Extension<KeyHash>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let accepted = Format::accepted(&headers);
    let mut query = filter::parse(query.as_deref().unwrap_or_default(), accepted)?;
    let asked = query.filter.conditions.clone();
    let mut reach = LogFilter::default();
    narrow(&mut reach, access.scope.clone())?;
    narrow(&mut query.filter, access.scope)?;
    if query.format != Format::Page {
        return exports.start(store, query, key).await;
    }
    let filter = query.filter;
    if let Some(known) = query.known {
        return follow::answer(&store, &filter, &known).await;
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

/// `GET /v1/audit/logs/{id}`: the event with this log id or request_id.
pub(crate) async fn log(
    State(store): State<Store>,
    Extension(access): Extension<Access>,
    id: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    // The only path that is no id is one whose percent-encoding is no text.
    let Path(id) = id.map_err(|_| ApiError::NoSuchLog)?;
    let query = read_parameters(query.as_deref().unwrap_or_default(), &OF_ONE)?;
    let organization = query.first().map(|(_, value)| value.as_str());
    let log = one_log(&store, &id, organization, access.scope).await?;
    let seen = Seen::items(1).ids([log.id.clone()]);
    let seen = seen.of(log.organization_id());
    Ok(seen.with(json(render::log(&log))))
}

/// What [`log`] takes.
const OF_ONE: [&str; 1] = ["organization_id"];

/// The event with this log id or request_id, in `organization` if one was asked for, if `scope`
/// reaches it.
pub(crate) async fn one_log(
    store: &Store,
    id: &str,
    organization: Option<&str>,
    scope: Scope,
) -> Result<Log, ApiError> {
    let scope = reached(organization, scope)?.map_or(Scope::All, Scope::Organization);
    let logs = store
        .logs_of(id, &scope)
        .await
        .map_err(ApiError::of_query)?;
    let mut logs = logs.into_iter();
    match (logs.next(), logs.next()) {
        (None, _) => Err(ApiError::NoSuchLog),
        (Some(log), None) => Ok(log),
        // Which of them is meant must not be guessed.
        (Some(_), Some(_)) => {
            let ids = store.log_ids_of(id, &scope, limits::AMBIGUOUS_IDS_MAX);
            let ids = ids.await.map_err(ApiError::of_query)?;
            Err(ApiError::AmbiguousRequestId(ids))
        }
    }
}

/// Leaves only what `scope` reaches.
pub(crate) fn narrow(filter: &mut LogFilter, scope: Scope) -> Result<(), ApiError> {
    let asked = filter.organization();
    let is_asked = asked.is_some();
    if let Some(own) = reached(asked, scope)?.filter(|_| !is_asked) {
        filter
            .conditions
            .push(Condition::Is(Field::OrganizationId, own));
    }
    Ok(())
}

/// The organisation to ask for, when `asked` was asked for and `scope` can be reached.
///
/// To ask for more is an error, and not an empty page, which would say that there is nothing.
pub(crate) fn reached(asked: Option<&str>, scope: Scope) -> Result<Option<String>, ApiError> {
    match (asked, scope) {
        (Some(asked), Scope::Organization(own)) if asked != own => Err(ApiError::OtherOrganization),
        (_, Scope::Organization(own)) => Ok(Some(own)),
        (asked, Scope::All) => Ok(asked.map(str::to_owned)),
    }
}

fn json(text: String) -> Response {
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}
