//! `POST /v1/audit/log` and `POST /v1/audit/log/batch`: taking events in.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, body::Bytes};
use serde::Serialize;
use tokio::task::spawn_blocking;

use crate::access::{Access, KeyId, KeyName, Recorder};
use crate::api::body::{discard, read};
use crate::api::error::{ApiError, ErrorDetail};
use crate::api::imported;
use crate::event::EventError;
use crate::ingest::{
    Budget, Inbox, IngestError, Lines, Rates, Rejected, Share, read_event, read_lines,
};
use crate::key::KeyHash;
use crate::limits;
use crate::records::Records;
use crate::store::{Arrival, Outcome, Status};
use crate::telemetry::{Sender, Telemetry};

/// What the handlers of this module share.
#[derive(Clone)]
pub(crate) struct Ingest {
    budget: Budget,
    inbox: Inbox,
    rates: Rates,
    records: Records,
    telemetry: Telemetry,
}

impl Ingest {
    pub(crate) fn new(inbox: Inbox, rates: Rates, records: Records, telemetry: Telemetry) -> Self {
        Self {
            budget: Budget::new(limits::INGEST_BYTES_MAX),
            inbox,
            rates,
            records,
            telemetry,
        }
    }

    /// The bytes that bodies may take together.
    pub(crate) fn budget(&self) -> Budget {
        self.budget.clone()
    }

    /// Reads the body of a request whose key may record now.
    async fn read(
        &self,
        key: &KeyHash,
        request: Request,
        bytes_max: usize,
    ) -> Result<(Bytes, Share), ApiError> {
        match self.rates.wait(key, Instant::now()) {
            None => {
                let budget = self.budget.for_key(key);
                read(&budget, request, bytes_max).await
            }
            Some(wait) => {
                let extensions = request.extensions();
                let key_id = extensions.get::<KeyId>().cloned().unwrap_or(KeyId(None));
                let access = extensions.get::<Access>();
                let organization = access.and_then(|access| access.scope.id());
                self.telemetry
                    .rate_limited(&Sender::of(&key_id, organization));
                discard(request).await;
                Err(ApiError::RateLimited { wait })
            }
        }
    }

    /// Counts events against the rate of a key: those that were stored, and those that are none.
    /// What the collector could not store is sent again, and counts then.
    fn count(&self, key: &KeyHash, events: usize) {
        self.rates.count(key, events, Instant::now());
    }

    /// `reason` is of the first of them.
    fn reject(&self, key: &KeyHash, by: &Sender<'_>, events: usize, reason: (&str, Option<&str>)) {
        self.telemetry.events_rejected(by, events, reason);
        self.count(key, events);
    }
}

impl Ingest {
    /// Stores events, tells of those that are not what they should be, and counts all of them.
    async fn store(
        &self,
        key: &KeyHash,
        by: &Sender<'_>,
        arrivals: Vec<Arrival>,
        share: Share,
    ) -> Result<Vec<Outcome>, ApiError> {
        if arrivals.is_empty() {
            return Ok(Vec::new());
        }
        let outcomes = self.inbox.store(arrivals, share).await?;
        self.telemetry
            .told_of_outcomes(by, &Outcome::counted(&outcomes));
        self.count(key, outcomes.len());
        Ok(outcomes)
    }
}

/// `POST /v1/audit/log`: one event. Success is 200 and nothing else, whether it is new or not.
pub(crate) async fn log(
    State(ingest): State<Ingest>,
    Extension(access): Extension<Access>,
    Extension(key): Extension<KeyHash>,
    Extension(key_id): Extension<KeyId>,
    Extension(recorder): Extension<Arc<Recorder>>,
    request: Request,
) -> Result<Json<LogAnswer>, ApiError> {
    let (body, share) = ingest.read(&key, request, limits::EVENT_BYTES_MAX).await?;
    let scope = access.scope.clone();
    let by = Sender::of(&key_id, access.scope.id());
    let arrival = parsed(body, move |body| {
        let event = read_event(&body, &scope, &recorder)?;
        Ok(Arrival::new(event, recorder))
    });
    let arrival = arrival.await?.inspect_err(|error: &EventError| {
        ingest.reject(&key, &by, 1, (error.code(), error.field()));
    })?;
    let outcomes = ingest.store(&key, &by, vec![arrival], share).await?;
    let outcome = outcomes
        .into_iter()
        .next()
        .ok_or(IngestError::StorageUnavailable)?;
    match outcome.status {
        Status::Refused => Err(EventError::TooManyConflicts.into()),
        _ => Ok(Json(LogAnswer::from(outcome))),
    }
}

