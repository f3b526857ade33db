//! How streams, roots and proxies end.

use anyhow::Result;

use crate::check;
use crate::scenario::{Scenario, Step};

#[test]
fn a_canary_is_configured_and_the_last_callbacks_are_log_then_done_then_delete() -> Result<()> {
    let steps = [Step::RequestOnly(""), Step::ResponseOnly];
    let shown = check(&Scenario::new("tells_endings").exchange(steps))?;
    assert_eq!(shown.worker[1..4], ["log", "done 2", "delete 2"]);
    assert_eq!(shown.main[..2], ["configure 1 ", "configure 1 "]);
    Ok(())
}

#[test]
fn a_request_refused_before_the_plugin_is_only_logged() -> Result<()> {
    let scenario = Scenario::new("tells_endings");
    let shown = check(&scenario.exchange([Step::RequestRefused]))?;
    assert_eq!(shown.worker[1..4], ["log", "done 2", "delete 2"]);
    Ok(())
}

#[test]
fn a_client_that_goes_away_shows_in_the_log_callback_only() -> Result<()> {
    let scenario = Scenario::new("reads_every_map");
    check(&scenario.exchange([Step::RequestHeaders, Step::ClientGone]))?;
    Ok(())
}

#[test]
fn an_upstream_that_breaks_before_its_response_gives_a_503_that_the_plugin_sees() -> Result<()> {
    let scenario = Scenario::new("tells_bodies");
    check(&scenario.exchange([Step::RequestOnly(""), Step::UpstreamGone]))?;
    Ok(())
}

#[test]
fn an_upstream_that_breaks_in_its_response_cuts_the_stream() -> Result<()> {
    check(&Scenario::new("tells_bodies").exchange([
        Step::RequestOnly(""),
        Step::ResponseHeaders,
        Step::ResponseBody("one".to_owned()),
        Step::UpstreamGone,
    ]))?;
    Ok(())
}

#[test]
fn a_guests_own_answer_passes_its_own_response_callbacks() -> Result<()> {
    check(&Scenario::new("answers_itself").exchange([Step::RequestOnly("")]))?;
    Ok(())
}

#[test]
fn queues_that_are_empty_or_unknown_have_their_statuses() -> Result<()> {
    check(&Scenario::new("misuses_queues"))?;
    Ok(())
}
