//! Callouts: refused at once, failed, answered, and whose they are.

use anyhow::Result;

use crate::check;
use crate::scenario::{Audit, Scenario, Step};

#[test]
fn unknown_clusters_missing_headers_and_time_outs_over_the_maximum_are_bad_arguments() -> Result<()>
{
    check(&Scenario::new("calls_badly"))?;
    Ok(())
}

#[test]
fn no_healthy_host_is_an_internal_failure_without_a_callback() -> Result<()> {
    called(Audit::HasNoHost, "failed 10")
}

#[test]
fn a_refused_connection_looks_like_a_503() -> Result<()> {
    called(Audit::RefusesConnections, r#"Ok("503")"#)
}

#[test]
fn a_time_out_looks_like_a_504_with_24_bytes() -> Result<()> {
    called(Audit::Hangs, r#"24 Ok("504") Ok(24)"#)
}

#[test]
fn a_reset_after_the_headers_has_no_headers_and_reading_one_is_a_bad_argument() -> Result<()> {
    called(Audit::ResetsAfterHeaders, "headers 0 0 Err(2) Err(1)")
}

#[test]
fn a_callout_made_by_a_stream_belongs_to_the_root_and_outlives_the_stream() -> Result<()> {
    let scenario = Scenario::new("calls_from_log");
    let steps = [Step::RequestOnly(""), Step::ResponseOnly, Step::TimePasses];
    let shown = check(&scenario.exchange(steps))?;
    assert!(shown.worker[1].starts_with("root 1 token 4 "), "{shown:#?}");
    Ok(())
}

#[test]
fn a_callout_in_flight_is_dropped_when_the_proxy_stops() -> Result<()> {
    let scenario = Scenario {
        audit: Audit::Hangs,
        ..Scenario::new("calls_from_log")
    };
    let shown = check(&scenario.exchange([Step::RequestOnly(""), Step::ResponseOnly]))?;
    assert_eq!(shown.worker, ["sent 4"]);
    Ok(())
}

#[test]
fn nothing_that_is_sent_while_the_proxy_stops_leaves_it_but_its_log() -> Result<()> {
    let shown = check(&Scenario::new("calls_when_done"))?;
    assert_eq!(shown.worker, ["sent 4", "left behind"]);
    Ok(())
}

/// The guest's call at its first tick: some line of the worker holds `part`.
fn called(audit: Audit, part: &str) -> Result<()> {
    let scenario = Scenario {
        audit,
        ..Scenario::new("calls")
    };
    let shown = check(&scenario.exchange([Step::TimePasses]))?;
    assert!(
        shown.worker.iter().any(|line| line.contains(part)),
        "{shown:#?}"
    );
    Ok(())
}
