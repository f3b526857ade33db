//! The errors that a client of the API sees, all of one shape.

use std::time::Duration;

use axum::Json;
use axum::http::header::{ACCEPT_ENCODING, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use thiserror::Error;

use crate::access::Role;
use crate::api::session::SessionError;
use crate::event::EventError;
use crate::ingest::IngestError;
use crate::limits;
use crate::query::{ParameterError, QueryError};
use crate::records::Unrecorded;
use crate::report::{Failure, RequestError};
use crate::store::{LogIds, StoreError};
use crate::telemetry;

/// Why a request is answered with an error. The message says what the client can do.
#[derive(Debug, Error)]
pub(crate) enum ApiError {
    #[error("the request body ended early: send it again")]
    BodyBroken,
    #[error(
        "the request body is compressed according to its `content-encoding` header: send it uncompressed"
    )]
    BodyEncoded,
    #[error("the request body took too long to arrive: send it again, or send less at once")]
    BodySlow,
    #[error("the request body is larger than {bytes_max} bytes: send less at once")]
    BodyTooLarge { bytes_max: usize },
    #[error("{0}")]
    Event(#[from] EventError),
    #[error(
        "an application's key cannot import dead letters: use the gateway's own key or a key with the role admin"
    )]
    ImportKey,
    #[error("{0}")]
    Ingest(#[from] IngestError),
    #[error(
        "this path does not support the request method: the `allow` header lists those it does"
    )]
    MethodNotAllowed,
    #[error("the database did not answer: try again later")]
    NoAnswer,
    #[error("there is no report with this id, or it has been removed")]
    NoSuchReport,
    #[error("the API has no such path")]
    NoSuchPath,
    #[error("{0}")]
    Query(QueryError),
    #[error("the query took longer than {} seconds: narrow it, for example with start_date and end_date", limits::QUERY_TIME_MAX.as_secs())]
    QueryTooSlow,
    #[error("this key has exceeded its rate limit: send the same request again after {} seconds", seconds(*.wait))]
    RateLimited { wait: Duration },
    #[error("{0}")]
    Report(Failure),
    #[error("{0}")]
    ReportRequest(#[from] RequestError),
    #[error("this key has the role {role}, and this path needs {needed}: use another key", role = .role.name(), needed = .needed.name())]
    Role { role: Role, needed: Role },
    #[error("{0}")]
    Session(#[from] SessionError),
    #[error("too many browsers are logging in at once: try again later")]
    TooManyLogins,
    #[error(
        "this key has too many slow queries in progress: narrow them, for example with start_date and end_date, or try again later"
    )]
    TooManyQueries,
    #[error("too many reports are being created, by all keys or by this one: try again later")]
    TooManyReports,
    #[error("a valid key is required: send the header `authorization: Bearer <key>`")]
    Unauthorized,
    #[error(
        "the collector could not record what this read returns, so it returned nothing: please report this as a bug"
    )]
    Unaccounted,
    #[error("{0}")]
    Unrecorded(#[from] Unrecorded),
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Store(error) => Self::of_query(error),
            other => Self::Query(other),
        }
    }
}

impl From<ParameterError> for ApiError {
    fn from(error: ParameterError) -> Self {
        Self::Query(error.into())
    }
}

impl ApiError {
    /// The database gave no answer to what a client asked for.
    pub(crate) fn of_query(error: StoreError) -> Self {
        match error {
            StoreError::TooSlow => {
                telemetry::read_failed(&error);
                Self::QueryTooSlow
            }
            other => Self::of_check(other),
        }
    }

    /// The database gave no answer to what the collector itself asked it, such as for the keys: a
    /// client cannot ask for less.
    pub(crate) fn of_check(error: StoreError) -> Self {
        telemetry::read_failed(&error);
        drop(error);
        Self::NoAnswer
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::BodyBroken | Self::ReportRequest(_) => StatusCode::BAD_REQUEST,
            Self::BodyEncoded => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodySlow => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Event(error) => of_event(error),
            Self::ImportKey | Self::Role { .. } => StatusCode::FORBIDDEN,
            Self::Ingest(error) => of_ingest(*error),
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoAnswer | Self::QueryTooSlow | Self::Unrecorded(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::NoSuchPath | Self::NoSuchReport => StatusCode::NOT_FOUND,
            Self::Query(error) => of_query(error),
            Self::RateLimited { .. }
            | Self::TooManyLogins
            | Self::TooManyQueries
            | Self::TooManyReports => StatusCode::TOO_MANY_REQUESTS,
            Self::Report(failure) => of_report(*failure),
            Self::Session(error) => error.status(),
            Self::Unaccounted => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::BodyBroken => "body_incomplete",
            Self::BodyEncoded => "body_encoded",
            Self::BodySlow => "body_timeout",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::Event(error) => error.code(),
            Self::ImportKey | Self::Role { .. } => "forbidden",
            Self::Ingest(error) => error.code(),
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NoAnswer => "storage_unavailable",
            Self::NoSuchPath | Self::NoSuchReport => "not_found",
            Self::Query(error) => error.code(),
            Self::QueryTooSlow => "query_too_slow",
            Self::RateLimited { .. } => "rate_limited",
            Self::Report(failure) => failure.name(),
            Self::ReportRequest(error) => error.code(),
            Self::Session(error) => error.code(),
            Self::TooManyLogins => "too_many_logins",
            Self::TooManyQueries => "too_many_queries",
            Self::TooManyReports => "too_many_reports",
            Self::Unauthorized => "unauthorized",
            Self::Unaccounted => "unaccounted",
            Self::Unrecorded(_) => "unrecorded",
        }
    }

