//! As much of Envoy's `external_processor.proto` as a recorder reads. Unknown fields are skipped.

/// What Envoy has seen of a call.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ProcessingRequest {
    #[prost(oneof = "Seen", tags = "2, 3, 4, 5")]
    pub(super) request: Option<Seen>,
}

/// One piece of it.
#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Seen {
    #[prost(message, tag = "2")]
    RequestHeaders(HttpHeaders),
    #[prost(message, tag = "3")]
    ResponseHeaders(HttpHeaders),
    #[prost(message, tag = "4")]
    RequestBody(HttpBody),
    #[prost(message, tag = "5")]
    ResponseBody(HttpBody),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct HttpHeaders {
    #[prost(message, optional, tag = "1")]
    headers: Option<HeaderMap>,
    #[prost(bool, tag = "3")]
    pub(super) end_of_stream: bool,
}

impl HttpHeaders {
    /// As core reads them.
    pub(super) fn pairs(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let headers = self.headers.iter().flat_map(|map| &map.headers);
        let pair = |header: &HeaderValue| {
            let value = match header.raw_value.is_empty() {
                true => header.value.as_bytes(),
                false => &header.raw_value,
            };
            (header.key.clone().into_bytes(), value.to_vec())
        };
        headers.map(pair).collect()
    }
}

#[derive(Clone, PartialEq, prost::Message)]
struct HeaderMap {
    #[prost(message, repeated, tag = "1")]
    headers: Vec<HeaderValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct HeaderValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(string, tag = "2")]
    value: String,
    #[prost(bytes = "vec", tag = "3")]
    raw_value: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct HttpBody {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) body: bytes::Bytes,
    #[prost(bool, tag = "2")]
    pub(super) end_of_stream: bool,
}

/// Envoy waits for none where it is only observed.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ProcessingResponse {}
