//! What the sample LLM received, for tests that check that traffic passes untouched.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::request::Parts;

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// Such as `POST`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Names in lower case and values byte for byte, in the order they came for each name.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, whole.
    pub body: Bytes,
}

impl Received {
    pub(super) fn new(parts: &Parts, body: Bytes) -> Self {
        let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
            (name.as_str().to_owned(), value.as_bytes().to_vec())
        };
        Self {
            method: parts.method.to_string(),
            path: parts.uri.to_string(),
            headers: parts.headers.iter().map(header).collect(),
            body,
        }
    }
}

/// Requests by the case they belong to.
#[derive(Debug, Default)]
pub(super) struct Journal {
    cases: Mutex<BTreeMap<String, Vec<Received>>>,
}

impl Journal {
    pub(super) fn keep(&self, case: &str, request: Received) {
        let mut cases = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        cases.entry(case.to_owned()).or_default().push(request);
    }

    pub(super) fn received(&self, case: &str) -> Vec<Received> {
        let cases = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        cases.get(case).cloned().unwrap_or_default()
    }
}