    fn field(&self) -> Option<String> {
        let field = match self {
            Self::Event(error) => error.field(),
            Self::Query(error) => error.parameter(),
            Self::ReportRequest(error) => error.field(),
            Self::Session(SessionError::Form) => Some("key"),
            _ => None,
        };
        field.map(str::to_owned)
    }

    /// The events of which one has to be asked for by its log id, if there are several.
    fn log_ids(&self) -> Option<&LogIds> {
        match self {
            Self::Query(QueryError::AmbiguousRequestId(ids)) => Some(ids),
            _ => None,
        }
    }

    /// When the same request may do better.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { wait } => Some(*wait),
            // A query that was too slow is so again.
            Self::QueryTooSlow => None,
            other => match other.status() {
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                    Some(limits::RETRY_AFTER)
                }
                _ => None,
            },
        }
    }
}

fn of_event(error: &EventError) -> StatusCode {
    match error {
        EventError::OtherOrganization { .. } => StatusCode::FORBIDDEN,
        EventError::TooManyConflicts => StatusCode::CONFLICT,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn of_ingest(error: IngestError) -> StatusCode {
    match error {
        IngestError::Overloaded => StatusCode::TOO_MANY_REQUESTS,
        IngestError::StorageUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        IngestError::TooManyLines => StatusCode::PAYLOAD_TOO_LARGE,
    }
}

fn of_query(error: &QueryError) -> StatusCode {
    match error {
        QueryError::AmbiguousRequestId(_) => StatusCode::CONFLICT,
        QueryError::NoSuchLog => StatusCode::NOT_FOUND,
        QueryError::OtherOrganization => StatusCode::FORBIDDEN,
        QueryError::Parameter(_) => StatusCode::BAD_REQUEST,
        QueryError::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
        QueryError::TooManyExports => StatusCode::TOO_MANY_REQUESTS,
    }
}

fn of_report(failure: Failure) -> StatusCode {
    match failure {
        Failure::Erased => StatusCode::GONE,
        Failure::TooLarge | Failure::Typesetting => StatusCode::UNPROCESSABLE_ENTITY,
        Failure::Damaged
        | Failure::Interrupted
        | Failure::QueryTooSlow
        | Failure::StorageUnavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let ids = self.log_ids();
        let detail = ErrorDetail {
            code: self.code(),
            message: self.to_string(),
            field: self.field(),
            log_ids: ids.map(|ids| ids.listed.clone()).unwrap_or_default(),
            more_log_ids: ids.map(|ids| ids.more),
        };
        let status = self.status();
        let told = ErrorTold {
            code: detail.code,
            log_ids: detail.log_ids.clone(),
        };
        let mut response = (status, Json(ErrorBody { error: detail })).into_response();
        response.extensions_mut().insert(told);
        let headers = response.headers_mut();
        if let Some(wait) = self.retry_after() {
            headers.insert(RETRY_AFTER, seconds(wait).into());
        }
        // What is understood instead: RFC 9110, section 15.5.16.
        if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        // No answer 401 is without it: RFC 9110, section 11.6.1.
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// What an answer that is an error tells, for those who record it.
#[derive(Debug, Clone)]
pub(crate) struct ErrorTold {
    pub(crate) code: &'static str,
    /// Events that it names.
    pub(crate) log_ids: Vec<String>,
}

/// Whole seconds that are not less than `wait`, which is more than none.
fn seconds(wait: Duration) -> u64 {
    let begun = u64::from(wait.subsec_nanos() > 0);
    wait.as_secs().saturating_add(begun)
}

#[derive(Debug, Serialize)]
struct ErrorBody {
    error: ErrorDetail,
}

/// What went wrong with a request, or with one line of a batch.
#[derive(Debug, Serialize)]
pub(crate) struct ErrorDetail {
    /// For programs: stable, in snake case.
    pub(crate) code: &'static str,
    /// For people.
    message: String,
    /// The member of the event, or the parameter of the query, that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
    /// Of several events that are meant, some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    log_ids: Vec<String>,
    /// How many there are beside those.
    #[serde(skip_serializing_if = "Option::is_none")]
    more_log_ids: Option<u64>,
}

impl From<&EventError> for ErrorDetail {
    fn from(error: &EventError) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
            field: error.field().map(str::to_owned),
            log_ids: Vec::new(),
            more_log_ids: None,
        }
    }
}

impl From<Failure> for ErrorDetail {
    fn from(failure: Failure) -> Self {
        Self {
            code: failure.name(),
            message: failure.to_string(),
            field: None,
            log_ids: Vec::new(),
            more_log_ids: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_is_too_early_is_told_when_to_come_back() {
        let response = ApiError::from(IngestError::Overloaded).into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[RETRY_AFTER], "1");
        for (millis, seconds) in [(1, "1"), (1_000, "1"), (1_001, "2")] {
            let wait = Duration::from_millis(millis);
            let response = ApiError::RateLimited { wait }.into_response();
            assert_eq!(response.headers()[RETRY_AFTER], seconds, "{millis}");
        }
    }
}
