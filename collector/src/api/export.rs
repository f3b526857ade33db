//! Answers that are streams of many lines or rows.

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;

use crate::query::{ExportError, Format};

/// The format that a client asks for by its headers.
pub(super) fn accepted(headers: &HeaderMap) -> Format {
    let values = headers.get_all(ACCEPT).into_iter();
    Format::accepted(values.filter_map(|value| value.to_str().ok()))
}

/// The stream as an answer, which a browser keeps as a file of this name.
pub(super) fn stream(
    name: &str,
    format: Format,
    pieces: impl Stream<Item = Result<Vec<u8>, ExportError>> + Send + 'static,
) -> Response {
    let name = format!("attachment; filename=\"{name}.{}\"", format.ending());
    let headers = [
        (CONTENT_TYPE, format.media_type().to_owned()),
        (CONTENT_DISPOSITION, name),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}
