//! Logging in and out: `/session`.

use axum::extract::{Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::access::{Access, Role, SessionName};
use crate::api::auth::Doors;
use crate::api::body::discard;
use crate::api::door::client;
use crate::api::error::ApiError;
use crate::api::private::keep_private;
use crate::api::session::login::Logins;
use crate::api::session::{SessionError, SessionId, cookie, origin};
use crate::key::KeyHash;
use crate::keys::GoodKey;
use crate::store::{AccessRecord, Action, Who};

/// `/session`: who one is, becoming it, and ceasing to be it.
pub(crate) fn routes(doors: Doors) -> Router {
    let logins = Logins::new();
    let log_in = move |doors: State<Doors>, request| log_in(doors, logins, request);
    Router::new()
        .route("/session", get(who).post(log_in).delete(log_out))
        .with_state(doors)
}

/// `GET /session`: what the browser's session is good for.
async fn who(State(doors): State<Doors>, request: Request) -> Response {
    let (path, headers) = (request.uri().path(), request.headers());
    let access = match doors.sessions.key(request.method(), path, headers) {
        Some((key, _)) => known(&doors, &key).await,
        None => Ok(None),
    };
    let answer = access.and_then(|access| access.ok_or(ApiError::Unauthorized));
    private(answer.map(|key| Json(Good::from(&key.access))))
}

/// `POST /session` with the form `key=…`: begins a session of this key.
async fn log_in(State(doors): State<Doors>, logins: Logins, request: Request) -> Response {
    let headers = request.headers().clone();
    if !origin::is_own(&headers) {
        discard(request).await;
        return private(Err::<(), _>(SessionError::ForeignPage.into()));
    }
    private(begin(&doors, &logins, request, &headers).await)
}

async fn begin(
    doors: &Doors,
    logins: &Logins,
    request: Request,
    headers: &HeaderMap,
) -> Result<impl IntoResponse + use<>, ApiError> {
    let client = client(&request);
    let sent = logins.key(request).await?;
    let key = KeyHash::of(&sent);
    let Some(good) = known(doors, &key).await? else {
        doors.refuse(&sent, client);
        return Err(SessionError::UnknownKey.into());
    };
    let record = |session| {
        let who = named(client.clone(), &good, session);
        AccessRecord::new(Action::LoggedIn, who).of(&good.access.scope)
    };
    if !good.access.role.includes(Role::Read) {
        let refusal = SessionError::IngestKey;
        let record = record(None).refused(refusal.code(), refusal.status().as_u16());
        doors.records.write(record).await?;
        return Err(refusal.into());
    }
    let id = SessionId::generate().map_err(|_| SessionError::Random)?;
    let sessions = &doors.sessions;
    // A browser that logs in again leaves its old session behind.
    if let Some((old, session)) = sessions.of(headers) {
        record_end(doors, &old, session, client.clone()).await?;
        sessions.end(headers);
    }
    // Before it is good for anything.
    doors.records.write(record(Some(id.name()))).await?;
    for (old, session) in sessions.begin(&id, key) {
        // Nobody asked for it: it was the oldest.
        record_end(doors, &old, session, Who::default()).await?;
    }
    let cookie = cookie::begin(&id, sessions.speaks_tls(headers)).map(|value| (SET_COOKIE, value));
    let cookie: HeaderMap = cookie.into_iter().collect();
    Ok((cookie, Json(Good::from(&good.access))))
}

/// Who has this key and this session.
fn named(client: Who, key: &GoodKey, session: Option<SessionName>) -> Who {
    Who {
        session: session.map(|SessionName(name)| name),
        ..client.with_key(&key.id, &key.name)
    }
}

/// `DELETE /session`: ends the browser's session, if it has one.
async fn log_out(State(doors): State<Doors>, request: Request) -> Response {
    let headers = request.headers();
    if !origin::is_own(headers) {
        return private(Err::<(), _>(SessionError::ForeignPage.into()));
    }
    // Whether that can be recorded or not.
    let ended = doors.sessions.end(headers);
    let cookie = cookie::end(doors.sessions.speaks_tls(headers)).map(|value| (SET_COOKIE, value));
    let cookie: HeaderMap = cookie.into_iter().collect();
    let recorded = match ended {
        Some((key, session)) => record_end(&doors, &key, session, client(&request)).await,
        None => Ok(()),
    };
    let answer = match recorded {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => error.into_response(),
    };
    private(Ok((cookie, answer)))
}

async fn record_end(
    doors: &Doors,
    key: &KeyHash,
    session: SessionName,
    client: Who,
) -> Result<(), ApiError> {
    // A session may outlive its key, which then is not known any more.
    let who = match known(doors, key).await? {
        Some(good) => {
            let who = named(client, &good, Some(session));
            AccessRecord::new(Action::LoggedOut, who).of(&good.access.scope)
        }
        None => {
            let session = Some(session.0);
            AccessRecord::new(Action::LoggedOut, Who { session, ..client })
        }
    };
    Ok(doors.records.write(who).await?)
}

async fn known(doors: &Doors, key: &KeyHash) -> Result<Option<GoodKey>, ApiError> {
    let known = doors.keys.access(key, &doors.store).await;
    known.map_err(ApiError::of_check)
}

fn private(answer: Result<impl IntoResponse, ApiError>) -> Response {
    let mut response = answer.into_response();
    keep_private(&mut response);
    response
}

/// What a session is good for.
#[derive(Debug, Serialize)]
struct Good {
    role: &'static str,
    /// `null` reaches the events of every organization.
    organization_id: Option<String>,
}

impl From<&Access> for Good {
    fn from(access: &Access) -> Self {
        Self {
            role: access.role.name(),
            organization_id: access.scope.id().map(str::to_owned),
        }
    }
}
