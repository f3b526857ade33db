//! How bodies come: in chunks or held, and how they end.

use anyhow::Result;
use proxy_wasm_host_test::{EndOfBody, HeaderPause, Profile};

use crate::setup::{REQUEST, RESPONSE, start, start_in};

#[test]
fn a_continued_body_is_seen_chunk_by_chunk() -> Result<()> {
    let setup = start("tells_bodies")?;
    let stream = setup.vm.stream();
    stream.request_headers(REQUEST);
    assert_eq!(stream.request_body("one").upstream.body, b"one");
    assert_eq!(stream.request_body("two").upstream.body, b"two");
    assert_eq!(
        setup.said(),
        ["headers false", "3 false one", "3 false two"]
    );
    Ok(())
}

#[test]
fn a_paused_body_is_seen_again_with_what_has_come() -> Result<()> {
    let setup = start("collects_bodies")?;
    let stream = setup.vm.stream();
    stream.request_headers(REQUEST);
    let step = stream.request_body("one");
    assert!(step.held && step.upstream.body.is_empty());
    stream.request_body("two");
    let step = stream.request_end();
    assert_eq!(
        setup.said(),
        ["3 false one", "6 false onetwo", "6 true onetwo"]
    );
    assert_eq!(step.upstream.body, b"onetwo");
    assert!(step.upstream.ended && !step.held);
    Ok(())
}

#[test]
fn the_end_of_a_body_is_an_extra_empty_callback() -> Result<()> {
    let setup = start("tells_bodies")?;
    setup.vm.stream().request(REQUEST, "body");
    assert_eq!(setup.said(), ["headers false", "4 false body", "0 true "]);
    Ok(())
}

#[test]
fn the_end_of_a_body_comes_with_the_last_chunk_where_the_proxy_does_so() -> Result<()> {
    let profile = Profile::envoy().end_of_body(EndOfBody::LastChunk);
    let setup = start_in(profile, "tells_bodies")?;
    setup.vm.stream().request(REQUEST, "body");
    assert_eq!(setup.said(), ["headers false", "4 true body"]);
    Ok(())
}

#[test]
fn a_local_reply_has_its_end_with_its_body() -> Result<()> {
    let setup = start("tells_bodies")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    setup.says();
    let step = stream.local_reply(429, "too many");
    assert_eq!(setup.says(), ["8 true too many"]);
    assert_eq!(step.local_reply, Some(429));
    assert_eq!(step.downstream.status(), Some(429));
    Ok(())
}

#[test]
fn a_message_of_headers_only_has_no_body_callback() -> Result<()> {
    let setup = start("tells_bodies")?;
    let step = setup.vm.stream().request_headers_only(REQUEST);
    assert_eq!(setup.said(), ["headers true"]);
    assert!(step.upstream.ended);
    Ok(())
}

#[test]
fn trailers_stand_for_the_end_of_the_body() -> Result<()> {
    let setup = start("tells_bodies")?;
    let stream = setup.vm.stream();
    stream.request_headers(REQUEST);
    stream.request_body("body");
    let step = stream.request_trailers([("x", "trailer")]);
    assert_eq!(setup.said(), ["headers false", "4 false body", "trailers"]);
    assert!(step.upstream.ended && step.upstream.trailers.is_some());
    Ok(())
}

#[test]
fn a_body_outside_its_callback_is_empty_and_other_buffers_are_not_found() -> Result<()> {
    let setup = start("reads_buffers_anywhere")?;
    setup.vm.stream().request_headers(REQUEST);
    assert_eq!(
        setup.said(),
        [
            "0: Ok(0)",
            "1: Ok(0)",
            "4: Err(1)",
            "7: Err(1)",
            "9: Err(2)",
            "overflow: Ok([])"
        ]
    );
    Ok(())
}

#[test]
fn a_body_can_be_changed_at_its_ends_only() -> Result<()> {
    let setup = start("replaces_body")?;
    let stream = setup.vm.stream();
    stream.request(REQUEST, "body");
    assert_eq!(
        setup.said(),
        ["middle: 2", "whole: 0", "part: 0", "before: 0", "behind: 0"]
    );
    assert_eq!(stream.upstream().body, b"<New>");
    Ok(())
}

#[test]
fn a_held_request_at_the_limit_passes_and_above_it_is_answered_413() -> Result<()> {
    for (size, status) in [(9, None), (10, None), (11, Some(413))] {
        let setup = start_in(Profile::envoy().buffer_bytes_max(10), "collects_bodies")?;
        let stream = setup.vm.stream();
        stream.request_headers(REQUEST);
        stream.request_body("12345");
        let step = stream.request_body("x".repeat(size - 5));
        assert_eq!(step.local_reply, status, "{size} bytes");
        stream.request_end();
        assert_eq!(stream.upstream().ended, status.is_none(), "{size} bytes");
        assert_eq!(stream.downstream().status(), status, "{size} bytes");
    }
    Ok(())
}

#[test]
fn a_held_response_above_the_limit_is_cut_when_its_headers_have_gone() -> Result<()> {
    let setup = start_in(Profile::envoy().buffer_bytes_max(10), "collects_bodies")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    stream.response_headers(RESPONSE);
    let step = stream.response_body("more than ten");
    assert!(step.reset && stream.is_over());
    assert_eq!(stream.downstream().status(), Some(200));
    assert_eq!(stream.downstream().body, b"");
    Ok(())
}

#[test]
fn a_held_response_above_the_limit_is_500_when_its_headers_are_held_too() -> Result<()> {
    let profile = Profile::envoy()
        .header_pause(HeaderPause::StopHeaders)
        .buffer_bytes_max(10);
    let setup = start_in(profile, "collects_with_headers")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    stream.response_headers(RESPONSE);
    let step = stream.response_body("more than ten");
    assert_eq!(step.local_reply, Some(500));
    assert_eq!(stream.downstream().status(), Some(500));
    assert_eq!(stream.downstream().body, b"Internal Server Error");
    Ok(())
}

#[test]
fn stopping_with_a_watermark_holds_bytes_without_showing_them_again() -> Result<()> {
    let setup = start("stops_with 2")?;
    let stream = setup.vm.stream();
    stream.request_headers(REQUEST);
    stream.request_body("one");
    assert_eq!(stream.upstream().body, b"");
    stream.request_body_end("two");
    assert_eq!(setup.said(), ["3 false one", "3 false two", "0 true "]);
    assert_eq!(stream.upstream().body, b"onetwo");
    Ok(())
}

#[test]
fn stopping_without_a_buffer_drops_the_bytes() -> Result<()> {
    let setup = start("stops_with 3")?;
    let stream = setup.vm.stream();
    stream.request(REQUEST, "gone");
    assert_eq!(setup.said(), ["4 false gone", "0 true "]);
    assert_eq!(stream.upstream().body, b"");
    assert!(stream.upstream().ended);
    Ok(())
}

#[test]
fn an_upgrade_begins_with_an_empty_chunk_that_is_not_the_end() -> Result<()> {
    let setup = start("tells_bodies")?;
    let stream = setup.vm.stream();
    stream.request_headers(REQUEST);
    stream.request_body("");
    stream.request_body("frame");
    assert_eq!(setup.said(), ["headers false", "0 false ", "5 false frame"]);
    Ok(())
}
