//! Answers that are streams of many lines or rows.

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;

use crate::api::door::Seen;
use crate::api::error::ApiError;
use crate::key::KeyHash;
use crate::query::{ExportError, Exports, Format, Pages};
use crate::store::{Action, Store};

/// The format that a client asks for by its headers.
pub(super) fn accepted(headers: &HeaderMap) -> Format {
    let values = headers.get_all(ACCEPT).into_iter();
    Format::accepted(values.filter_map(|value| value.to_str().ok()))
}

/// What is exported.
pub(super) struct File {
    pub(super) action: Action,
    /// Of the file that a browser keeps it in.
    pub(super) name: &'static str,
    pub(super) format: Format,
    /// Whose it is; `None` may be anyone's.
    pub(super) organization_id: Option<String>,
}

/// The pages as one stream.
pub(super) async fn answer<P: Pages>(
    exports: Exports,
    pages: P,
    store: Store,
    key: KeyHash,
    file: File,
) -> Result<Response, ApiError> {
    let (told, pieces) = exports.start(pages, store, key).await?;
    let seen = Seen::stream(file.action, told).of(file.organization_id);
    Ok(seen.with(stream(file.name, file.format, pieces)))
}

/// The stream as an answer, which a browser keeps as a file of this name.
fn stream(
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
