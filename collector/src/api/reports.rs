//! `/v1/reports`: asking for a report, fetching it, and which there are.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::{
    CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, LOCATION,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use chrono::Utc;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::access::{Access, KeyId, Scope};
use crate::api::body;
use crate::api::door::Seen;
use crate::api::error::{ApiError, ErrorDetail};
use crate::ingest::Budget;
use crate::key::KeyHash;
use crate::limits;
use crate::query::{ParameterError, narrow, number_up_to, one_log, reached, read_parameters};
use crate::report::{Failure, Found, Order, ReportFormat, Reports, Request, Subject};
use crate::store::{ReportStatus, StoredReport};
use crate::time;

/// The paths below `/v1`. They want the role `read`. They can stand among others with any state.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(reports: Reports) -> Router<S> {
    let budget = Budget::new(limits::REPORT_REQUESTS_BYTES_MAX);
    let generate =
        move |reports, access, sender, request| generate(reports, access, sender, budget, request);
    Router::new()
        .route("/reports/generate", post(generate))
        .route("/reports", get(list))
        .route("/reports/{id}", get(fetch))
        .with_state(reports)
}

/// `POST /v1/reports/generate`: makes a report and answers with it, or with where it will be.
async fn generate(
    State(reports): State<Reports>,
    Extension(access): Extension<Access>,
    (Extension(key), Extension(key_id)): (Extension<KeyHash>, Extension<KeyId>),
    budget: Budget,
    request: axum::extract::Request,
) -> Result<Response, ApiError> {
    let waits = !prefers_not_to_wait(request.headers());
    let (body, _share) = body::read(&budget, request, limits::REPORT_REQUEST_BYTES_MAX).await?;
    let request = Request::parse(&body)?;
    let place = reports.place(&key).ok_or(ApiError::TooManyReports)?;
    let format = request.format;
    let order = order(&reports, request, access.scope.clone(), (key, key_id)).await?;
    let seen = Seen::items(1)
        .of(order.organization_id.clone())
        .asked(json!(order.query));
    let shown = order.found.log_id().map(str::to_owned);
    let run = reports
        .start(order, place)
        .await
        .map_err(ApiError::of_query)?;
    let seen = seen.ids([run.id.clone()].into_iter().chain(shown));
    if !waits {
        return Ok(seen.with(accepted(&reports, &run.id, &access.scope).await?));
    }
    let document = run.document.await;
    // It ends without a result only when the runtime stops.
    let document = document.map_err(|_| ApiError::Report(Failure::Interrupted))?;
    let document = document.map_err(ApiError::Report)?;
    Ok(seen.with(self::document(&run.id, format, document)))
}

/// What is to be made, with only what `scope` reaches.
async fn order(
    reports: &Reports,
    request: Request,
    scope: Scope,
    (key, key_id): (KeyHash, KeyId),
) -> Result<Order, ApiError> {
    let (found, organization_id) = match request.subject {
        Subject::Activity(mut filter) => {
            narrow(&mut filter, scope)?;
            let organization = filter.organization().map(str::to_owned);
            (Found::Activity(filter), organization)
        }
        Subject::Completeness(mut filter) => {
            filter.organization_id = reached(filter.organization_id.as_deref(), scope)?;
            let organization = filter.organization_id.clone();
            (Found::Completeness(filter), organization)
        }
        Subject::Decision {
            id,
            organization_id: asked,
        } => {
            let log = one_log(reports.store(), &id, asked.as_deref(), scope).await?;
            let organization = log.organization_id();
            (Found::Decision(Box::new(log)), organization)
        }
    };
    Ok(Order {
        found,
        format: request.format,
        query: request.query,
        organization_id,
        key,
        key_id,
    })
}