/// What `parse` makes of a body. That of a large one takes a while, in which this thread has others to
/// serve.
async fn parsed<T: Send + 'static>(
    body: Bytes,
    parse: impl FnOnce(Bytes) -> T + Send + 'static,
) -> Result<T, ApiError> {
    match body.len() <= limits::PARSED_AT_ONCE_BYTES {
        true => Ok(parse(body)),
        false => {
            let parsed = spawn_blocking(move || parse(body)).await;
            // Only a program that is stopping has no thread for it.
            parsed.map_err(|_| IngestError::StorageUnavailable.into())
        }
    }
}

/// The answer to one event.
#[derive(Debug, Serialize)]
pub(crate) struct LogAnswer {
    id: String,
    request_id: String,
    status: Status,
}

impl From<Outcome> for LogAnswer {
    fn from(outcome: Outcome) -> Self {
        let Outcome {
            id,
            request_id,
            status,
            writer_not_counted: _,
        } = outcome;
        Self {
            id,
            request_id,
            status,
        }
    }
}

/// `POST /v1/audit/log/batch`: one event on each line. The good ones are stored, whatever the
/// others are.
pub(crate) async fn batch(
    State(ingest): State<Ingest>,
    Extension(access): Extension<Access>,
    Extension(key): Extension<KeyHash>,
    Extension(key_id): Extension<KeyId>,
    Extension(key_name): Extension<KeyName>,
    Extension(recorder): Extension<Arc<Recorder>>,
    request: Request,
) -> Result<BatchAnswer, ApiError> {
    let record = match imported::record(&request, &access, (&key_id, &key_name), &recorder) {
        Ok(record) => record,
        Err(error) => {
            discard(request).await;
            return Err(error);
        }
    };
    let (body, share) = ingest.read(&key, request, limits::BATCH_BYTES_MAX).await?;
    let scope = access.scope.clone();
    let by = Sender::of(&key_id, access.scope.id());
    let read = parsed(body, move |body| read_lines(&body, &scope, &recorder)).await?;
    let Lines {
        numbers,
        arrivals,
        rejected,
    } = read?;
    if let Some(first) = rejected.first() {
        let reason = (first.error.code(), first.error.field());
        ingest.reject(&key, &by, rejected.len(), reason);
    }
    let mut rejected: Vec<Rejection> = rejected.into_iter().map(Rejection::from).collect();
    let outcomes = ingest.store(&key, &by, arrivals, share).await?;
    let refused = outcomes.iter().zip(numbers);
    let refused = refused.filter(|(outcome, _)| outcome.status == Status::Refused);
    rejected.extend(refused.map(|(outcome, line)| Rejection {
        line,
        request_id: Some(outcome.request_id.clone()),
        error: ErrorDetail::from(&EventError::TooManyConflicts),
    }));
    rejected.sort_by_key(|rejection| rejection.line);
    let count = |wanted: fn(Status) -> bool| {
        let statuses = outcomes.iter().map(|outcome| outcome.status);
        statuses.filter(|status| wanted(*status)).count()
    };
    let answer = BatchAnswer {
        accepted: count(Status::is_stored),
        duplicates: count(|status| status == Status::Duplicate),
        conflicts: count(|status| status == Status::Conflict),
        rejected,
    };
    let record = record.and_then(|record| imported::settled(record, answer.counts()));
    if let Some(record) = record {
        // If it fails the importer sends the batch again, all of which then are duplicates.
        ingest.records.write(record).await?;
    }
    Ok(answer)
}

/// The answer to a batch. Every line that is not blank is counted in one of `accepted`, `duplicates` and
/// `rejected`.
#[derive(Debug, Serialize)]
pub(crate) struct BatchAnswer {
    accepted: usize,
    duplicates: usize,
    /// Those of the accepted ones that contradict what is stored of their call.
    conflicts: usize,
    rejected: Vec<Rejection>,
}

impl BatchAnswer {
    fn counts(&self) -> imported::Counts {
        imported::Counts {
            accepted: self.accepted,
            duplicates: self.duplicates,
            conflicts: self.conflicts,
            rejected: self.rejected.len(),
        }
    }
}

impl IntoResponse for BatchAnswer {
    fn into_response(self) -> Response {
        let status = match self.rejected.is_empty() {
            true => StatusCode::OK,
            false => StatusCode::MULTI_STATUS,
        };
        (status, Json(self)).into_response()
    }
}

/// A line that is no event, and why.
#[derive(Debug, Serialize)]
pub(crate) struct Rejection {
    /// From 1, blank lines counted.
    line: usize,
    request_id: Option<String>,
    error: ErrorDetail,
}

impl From<Rejected> for Rejection {
    fn from(rejected: Rejected) -> Self {
        Self {
            line: rejected.line,
            request_id: rejected.request_id,
            error: ErrorDetail::from(&rejected.error),
        }
    }
}
