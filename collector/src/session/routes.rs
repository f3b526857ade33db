//! Logging in and out: `/session`.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, HeaderName, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::access::{Access, Role};
use crate::auth::Keys;
use crate::error::ApiError;
use crate::ingest::discard;
use crate::key::KeyHash;
use crate::session::login::Logins;
use crate::session::{SessionError, SessionId, Sessions, cookie, origin};
use crate::store::Store;
use crate::telemetry;

/// What logging in needs.
type Doors = (Keys, Sessions, Store);

/// `/session`: who one is, becoming it, and ceasing to be it.
pub(crate) fn routes(doors: Doors) -> Router {
    let logins = Logins::new();
    let log_in = move |doors: State<Doors>, request| log_in(doors, logins, request);
    Router::new()
        .route("/session", get(who).post(log_in).delete(log_out))
        .with_state(doors)
}

/// Headers for what a browser shows and must not keep, embed or take for something else.
pub(crate) fn keep_private(response: &mut Response) {
    let headers = response.headers_mut();
    for (name, value) in PRIVATE {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// `GET /session`: what the browser's session is good for.
async fn who(State((keys, sessions, store)): State<Doors>, request: Request) -> Response {
    let key = sessions.key(request.method(), request.uri().path(), request.headers());
    let access = match key {
        Some(key) => known(&keys, &key, &store).await,
        None => Ok(None),
    };
    let answer = access.and_then(|access| access.ok_or(ApiError::Unauthorized));
    private(answer.map(|access| Json(Who::from(&access))))
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
    (keys, sessions, store): &Doors,
    logins: &Logins,
    request: Request,
    headers: &HeaderMap,
) -> Result<impl IntoResponse + use<>, ApiError> {
    let sent = logins.key(request).await?;
    let key = KeyHash::of(&sent);
    let access = known(keys, &key, store).await?;
    let access = access.ok_or_else(|| {
        telemetry::key_refused(&sent);
        SessionError::UnknownKey
    })?;
    if !access.role.includes(Role::Read) {
        return Err(SessionError::IngestKey.into());
    }
    let id = SessionId::generate().map_err(|_| SessionError::Random)?;
    // A browser that logs in again leaves its old session behind.
    sessions.end(headers);
    sessions.begin(&id, key);
    let cookie = cookie::begin(&id, sessions.speaks_tls(headers)).map(|value| (SET_COOKIE, value));
    let cookie: HeaderMap = cookie.into_iter().collect();
    Ok((cookie, Json(Who::from(&access))))
}

/// `DELETE /session`: ends the browser's session, if it has one.
async fn log_out(State((_, sessions, _)): State<Doors>, headers: HeaderMap) -> Response {
    if !origin::is_own(&headers) {
        return private(Err::<(), _>(SessionError::ForeignPage.into()));
    }
    sessions.end(&headers);
    let cookie = cookie::end(sessions.speaks_tls(&headers)).map(|value| (SET_COOKIE, value));
    let cookie: HeaderMap = cookie.into_iter().collect();
    private(Ok((StatusCode::NO_CONTENT, cookie)))
}

async fn known(keys: &Keys, key: &KeyHash, store: &Store) -> Result<Option<Access>, ApiError> {
    let known = keys.access(key, store).await;
    let known = known.map_err(ApiError::of_check)?;
    Ok(known.map(|key| key.access))
}

fn private(answer: Result<impl IntoResponse, ApiError>) -> Response {
    let mut response = answer.into_response();
    keep_private(&mut response);
    response
}

/// What a session is good for.
#[derive(Debug, Serialize)]
struct Who {
    role: &'static str,
    /// `null` reaches the events of every organisation.
    organization_id: Option<String>,
}

impl From<&Access> for Who {
    fn from(access: &Access) -> Self {
        Self {
            role: access.role.name(),
            organization_id: access.scope.id().map(str::to_owned),
        }
    }
}

const PRIVATE: [(HeaderName, &str); 4] = [
    (CACHE_CONTROL, "no-store"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];