/// 202, and where the report will be.
async fn accepted(reports: &Reports, id: &str, scope: &Scope) -> Result<Response, ApiError> {
    let report = stored(reports, id, scope).await?;
    let mut response = (StatusCode::ACCEPTED, Json(Entry::of(report))).into_response();
    let location = HeaderValue::from_str(&format!("/v1/reports/{id}"));
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// `GET /v1/reports/{id}`: the report, or how far it is, or why there is none.
async fn fetch(
    State(reports): State<Reports>,
    Extension(access): Extension<Access>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let Path(id) = id.map_err(|_| ApiError::NoSuchReport)?;
    let report = stored(&reports, &id, &access.scope).await?;
    let seen = |reports| {
        let seen = Seen::items(reports).ids([report.id.clone()]);
        seen.of(report.organization_id.clone())
    };
    match &report.status {
        ReportStatus::Running => {
            let answer = accepted(&reports, &id, &access.scope).await?;
            Ok(seen(0).with(answer))
        }
        ReportStatus::Failed(name) => Err(ApiError::Report(Failure::named(name.as_deref()))),
        ReportStatus::Done => {
            let document = reports.store().report_document(&id).await;
            let document = document
                .map_err(ApiError::of_query)?
                .ok_or(ApiError::NoSuchReport)?;
            let format = ReportFormat::named(&report.format).unwrap_or(ReportFormat::Json);
            Ok(seen(1).with(self::document(&id, format, document)))
        }
    }
}

/// Whether a text is what the collector gives as a report's id.
fn is_id(text: &str) -> bool {
    let number = text.strip_prefix("report_").unwrap_or_default();
    number.len() == 32 && number.bytes().all(|byte| byte.is_ascii_hexdigit())
}

async fn stored(reports: &Reports, id: &str, scope: &Scope) -> Result<StoredReport, ApiError> {
    let now = Utc::now().timestamp_micros();
    let report = reports.store().report(id, scope, now).await;
    report
        .map_err(ApiError::of_query)?
        .ok_or(ApiError::NoSuchReport)
}

/// `GET /v1/reports`: those that there are, newest first.
async fn list(
    State(reports): State<Reports>,
    Extension(access): Extension<Access>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let parameters = read_parameters(query.as_deref().unwrap_or_default(), &["limit", "cursor"])?;
    let (mut limit, mut after) = (limits::PAGE_EVENTS_DEFAULT, None);
    for (name, value) in parameters {
        match name {
            "limit" => limit = number_up_to(limits::PAGE_EVENTS_MAX, &value)?,
            _ if is_id(&value) => after = Some(value),
            _ => return Err(ParameterError::Cursor.into()),
        }
    }
    let now = Utc::now().timestamp_micros();
    let found = reports.store().reports(
        &access.scope,
        after.as_deref(),
        limit.saturating_add(1),
        now,
    );
    let mut found = found.await.map_err(ApiError::of_query)?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let data: Vec<Entry> = found.into_iter().map(Entry::of).collect();
    let last = data.last().filter(|_| has_more);
    let seen = Seen::items(data.len())
        .ids(data.iter().map(|entry| entry.id.clone()))
        .of(access.scope.id().map(str::to_owned));
    Ok(seen.with(Json(List {
        next_cursor: last.map(|entry| entry.id.clone()),
        data,
    })))
}

#[derive(Debug, Serialize)]
struct List {
    data: Vec<Entry>,
    next_cursor: Option<String>,
}

/// A report without its document.
#[derive(Debug, Serialize)]
struct Entry {
    id: String,
    report_type: String,
    format: String,
    query: Option<Box<RawValue>>,
    /// `null` is every organization.
    organization_id: Option<String>,
    created_at: String,
    finished_at: Option<String>,
    status: &'static str,
    progress: Progress,
    bytes: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorDetail>,
}

#[derive(Debug, Serialize)]
struct Progress {
    events_read: i64,
    /// How many there are to be read; `null` as long as nobody knows.
    events: Option<i64>,
}

impl Entry {
    fn of(report: StoredReport) -> Self {
        let failure = match &report.status {
            ReportStatus::Failed(name) => Some(Failure::named(name.as_deref())),
            ReportStatus::Done | ReportStatus::Running => None,
        };
        let is_done = report.status == ReportStatus::Done;
        Self {
            progress: Progress {
                events_read: report.events_read,
                // Only a report that has read all knows how many there were.
                events: is_done.then_some(report.events_read),
            },
            id: report.id,
            report_type: report.report_type,
            format: report.format,
            query: RawValue::from_string(report.query).ok(),
            organization_id: report.organization_id,
            created_at: time::text(report.created_at),
            finished_at: report.finished_at.map(time::text),
            status: report.status.name(),
            bytes: report.bytes,
            error: failure.map(ErrorDetail::from),
        }
    }
}

/// The document itself. A browser may show it, and nothing in it can run or load anything.
fn document(id: &str, format: ReportFormat, bytes: Vec<u8>) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    let show = match format {
        ReportFormat::Html | ReportFormat::Pdf => "inline",
        ReportFormat::Csv | ReportFormat::Json => "attachment",
    };
    let name = format!("{show}; filename=\"{id}.{}\"", format.name());
    for (header, value) in [(CONTENT_DISPOSITION, name.as_str()), (REPORT_ID, id)] {
        // An id is made of letters, digits and `_`.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(header, value);
        }
    }
    response
}

const REPORT_ID: HeaderName = HeaderName::from_static("x-report-id");

/// The styles of a report in HTML are in the file itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// Whether the client said `prefer: respond-async`: https://www.rfc-editor.org/rfc/rfc7240#section-4.1
fn prefers_not_to_wait(headers: &HeaderMap) -> bool {
    let values = headers.get_all("prefer").into_iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let mut preferences = values.flat_map(|value| value.split(','));
    preferences.any(|one| {
        let name = one.split(';').next().unwrap_or_default().trim();
        name.eq_ignore_ascii_case("respond-async")
    })
}
