//! Browsers that have logged in: a random id in a cookie stands for a key, which the browser then
//! does not hold any more.

mod cookie;
mod login;
mod origin;
mod routes;

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::http::{HeaderMap, Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use crate::access::SessionName;
use crate::key::KeyHash;
use crate::limits;

pub(crate) use routes::routes;

/// Of the hash of its id.
fn name(id: &KeyHash) -> SessionName {
    let hash = KeyHash::of(&URL_SAFE_NO_PAD.encode(id.as_bytes()));
    let beginning = hash.as_bytes().get(..NAME_BYTES).unwrap_or_default();
    SessionName(format!("session_{}", URL_SAFE_NO_PAD.encode(beginning)))
}

/// Few enough to be read out, and enough that no two sessions have the same.
const NAME_BYTES: usize = 8;

/// The sessions of this process. They end when it ends: nothing of them is stored.
#[derive(Clone)]
pub(crate) struct Sessions {
    begun: Arc<Mutex<Begun>>,
    /// Whether every connection of a browser is one of TLS.
    is_encrypted: bool,
}

impl Sessions {
    pub(crate) fn new(is_encrypted: bool) -> Self {
        Self {
            begun: Arc::default(),
            is_encrypted,
        }
    }

    /// The key for which the browser that sent these headers stands, if it may stand for one, and what
    /// its session is called.
    ///
    /// A cookie comes along with whatever makes the browser ask, so that it opens only what reads,
    /// and only for the page itself. `path` is the one below the prefix of the API.
    pub(crate) fn key(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Option<(KeyHash, SessionName)> {
        // A report changes nothing of what it reads.
        let is_report = method == Method::POST && path == "/reports/generate";
        let reads = is_report || matches!(*method, Method::GET | Method::HEAD);
        let id = cookie::read(headers, self.speaks_tls(headers))?;
        let id = KeyHash::of(id);
        let key = match reads && origin::is_own(headers) {
            true => self.begun().key(&id, Instant::now()),
            false => None,
        }?;
        Some((key, name(&id)))
    }

    /// Whether the browser that sent these headers speaks TLS, with the collector or before it.
    fn speaks_tls(&self, headers: &HeaderMap) -> bool {
        self.is_encrypted || cookie::is_forwarded_from_tls(headers)
    }

    /// Begins a session. Tells which others had to end for it.
    fn begin(&self, id: &SessionId, key: KeyHash) -> Vec<(KeyHash, SessionName)> {
        let ended = self.begun().begin(KeyHash::of(&id.0), key, Instant::now());
        let ended = ended.into_iter();
        ended
            .map(|session| (session.key, name(&session.id)))
            .collect()
    }

    /// The session of the browser that sent these headers, if it has one.
    fn of(&self, headers: &HeaderMap) -> Option<(KeyHash, SessionName)> {
        let id = KeyHash::of(cookie::read(headers, self.speaks_tls(headers))?);
        let key = self.begun().key(&id, Instant::now())?;
        Some((key, name(&id)))
    }

    /// Ends the session of the browser that sent these headers. Tells which it was, if there was one.
    fn end(&self, headers: &HeaderMap) -> Option<(KeyHash, SessionName)> {
        let id = KeyHash::of(cookie::read(headers, self.speaks_tls(headers))?);
        let key = self.begun().end(&id)?;
        Some((key, name(&id)))
    }

    fn begun(&self) -> MutexGuard<'_, Begun> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sessions in the order in which they began, which is that in which they end.
#[derive(Default)]
struct Begun(VecDeque<Session>);

struct Session {
    /// An id is as good as its key, and kept in the same way: as a hash.
    id: KeyHash,
    key: KeyHash,
    began_at: Instant,
}

impl Begun {
    /// Returns those that had to end for it.
    fn begin(&mut self, id: KeyHash, key: KeyHash, now: Instant) -> Vec<Session> {
        self.forget_old(now);
        let mut ended = Vec::new();
        while self.0.len() >= limits::SESSIONS_MAX {
            ended.extend(self.0.pop_front());
        }
        self.0.push_back(Session {
            id,
            key,
            began_at: now,
        });
        ended
    }

    /// Ends those that have run out.
    fn forget_old(&mut self, now: Instant) {
        let is_over = |session: &Session| {
            now.saturating_duration_since(session.began_at) >= limits::SESSION_AGE_MAX
        };
        while self.0.front().is_some_and(is_over) {
            self.0.pop_front();
        }
    }

    fn key(&mut self, id: &KeyHash, now: Instant) -> Option<KeyHash> {
        self.forget_old(now);
        let session = self.0.iter().find(|session| session.id.is(id))?;
        Some(session.key.clone())
    }

    fn end(&mut self, id: &KeyHash) -> Option<KeyHash> {
        let found = self.0.iter().position(|session| session.id.is(id))?;
        self.0.remove(found).map(|session| session.key)
    }
}

/// What a browser sends for its session.
struct SessionId(String);

impl SessionId {
    fn name(&self) -> SessionName {
        name(&KeyHash::of(&self.0))
    }

    fn generate() -> Result<Self, getrandom::Error> {
        let mut random = [0; 32];
        getrandom::fill(&mut random)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(random)))
    }
}

/// An id never reaches a log by accident.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(..)")
    }
}

