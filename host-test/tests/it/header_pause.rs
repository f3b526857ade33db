//! Pause in a headers callback: two worlds.

use anyhow::Result;
use proxy_wasm_host_test::{EndOfBody, HeaderPause, Profile};

use crate::setup::{REQUEST, RESPONSE, ms, start, start_in};

#[test]
fn paused_headers_stop_everything_and_the_backlog_comes_as_one_chunk() -> Result<()> {
    let setup = start("holds_response")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    let step = stream.response_headers(RESPONSE);
    assert!(step.held && step.downstream.headers.is_none());
    let step = stream.response_body("one");
    assert!(step.callbacks.is_empty());
    stream.response_body("two");
    stream.response_end();
    setup.host.advance(ms(10));
    assert_eq!(
        setup.said(),
        [
            "effective: 0",
            "continue: 0",
            r#"body 6 true status Ok("200")"#
        ]
    );
    let step = stream.poll();
    assert_eq!(step.downstream.status(), Some(200));
    assert_eq!(step.downstream.body, b"onetwo");
    assert!(step.downstream.ended && !step.held);
    Ok(())
}

#[test]
fn a_held_backlog_has_no_limit_as_the_sender_is_slowed_down() -> Result<()> {
    let setup = start_in(Profile::envoy().buffer_bytes_max(10), "holds_response")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    stream.response(RESPONSE, "x".repeat(1000));
    setup.host.advance(ms(10));
    assert_eq!(stream.downstream().body.len(), 1000);
    Ok(())
}

#[test]
fn trailers_behind_paused_headers_come_after_the_backlog() -> Result<()> {
    let setup = start("holds_response")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    stream.response_headers(RESPONSE);
    stream.response_body("body");
    stream.response_trailers([("x", "trailer")]);
    setup.host.advance(ms(10));
    let said = setup.said();
    assert_eq!(said[2..], [r#"body 4 false status Ok("200")"#, "trailers"]);
    assert!(stream.downstream().trailers.is_some() && stream.downstream().ended);
    Ok(())
}

#[test]
fn a_request_is_held_and_resumed_in_the_same_way() -> Result<()> {
    let setup = start("holds_request")?;
    let stream = setup.vm.stream();
    assert!(stream.request(REQUEST, "body").held);
    assert_eq!(stream.upstream().headers, None);
    setup.host.advance(ms(10));
    assert_eq!(
        setup.said(),
        ["effective: 0", "continue: 0", "body 4 true path Err(2)"]
    );
    assert_eq!(stream.upstream().body, b"body");
    Ok(())
}

#[test]
fn where_only_headers_stop_a_continue_in_a_body_callback_releases_them() -> Result<()> {
    let profile = Profile::envoy().header_pause(HeaderPause::StopHeaders);
    let setup = start_in(profile, "pauses_headers_only")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    assert!(stream.response_headers(RESPONSE).held);
    let step = stream.response_body("body");
    assert_eq!(step.downstream.status(), Some(200));
    assert_eq!(step.downstream.body, b"body");
    assert!(!step.held);
    Ok(())
}

#[test]
fn holding_only_the_end_lets_every_byte_through_before() -> Result<()> {
    let setup = start("holds_end")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    let step = stream.response(RESPONSE, "body");
    assert!(step.held);
    assert_eq!(step.downstream.body, b"body");
    assert!(!step.downstream.ended);
    setup.host.advance(ms(10));
    assert!(stream.downstream().ended);
    Ok(())
}

#[test]
fn a_held_body_can_be_read_from_a_root_callback() -> Result<()> {
    let setup = start_in(
        Profile::envoy().end_of_body(EndOfBody::LastChunk),
        "holds_end",
    )?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    stream.response(RESPONSE, "body");
    setup.host.advance(ms(10));
    assert_eq!(setup.said()[0], "held: Ok(4)");
    assert_eq!(stream.downstream().body, b"body");
    Ok(())
}

#[test]
fn an_unknown_context_is_a_bad_argument_and_a_root_cannot_be_continued() -> Result<()> {
    let setup = start("resumes_nobody")?;
    assert_eq!(
        setup.said(),
        [
            "unknown context: 2",
            "root context: 0",
            "upstream: 12",
            "unknown kind: 2"
        ]
    );
    Ok(())
}

#[test]
fn a_client_that_goes_away_while_held_is_an_unknown_context() -> Result<()> {
    let setup = start("holds_response")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    stream.response_headers(RESPONSE);
    stream.client_disconnect();
    setup.host.advance(ms(10));
    assert_eq!(setup.said(), ["effective: 2", "continue: 0"]);
    assert_eq!(stream.downstream().headers, None);
    Ok(())
}

#[test]
fn a_held_response_can_be_answered_by_the_guest_and_nothing_of_it_gets_out() -> Result<()> {
    let setup = start("answers_held_response")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    stream.response_headers(RESPONSE);
    stream.response_body("secret");
    setup.host.advance(ms(10));
    let step = stream.poll();
    assert_eq!(setup.said(), ["reply: 0"]);
    assert_eq!(step.local_reply, Some(503));
    assert_eq!(step.downstream.status(), Some(503));
    assert_eq!(step.downstream.body, b"not acknowledged");
    assert!(stream.response_body_end("more").downstream.body.is_empty());
    assert!(!stream.is_held());
    Ok(())
}

#[test]
fn a_chosen_context_is_chosen_for_one_callback_only() -> Result<()> {
    let setup = start("chooses_at_ticks")?;
    let stream = setup.vm.stream();
    stream.request_headers(REQUEST);
    setup.host.advance(ms(20));
    assert_eq!(setup.said(), ["before 1 after 0", "before 1 after 0"]);
    Ok(())
}

#[test]
fn answering_another_stream_stops_the_one_whose_callback_runs() -> Result<()> {
    let setup = start("answers_another")?;
    let first = setup.vm.stream();
    first.request_headers_only(REQUEST);
    let second = setup.vm.stream();
    let step = second.request_headers_only(REQUEST);
    assert_eq!(first.poll().local_reply, Some(403));
    assert!(step.held && step.upstream.headers.is_none());
    Ok(())
}
