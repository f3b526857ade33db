//! What operators ask: is it up, is it ready, how much does it do. Nothing here needs a key, and
//! nothing here tells content.

use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::api::error::ApiError;
use crate::ingest::Budget;
use crate::limits;
use crate::store::{Store, StoreError, WriterFilter};
use crate::telemetry::{self, Levels, StoredLevels, Telemetry};

/// `GET /healthz`: the program runs.
pub(crate) async fn health() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// `GET /readyz`: the database answers.
pub(crate) async fn ready(State(store): State<Store>) -> Result<Json<Value>, ApiError> {
    store.ping().await.map_err(ApiError::of_check)?;
    Ok(Json(json!({"status": "ready"})))
}

/// `GET /metrics`, in the text of OpenMetrics that Prometheus reads. What the database does not tell is
/// left out: the counters are looked at most when it does not answer.
pub(crate) async fn metrics(
    State((store, budget, telemetry)): State<(Store, Budget, Telemetry)>,
) -> Response {
    let stored = timeout(limits::METRICS_TIME_MAX, stored_levels(&store)).await;
    let levels = Levels {
        waiting_bytes: budget.bytes_taken(),
        stored: match stored.unwrap_or(Err(StoreError::TooSlow)) {
            Ok(stored) => Some(stored),
            Err(error) => {
                telemetry::read_failed(&error);
                None
            }
        },
    };
    // Writing to memory does not fail.
    let text = telemetry.render(levels).unwrap_or_default();
    ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response()
}

async fn stored_levels(store: &Store) -> Result<StoredLevels, StoreError> {
    let totals = store.writer_totals(&WriterFilter::default()).await?;
    Ok(StoredLevels {
        database_bytes: store.bytes().await?,
        writers: totals.writers,
        incomplete_writers: totals.incomplete_writers,
        missing: totals.missing,
    })
}

/// Counts each answer by the path's pattern, which has nothing of the request.
pub(crate) async fn measure(
    State(telemetry): State<Telemetry>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.extensions().get::<MatchedPath>().cloned();
    let began_at = Instant::now();
    let response = next.run(request).await;
    let path = path.as_ref().map_or("other", MatchedPath::as_str);
    telemetry.answered(path, response.status().as_u16(), began_at.elapsed());
    response
}

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
