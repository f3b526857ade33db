//! Which header maps can be read and changed when.
//!
//! A line says what reading `x` in the four maps of a stream gives: request headers, request
//! trailers, response headers, response trailers; a number is a status. Then the bytes that all
//! pairs of each map take.

use anyhow::Result;
use proxy_wasm_host_test::{HeaderPause, Headers, Profile};

use crate::setup::{REQUEST, RESPONSE, start, start_in};

#[test]
fn each_map_can_be_read_in_its_own_callback_only() -> Result<()> {
    let setup = start("reads_every_map")?;
    let stream = setup.vm.stream();
    stream.request_headers(REQUEST);
    stream.request_body("body");
    stream.request_trailers([("x", "request trailer")]);
    assert_eq!(
        setup.says(),
        [
            "request headers: request 2 2 2 [59, 0, 0, 0]",
            "request body: 2 2 2 2 [0, 0, 0, 0]",
            "request trailers: 2 request trailer 2 2 [0, 30, 0, 0]",
        ]
    );
    Ok(())
}

#[test]
fn request_headers_cannot_be_read_in_response_callbacks() -> Result<()> {
    let setup = start("reads_every_map")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    setup.says();
    stream.response_headers(RESPONSE);
    stream.response_body("body");
    stream.response_trailers([("x", "response trailer")]);
    assert_eq!(
        setup.says(),
        [
            "response headers: 2 2 response 2 [0, 0, 43, 0]",
            "response body: 2 2 2 2 [0, 0, 0, 0]",
            "response trailers: 2 2 2 response trailer [0, 0, 0, 31]",
        ]
    );
    Ok(())
}

#[test]
fn all_maps_but_the_request_trailers_can_be_read_in_the_log() -> Result<()> {
    let setup = start("reads_every_map")?;
    let stream = setup.vm.stream();
    stream.request_headers(REQUEST);
    stream.request_trailers([("x", "request trailer")]);
    stream.response_headers(RESPONSE);
    stream.response_trailers([("x", "response trailer")]);
    setup.says();
    stream.finish();
    assert_eq!(
        setup.says(),
        ["log: request 1 response response trailer [59, 0, 43, 31]"]
    );
    Ok(())
}

#[test]
fn a_map_that_was_never_there_is_not_found_in_the_log() -> Result<()> {
    let setup = start("reads_every_map")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    setup.says();
    stream.client_disconnect();
    assert_eq!(setup.says(), ["log: request 1 1 1 [59, 0, 0, 0]"]);
    Ok(())
}

#[test]
fn a_header_that_is_not_there_is_not_found() -> Result<()> {
    let setup = start("reads_every_map")?;
    setup.vm.stream().request_headers_only([(":path", "/")]);
    assert_eq!(setup.says(), ["request headers: 1 2 2 2 [20, 0, 0, 0]"]);
    Ok(())
}

#[test]
fn changed_headers_are_what_goes_on() -> Result<()> {
    let setup = start("changes_headers")?;
    let stream = setup.vm.stream();
    let step = stream.request_headers_only(REQUEST);
    let upstream = step.upstream.headers.unwrap_or_default();
    assert_eq!(
        upstream.without(&REQUEST.into()),
        Headers::from([("x", "changed")])
    );
    assert_eq!(
        Headers::from(REQUEST).without(&upstream),
        Headers::from([("x", "request")])
    );
    let step = stream.response_headers_only(RESPONSE);
    let downstream = step.downstream.headers.unwrap_or_default();
    assert_eq!(downstream.text("x"), Some("changed"));
    Ok(())
}

#[test]
fn headers_that_have_gone_cannot_be_changed() -> Result<()> {
    let setup = start("changes_request_late")?;
    let stream = setup.vm.stream();
    stream.request(REQUEST, "body");
    stream.finish();
    assert_eq!(setup.said(), ["body: 2", "body: 2", "log: 2"]);
    assert_eq!(
        stream.upstream().headers.unwrap_or_default().text("x"),
        Some("request")
    );
    Ok(())
}

#[test]
fn paused_headers_can_still_be_read_in_body_callbacks() -> Result<()> {
    let profile = Profile::envoy().header_pause(HeaderPause::StopHeaders);
    let setup = start_in(profile, "pauses_headers_only")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    stream.response_headers(RESPONSE);
    stream.response_body("body");
    assert_eq!(setup.said(), [r#"body 4 false status Ok("200")"#]);
    Ok(())
}

#[test]
fn trailers_can_be_added_at_the_end_of_a_body_only() -> Result<()> {
    let setup = start("adds_trailers")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    stream.response(RESPONSE, "body");
    assert_eq!(setup.said(), ["end false: 2", "end true: 0"]);
    let downstream = stream.downstream();
    assert_eq!(
        downstream.trailers.unwrap_or_default().text("x"),
        Some("added")
    );
    assert_eq!(downstream.body, b"body");
    assert!(downstream.ended);
    Ok(())
}
