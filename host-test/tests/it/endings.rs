//! How streams end.

use anyhow::Result;

use proxy_wasm_host_test::Profile;

use crate::setup::{REQUEST, RESPONSE, start, start_in};

#[test]
fn the_last_callbacks_are_log_then_done_then_delete() -> Result<()> {
    let setup = start("tells_endings")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    stream.response_headers_only(RESPONSE);
    setup.says();
    let step = stream.finish();
    assert_eq!(step.callback_names(), ["on_log", "on_done", "on_delete"]);
    assert_eq!(setup.says(), ["log", "done 2", "delete 2"]);
    assert!(stream.finish().callbacks.is_empty());
    Ok(())
}

#[test]
fn a_request_refused_before_the_plugin_is_only_logged() -> Result<()> {
    let setup = start("tells_endings")?;
    let stream = setup.vm.stream();
    let step = stream.local_reply(400, "bad request");
    assert!(step.callbacks.is_empty());
    assert_eq!(step.downstream.status(), Some(400));
    assert_eq!(
        stream.finish().callback_names(),
        ["on_log", "on_done", "on_delete"]
    );
    Ok(())
}

#[test]
fn the_headers_of_a_request_refused_before_the_plugin_can_be_read_in_the_log_callback() -> Result<()>
{
    let setup = start("tells_endings")?;
    let stream = setup.vm.stream();
    stream.request_headers_kept_from_plugin(REQUEST);
    assert!(stream.local_reply(403, "denied").callbacks.is_empty());
    let step = stream.finish();
    assert_eq!(step.callback_names(), ["on_log", "on_done", "on_delete"]);
    Ok(())
}

#[test]
fn a_filter_of_an_upstream_is_done_without_a_log() -> Result<()> {
    let setup = start_in(Profile::envoy().without_stream_logs(), "tells_endings")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    stream.response_headers_only(RESPONSE);
    let step = stream.finish();
    assert_eq!(step.callback_names(), ["on_done", "on_delete"]);
    Ok(())
}

#[test]
fn a_client_that_goes_away_shows_in_the_log_callback_only() -> Result<()> {
    let setup = start("tells_endings")?;
    let stream = setup.vm.stream();
    stream.request_headers(REQUEST);
    let step = stream.client_disconnect();
    assert_eq!(step.callback_names(), ["on_log", "on_done", "on_delete"]);
    assert!(stream.request_body("late").callbacks.is_empty());
    Ok(())
}

#[test]
fn an_upstream_that_breaks_before_its_response_gives_a_503_that_the_plugin_sees() -> Result<()> {
    let setup = start("tells_endings")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    let step = stream.upstream_reset();
    assert_eq!(
        step.callback_names(),
        ["on_response_headers", "on_response_body"]
    );
    assert_eq!(step.downstream.status(), Some(503));
    Ok(())
}

#[test]
fn an_upstream_that_breaks_in_its_response_cuts_the_stream() -> Result<()> {
    let setup = start("tells_endings")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    stream.response_headers(RESPONSE);
    let step = stream.upstream_reset();
    assert!(step.reset);
    assert_eq!(step.callback_names(), ["on_log", "on_done", "on_delete"]);
    Ok(())
}

#[test]
fn a_time_out_before_the_response_is_a_504() -> Result<()> {
    let setup = start("tells_endings")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    assert_eq!(stream.upstream_timeout().local_reply, Some(504));
    Ok(())
}

#[test]
fn a_guests_own_answer_passes_its_own_response_callbacks() -> Result<()> {
    let setup = start("answers_itself")?;
    let stream = setup.vm.stream();
    let step = stream.request_headers(REQUEST);
    assert_eq!(
        setup.says(),
        ["response headers false", "response body 2 true"]
    );
    assert_eq!(step.upstream.headers, None);
    assert_eq!(step.local_reply, Some(403));
    let headers = step.downstream.headers.unwrap_or_default();
    assert_eq!(headers.text("x"), Some("own"));
    stream.request_body("late");
    stream.response_headers(RESPONSE);
    stream.response_body("late");
    assert!(setup.says().is_empty());
    assert_eq!(stream.downstream().body, b"no");
    Ok(())
}

#[test]
fn a_guest_that_closes_the_stream_cuts_it_after_its_callback() -> Result<()> {
    let setup = start("closes")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    stream.response_headers(RESPONSE);
    let step = stream.response_body("body");
    assert!(step.reset && step.downstream.body.is_empty());
    assert_eq!(setup.said(), ["log"]);
    Ok(())
}
