//! The one door through which every read goes: it leaves a record, or the answer does not leave.

mod asked;
mod body;
mod seen;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde_json::Value;

use crate::access::{Access, KeyId, KeyName, SessionName};
use crate::api::door::seen::Items;
use crate::api::error::{ApiError, ErrorTold};
use crate::records::{Records, Told, Unrecorded};
use crate::store::{AccessRecord, Action, Completion, Who};
use crate::telemetry;

pub(crate) use asked::client;
#[cfg(test)]
pub(crate) use asked::of_path;
pub(crate) use seen::Seen;

/// Records a read of a known key, however it ends, before its answer leaves.
pub(crate) async fn record(
    State(records): State<Records>,
    Extension(access): Extension<Access>,
    Extension(key_id): Extension<KeyId>,
    Extension(key_name): Extension<KeyName>,
    request: Request,
    next: Next,
) -> Response {
    let Some(action) = asked::action(&request) else {
        // A path was added to the router and not to the door.
        telemetry::read_unaccounted();
        return ApiError::Unaccounted.into_response();
    };
    let session = request.extensions().get::<SessionName>();
    let who = Who {
        session: session.map(|SessionName(name)| name.clone()),
        ..client(&request).with_key(&key_id, &key_name)
    };
    let record = AccessRecord::new(action, who).of(&access.scope);
    let record = record.asking(&asked::query(&request));
    match action {
        // It is made to its end even if its client goes away, and then is recorded as well.
        Action::ReportMade => {
            let work = tokio::spawn(pass(records, record, request, next));
            work.await
                .unwrap_or_else(|_| ApiError::from(Unrecorded).into_response())
        }
        _ => pass(records, record, request, next).await,
    }
}

async fn pass(records: Records, record: AccessRecord, request: Request, next: Next) -> Response {
    let (request, body) = body::noted(request);
    let mut response = next.run(request).await;
    let seen = response.extensions_mut().remove::<Seen>();
    let mut record = AccessRecord {
        status: Some(response.status().as_u16()),
        ..record
    };
    let Some(seen) = seen else {
        record.query = body.asked().map(|asked| asked.to_string()).or(record.query);
        return refused(&records, record, response).await;
    };
    let told = note(&mut record, &seen);
    let completion = told.map(|told| Completing::new(&records, &record, told));
    let written = match seen.is_followed {
        true => records.write_follow(record).await,
        false => records.write(record).await,
    };
    match (written, completion) {
        (Err(error), _) => ApiError::from(error).into_response(),
        (Ok(()), None) => response,
        (Ok(()), Some(completing)) => response.map(|body| completing.of(body)),
    }
}

/// Notes what was given out. Of a stream it returns what counts.
fn note(record: &mut AccessRecord, seen: &Seen) -> Option<Told> {
    let noted = AccessRecord {
        ids: seen.ids.clone(),
        ..record.clone()
    };
    let (mut noted, told) = match &seen.items {
        Items::Counted(items) => (noted.of_items(*items), None),
        Items::Counting(told) => (noted.begun(), Some(told.clone())),
    };
    if let Some(action) = seen.action {
        noted.action = action.name().into();
    }
    if seen.organization_id.is_some() {
        noted.organization_id.clone_from(&seen.organization_id);
    }
    noted.query = seen.query.as_ref().map(Value::to_string).or(noted.query);
    *record = noted;
    told
}

/// Records a read of which nothing was given out, but for what the error names.
async fn refused(records: &Records, mut record: AccessRecord, response: Response) -> Response {
    let status = response.status();
    if status.is_success() {
        // A handler does not say what it gives out.
        telemetry::read_unaccounted();
        return ApiError::Unaccounted.into_response();
    }
    match response.extensions().get::<ErrorTold>() {
        Some(told) => {
            record.result = told.code.into();
            record.ids.clone_from(&told.log_ids);
        }
        None => record.result = "error".into(),
    }
    match records.write(record).await {
        Ok(()) => response,
        // Such an answer tells nothing of what is stored, and says better what is wrong.
        Err(_) if status.is_server_error() => response,
        Err(error) => ApiError::from(error).into_response(),
    }
}

/// Says how a stream ended and what it has given out, when it ends or is dropped.
struct Completing {
    records: Records,
    completion: Completion,
    told: Told,
}

impl Completing {
    fn new(records: &Records, record: &AccessRecord, told: Told) -> Self {
        Self {
            records: records.clone(),
            completion: record.completion(0),
            told,
        }
    }

    /// The body, with which this is dropped.
    fn of(self, body: Body) -> Body {
        let pieces = body.into_data_stream().inspect(move |_| {
            let _ = &self;
        });
        Body::from_stream(pieces)
    }
}

impl Drop for Completing {
    fn drop(&mut self) {
        let items = i64::try_from(self.told.count()).unwrap_or(i64::MAX);
        self.records.complete(Completion {
            result: self.told.result(),
            items: Some(items),
            until: chrono::Utc::now().timestamp_micros(),
            ..self.completion.clone()
        });
    }
}
