//! Giving events out: one by its id, or pages of them.

mod parameters;
mod render;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;
use crate::store::{Store, StoreError};
use crate::telemetry;

pub(crate) use parameters::ParameterError;

/// `GET /v1/audit/logs`: a page of events, newest first by their timestamp.
pub(crate) async fn logs(
    State(store): State<Store>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let filter = parameters::parse(query.as_deref().unwrap_or_default())?;
    let page = store.logs(&filter).await.map_err(unavailable)?;
    Ok(json(render::page(&page)))
}

/// `GET /v1/audit/logs/{id}`: the event with this log id or request_id.
pub(crate) async fn log(
    State(store): State<Store>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    // The only path that is no id is one whose percent-encoding is no text.
    let Path(id) = id.map_err(|_| ApiError::NoSuchLog)?;
    let log = store.log(&id).await.map_err(unavailable)?;
    let log = log.ok_or(ApiError::NoSuchLog)?;
    Ok(json(render::log(&log)))
}

fn unavailable(error: StoreError) -> ApiError {
    telemetry::read_failed(&error);
    drop(error);
    ApiError::StorageUnavailable
}

fn json(text: String) -> Response {
    ([(CONTENT_TYPE, "application/json")], text).into_response()
}
