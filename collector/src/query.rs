//! Giving events out: one by its id, or pages of them.

mod parameters;
mod render;

use axum::Extension;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::access::{Access, Scope};
use crate::error::ApiError;
use crate::store::{LogFilter, Store, StoreError};
use crate::telemetry;

pub(crate) use parameters::ParameterError;

/// `GET /v1/audit/logs`: a page of events, newest first by their timestamp.
pub(crate) async fn logs(
    State(store): State<Store>,
    Extension(access): Extension<Access>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let mut filter = parameters::parse(query.as_deref().unwrap_or_default())?;
    narrow(&mut filter, access.scope)?;
    let page = store.logs(&filter).await.map_err(unavailable)?;
    Ok(json(render::page(&page)))
}

/// `GET /v1/audit/logs/{id}`: the event with this log id or request_id.
pub(crate) async fn log(
    State(store): State<Store>,
    Extension(access): Extension<Access>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    // The only path that is no id is one whose percent-encoding is no text.
    let Path(id) = id.map_err(|_| ApiError::NoSuchLog)?;
    let log = store.log(&id, &access.scope).await.map_err(unavailable)?;
    let log = log.ok_or(ApiError::NoSuchLog)?;
    Ok(json(render::log(&log)))
}

/// Leaves only what `scope` reaches. To ask for more is an error, and not an empty page, which would
/// say that there is nothing.
fn narrow(filter: &mut LogFilter, scope: Scope) -> Result<(), ApiError> {
    let Scope::Organization(own) = scope else {
        return Ok(());
    };
    match &filter.organization_id {
        Some(asked) if *asked != own => Err(ApiError::OtherOrganization),
        _ => {
            filter.organization_id = Some(own);
            Ok(())
        }
    }
}

fn unavailable(error: StoreError) -> ApiError {
    telemetry::read_failed(&error);
    drop(error);
    ApiError::StorageUnavailable
}

fn json(text: String) -> Response {
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}
