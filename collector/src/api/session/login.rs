//! Reading the form with which a browser logs in. Anyone can send one, and hold it up.

use std::net::IpAddr;

use axum::extract::Request;
use tokio::time::timeout;

use crate::api::body::read;
use crate::api::connections::Peer;
use crate::api::error::ApiError;
use crate::api::session::SessionError;
use crate::ingest::Budget;
use crate::limits;
use crate::places::Places;

/// The forms that are being read. Cloning gives another handle to the same ones.
#[derive(Clone)]
pub(super) struct Logins {
    places: Places<Option<IpAddr>>,
    budget: Budget,
}

impl Logins {
    pub(super) fn new() -> Self {
        Self {
            places: Places::new(limits::LOGINS_MAX, limits::LOGINS_OF_ADDRESS_MAX),
            budget: Budget::new(limits::LOGINS_MAX.saturating_mul(limits::LOGIN_BYTES_MAX)),
        }
    }

    /// The key in the form of this request.
    pub(super) async fn key(&self, request: Request) -> Result<String, ApiError> {
        let peer = request.extensions().get::<Peer>();
        let address = peer.map(|Peer(address)| address.ip());
        let place = self.places.try_take(&address);
        let _place = place.map_err(|_| ApiError::TooManyLogins)?;
        let reading = read(&self.budget, request, limits::LOGIN_BYTES_MAX);
        let form = timeout(limits::LOGIN_TIME_MAX, reading).await;
        let (body, _share) = form.unwrap_or(Err(ApiError::BodySlow))?;
        Ok(key(&body)?)
    }
}

/// The key of a form that has this one member.
fn key(form: &[u8]) -> Result<String, SessionError> {
    let mut members = form_urlencoded::parse(form);
    match (members.next(), members.next()) {
        // What is pasted often has a line end behind it, and no key has.
        (Some((name, value)), None) if name == "key" => Ok(value.trim().to_owned()),
        _ => Err(SessionError::Form),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_one_key_and_nothing_else() {
        assert_eq!(key(b"key=al_sk_1").unwrap(), "al_sk_1");
        assert_eq!(key(b"key=+a%2Bb%0A").unwrap(), "a+b");
        for form in ["", "key", "token=x", "key=a&key=b", "key=a&b=c"] {
            let expected = (form == "key").then(String::new);
            assert_eq!(key(form.as_bytes()).ok(), expected, "{form}");
        }
    }
}
