//! Header maps, and headers that are held.

use anyhow::Result;
use proxy_wasm_host_test::HeaderPause;

use crate::check;
use crate::scenario::{Scenario, Step};

#[test]
fn each_map_is_read_in_its_own_callback_and_in_the_log() -> Result<()> {
    let shown = check(&Scenario::new("reads_every_map").exchange([
        Step::RequestHeaders,
        Step::RequestBody("body".to_owned()),
        Step::RequestEnd,
        Step::Response("body"),
    ]))?;
    assert!(
        shown.worker[1].starts_with("request body: 2 2 2 2"),
        "{shown:#?}"
    );
    Ok(())
}

#[test]
fn changed_headers_are_what_goes_on() -> Result<()> {
    let scenario = Scenario::new("changes_headers");
    check(&scenario.exchange([Step::RequestOnly(""), Step::Response("body")]))?;
    Ok(())
}

#[test]
fn headers_that_have_gone_cannot_be_changed() -> Result<()> {
    check(&Scenario::new("changes_request_late").exchange([
        Step::RequestHeaders,
        Step::RequestBody("body".to_owned()),
        Step::RequestEnd,
        Step::ResponseOnly,
    ]))?;
    Ok(())
}

#[test]
fn paused_headers_stop_everything_and_the_backlog_comes_as_one_chunk() -> Result<()> {
    check(&Scenario::new("holds_response").exchange([
        Step::RequestOnly(""),
        Step::Response("body"),
        Step::TimePasses,
    ]))?;
    Ok(())
}

#[test]
fn where_only_headers_stop_a_continue_in_a_body_callback_releases_them() -> Result<()> {
    let scenario = Scenario {
        header_pause: HeaderPause::StopHeaders,
        ..Scenario::new("pauses_headers_only")
    };
    check(&scenario.exchange([Step::RequestOnly(""), Step::Response("body")]))?;
    Ok(())
}

#[test]
fn an_unknown_context_is_a_bad_argument_and_a_root_cannot_be_continued() -> Result<()> {
    check(&Scenario::new("resumes_nobody"))?;
    Ok(())
}
