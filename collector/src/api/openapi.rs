//! `GET /v1/openapi.json`: the API for programs that read OpenAPI.
//!
//! The document is written by hand and served as it is written. The tests below compare it with the
//! router and with the event; others ask a running collector all that it allows and forbids.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;

/// The document needs no key: it is part of a program that anyone can read.
pub(crate) fn routes() -> Router {
    Router::new().route("/v1/openapi.json", get(serve))
}

async fn serve() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT)
}

const DOCUMENT: &str = include_str!("../../openapi.json");

/// The document, for tests of what it describes.
#[cfg(test)]
pub(crate) fn document() -> serde_json::Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

/// The parameters of the query of `GET path`, by their names.
#[cfg(test)]
pub(crate) fn query_parameters(
    path: &str,
) -> std::collections::BTreeMap<String, serde_json::Value> {
    let document = document();
    let parameters = document["paths"][path]["get"]["parameters"]
        .as_array()
        .unwrap();
    let resolved = parameters
        .iter()
        .map(|parameter| match parameter["$ref"].as_str() {
            Some(place) => document.pointer(place.trim_start_matches('#')).unwrap(),
            None => parameter,
        });
    resolved
        .map(|parameter| {
            (
                parameter["name"].as_str().unwrap().to_owned(),
                parameter.clone(),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_of_this_version() {
        assert_eq!(document()["info"]["version"], env!("CARGO_PKG_VERSION"));
    }
}
