//! Which header maps can be read and changed when.

use crate::host::{
    REQUEST_HEADERS, REQUEST_TRAILERS, RESPONSE_HEADERS, RESPONSE_TRAILERS, header, pairs, say,
    set_header,
};
use crate::{CONTINUE, Guest};

/// Says in every callback of a stream, for each of its four maps, the value of `x` or the status.
pub(crate) struct ReadsEveryMap;

impl ReadsEveryMap {
    fn read(&self, moment: &str) -> u32 {
        let maps = [
            REQUEST_HEADERS,
            REQUEST_TRAILERS,
            RESPONSE_HEADERS,
            RESPONSE_TRAILERS,
        ];
        let values = maps.map(|map| header(map, "x").unwrap_or_else(|status| status.to_string()));
        let sizes = maps.map(|map| pairs(map).map_or(-1, |pairs| pairs.len() as i64));
        say(&format!("{moment}: {} {sizes:?}", values.join(" ")));
        CONTINUE
    }
}

impl Guest for ReadsEveryMap {
    fn request_headers(&self, _: u32, _: bool) -> u32 {
        self.read("request headers")
    }
    fn request_body(&self, _: u32, _: u32, _: bool) -> u32 {
        self.read("request body")
    }
    fn request_trailers(&self, _: u32) -> u32 {
        self.read("request trailers")
    }
    fn response_headers(&self, _: u32, _: bool) -> u32 {
        self.read("response headers")
    }
    fn response_body(&self, _: u32, _: u32, _: bool) -> u32 {
        self.read("response body")
    }
    fn response_trailers(&self, _: u32) -> u32 {
        self.read("response trailers")
    }
    fn log(&self, _: u32) {
        self.read("log");
    }
}

/// Sets `x` in both headers.
pub(crate) struct ChangesHeaders;

impl Guest for ChangesHeaders {
    fn request_headers(&self, _: u32, _: bool) -> u32 {
        set_header(REQUEST_HEADERS, "X", "changed")
    }
    fn response_headers(&self, _: u32, _: bool) -> u32 {
        set_header(RESPONSE_HEADERS, "X", "changed")
    }
}

/// Changes the request's headers when they have gone.
pub(crate) struct ChangesRequestLate;

impl Guest for ChangesRequestLate {
    fn request_body(&self, _: u32, _: u32, _: bool) -> u32 {
        say(&format!(
            "body: {}",
            set_header(REQUEST_HEADERS, "x", "late")
        ));
        CONTINUE
    }
    fn log(&self, _: u32) {
        say(&format!(
            "log: {}",
            set_header(REQUEST_HEADERS, "x", "late")
        ));
    }
}

/// Adds trailers to a response that has none.
pub(crate) struct AddsTrailers;

impl Guest for AddsTrailers {
    fn response_body(&self, _: u32, _: u32, end: bool) -> u32 {
        say(&format!(
            "end {end}: {}",
            set_header(RESPONSE_TRAILERS, "x", "added")
        ));
        CONTINUE
    }
}
