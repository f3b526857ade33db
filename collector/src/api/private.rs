//! Headers for what a browser shows and must not keep, embed or take for something else.

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::response::Response;

/// Sets them.
pub(crate) fn keep_private(response: &mut Response) {
    let headers = response.headers_mut();
    for (name, value) in PRIVATE {
        headers.insert(name, HeaderValue::from_static(value));
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
