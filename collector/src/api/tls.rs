//! TLS by certificate files, which are read again when they change.

mod files;
mod listener;
mod renewal;

use axum::http::HeaderValue;
use axum::http::header::STRICT_TRANSPORT_SECURITY;
use axum::response::Response;

use crate::limits;

pub use files::{TlsError, TlsFiles};
pub(crate) use listener::TlsListener;
pub(crate) use renewal::Certificate;

/// Has browsers ask in no other way than by TLS from now on.
/// <https://www.rfc-editor.org/rfc/rfc6797>
pub(crate) async fn insist(mut response: Response) -> Response {
    let seconds = limits::STRICT_TRANSPORT_AGE.as_secs();
    if let Ok(value) = HeaderValue::try_from(format!("max-age={seconds}")) {
        response
            .headers_mut()
            .insert(STRICT_TRANSPORT_SECURITY, value);
    }
    response
}