/// Why a browser cannot log in or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum SessionError {
    #[error(
        "this request came from another site's page: log in or out on the collector's own page"
    )]
    ForeignPage,
    #[error("key: send one key as form data, as in `key=al_sk_…`")]
    Form,
    #[error(
        "this key can only record events: log in with a key that has the role read, auditor or admin"
    )]
    IngestKey,
    #[error("the operating system provided no random bytes for a session: try again later")]
    Random,
    #[error("invalid or revoked key: check that you pasted all of it")]
    UnknownKey,
}

impl SessionError {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::ForeignPage | Self::IngestKey => StatusCode::FORBIDDEN,
            Self::Form => StatusCode::BAD_REQUEST,
            Self::Random => StatusCode::SERVICE_UNAVAILABLE,
            Self::UnknownKey => StatusCode::UNAUTHORIZED,
        }
    }

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::ForeignPage => "cross_site",
            Self::Form => "invalid_form",
            Self::IngestKey => "forbidden",
            Self::Random => "unavailable",
            Self::UnknownKey => "unauthorized",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn hash(text: impl fmt::Display) -> KeyHash {
        KeyHash::of(&text.to_string())
    }

    #[test]
    fn a_session_lasts_as_long_as_its_limit_says() {
        let began_at = Instant::now();
        let mut begun = Begun::default();
        begun.begin(hash("id"), hash("key"), began_at);
        let last = began_at + limits::SESSION_AGE_MAX - Duration::from_nanos(1);
        assert!(begun.key(&hash("id"), last).unwrap().is(&hash("key")));
        assert!(begun.key(&hash("other"), last).is_none());
        assert!(
            begun
                .key(&hash("id"), began_at + limits::SESSION_AGE_MAX)
                .is_none()
        );
        assert_eq!(begun.0.len(), 0);
    }

    #[test]
    fn beyond_the_limit_the_oldest_session_gives_way() {
        let now = Instant::now();
        let mut begun = Begun::default();
        for number in 0..limits::SESSIONS_MAX {
            assert!(begun.begin(hash(number), hash("key"), now).is_empty());
        }
        assert!(begun.key(&hash(0), now).is_some());
        let ended = begun.begin(hash("new"), hash("key"), now);
        let [ended] = ended.as_slice() else {
            panic!("one had to end")
        };
        assert!(ended.id.is(&hash(0)));
        assert_eq!(begun.0.len(), limits::SESSIONS_MAX);
        assert!(begun.key(&hash(0), now).is_none());
        assert!(begun.key(&hash(1), now).is_some());
        assert!(begun.key(&hash("new"), now).is_some());
    }

    #[test]
    fn a_session_that_is_ended_is_gone_and_others_stay() {
        let now = Instant::now();
        let mut begun = Begun::default();
        begun.begin(hash("one"), hash("key"), now);
        begun.begin(hash("two"), hash("key"), now);
        assert!(begun.end(&hash("one")).unwrap().is(&hash("key")));
        assert!(begun.end(&hash("one")).is_none());
        assert!(begun.key(&hash("one"), now).is_none());
        assert!(begun.key(&hash("two"), now).is_some());
    }

    #[test]
    fn no_two_ids_are_the_same_and_none_is_shown() {
        let [one, two] = [
            SessionId::generate().unwrap(),
            SessionId::generate().unwrap(),
        ];
        assert_ne!(one.0, two.0);
        assert_eq!(one.0.len(), 43);
        assert_eq!(format!("{one:?}"), "SessionId(..)");
    }
}
