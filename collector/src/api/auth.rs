//! Who may use the API: whoever sends a key that the collector knows and that may do it, or reads with
//! the session of such a key.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::access::{Access, Role, Scope, SessionName};
use crate::api::body::discard;
use crate::api::door::client;
use crate::api::error::ApiError;
use crate::api::private::keep_private;
use crate::api::session::Sessions;
use crate::key::KeyHash;
use crate::keys::Keys;
use crate::records::Records;
use crate::store::{Store, Who};
use crate::telemetry;

/// What it takes to let somebody in, and to remember who was not.
#[derive(Clone)]
pub(crate) struct Doors {
    pub(crate) keys: Keys,
    pub(crate) sessions: Sessions,
    pub(crate) store: Store,
    pub(crate) records: Records,
}

impl Doors {
    /// The key of the session that the request has, which is noted in it.
    fn session(&self, request: &mut Request) -> Option<KeyHash> {
        let (path, headers) = (request.uri().path(), request.headers());
        let (key, session) = self.sessions.key(request.method(), path, headers)?;
        request.extensions_mut().insert(session);
        Some(key)
    }

    /// A key opens nothing. Of it only the beginning is kept.
    pub(crate) fn refuse(&self, key: &str, client: Who) {
        let begins_with = telemetry::beginning_of_key(key);
        telemetry::key_refused(&begins_with);
        let asked = json!({"key_begins_with": begins_with});
        self.record_refusal(&KeyHash::of(key), &asked, client);
    }

    /// The key of a session opens nothing any more.
    fn refuse_session(&self, key: &KeyHash, request: &Request) {
        let session = request.extensions().get::<SessionName>();
        let client = Who {
            session: session.map(|SessionName(name)| name.clone()),
            ..client(request)
        };
        self.record_refusal(key, &json!({}), client);
    }

    fn record_refusal(&self, key: &KeyHash, asked: &Value, client: Who) {
        let (who, scope) = match self.keys.no_longer_good(key) {
            Some((id, name, scope)) => (client.with_key(&id, &name), scope),
            None => (client, Scope::All),
        };
        self.records.refused(asked, who, &scope);
    }
}

/// Lets a request through if it has a known key, or the session of one, and answers it otherwise.
pub(crate) async fn require_key(
    State(doors): State<Doors>,
    mut request: Request,
    next: Next,
) -> Response {
    let shown = bearer(request.headers()).map(str::to_owned);
    let is_session = shown.is_none();
    let sent = match &shown {
        Some(key) => Some(KeyHash::of(key)),
        None => doors.session(&mut request),
    };
    let refusal = match sent {
        None => ApiError::Unauthorized,
        Some(key) => match doors.keys.access(&key, &doors.store).await {
            Ok(Some(good)) => {
                request.extensions_mut().insert(good.access);
                request.extensions_mut().insert(key);
                request.extensions_mut().insert(good.id);
                request.extensions_mut().insert(good.name);
                request.extensions_mut().insert(good.recorder);
                let mut response = next.run(request).await;
                if is_session {
                    keep_private(&mut response);
                }
                return response;
            }
            Ok(None) => {
                match shown {
                    Some(key) => doors.refuse(&key, client(&request)),
                    None => doors.refuse_session(&key, &request),
                }
                ApiError::Unauthorized
            }
            Err(error) => ApiError::of_check(error),
        },
    };
    discard(request).await;
    refusal.into_response()
}

/// Lets a request through whose key may do what is `needed`, and answers it otherwise.
pub(crate) async fn require_role(
    State(needed): State<Role>,
    Extension(access): Extension<Access>,
    request: Request,
    next: Next,
) -> Response {
    let role = access.role;
    if role.includes(needed) {
        return next.run(request).await;
    }
    discard(request).await;
    ApiError::Role { role, needed }.into_response()
}

/// The key of the header `authorization: Bearer KEY`. The scheme's name has no case.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}
