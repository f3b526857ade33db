//! Bodies: in chunks, held, ended, and too large to be held.

use anyhow::Result;
use proxy_wasm_host_test::HeaderPause;

use crate::check;
use crate::scenario::{Lines, Scenario, Step};

#[test]
fn a_continued_body_is_seen_chunk_by_chunk_with_an_empty_end() -> Result<()> {
    let shown = check(&Scenario::new("tells_bodies").exchange(in_chunks()))?;
    let said = ["headers false", "3 false one", "3 false two", "0 true "];
    assert_eq!(shown.worker[..4], said);
    Ok(())
}

#[test]
fn a_paused_body_is_seen_again_with_what_has_come() -> Result<()> {
    let shown = check(&Scenario::new("collects_bodies").exchange(in_chunks()))?;
    assert_eq!(
        shown.worker[..3],
        ["3 false one", "6 false onetwo", "6 true onetwo"]
    );
    Ok(())
}

#[test]
fn a_body_can_be_changed_at_its_ends_only() -> Result<()> {
    check(&Scenario::new("replaces_body").exchange(in_chunks()))?;
    Ok(())
}

#[test]
fn a_body_outside_its_callback_is_empty_and_other_buffers_are_not_found() -> Result<()> {
    let steps = [Step::RequestOnly(""), Step::ResponseOnly];
    check(&Scenario::new("reads_buffers_anywhere").exchange(steps))?;
    Ok(())
}

#[test]
fn a_held_request_above_the_limit_is_answered_413() -> Result<()> {
    let shown = check(
        &limited("collects_bodies")
            .exchange([Step::RequestHeaders, Step::RequestBody("x".repeat(10_000))]),
    )?;
    let answer = shown.exchanges[0].client.as_ref();
    assert_eq!(answer.and_then(|answer| answer.status), Some(413));
    Ok(())
}

#[test]
fn a_held_response_above_the_limit_is_cut_when_its_headers_have_gone() -> Result<()> {
    let shown = check(&limited("collects_bodies").exchange(large_response()))?;
    let answer = shown.exchanges[0].client.as_ref();
    assert!(answer.is_some_and(|answer| !answer.ended && answer.body.is_empty()));
    Ok(())
}

#[test]
fn a_held_response_above_the_limit_is_500_when_its_headers_are_held_too() -> Result<()> {
    let scenario = Scenario {
        header_pause: HeaderPause::StopHeaders,
        ..limited("collects_with_headers")
    };
    let shown = check(&scenario.exchange(large_response()))?;
    let answer = shown.exchanges[0].client.as_ref();
    assert_eq!(answer.and_then(|answer| answer.status), Some(500));
    Ok(())
}

fn limited(guest: &'static str) -> Scenario {
    Scenario {
        buffer_bytes_max: Some(1024),
        lines: Lines::DependOnChunks,
        ..Scenario::new(guest)
    }
}

fn large_response() -> [Step; 3] {
    [
        Step::RequestOnly(""),
        Step::ResponseHeaders,
        Step::ResponseBody("x".repeat(10_000)),
    ]
}

fn in_chunks() -> [Step; 7] {
    [
        Step::RequestHeaders,
        Step::RequestBody("one".to_owned()),
        Step::RequestBody("two".to_owned()),
        Step::RequestEnd,
        Step::ResponseHeaders,
        Step::ResponseBody("three".to_owned()),
        Step::ResponseEnd,
    ]
}
