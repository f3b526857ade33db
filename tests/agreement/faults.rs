//! Traps, failure policies and what is denied.

use anyhow::Result;
use proxy_wasm_host_test::FailurePolicy;

use crate::check;
use crate::scenario::{Scenario, Shown, Step};

#[test]
fn a_trap_kills_the_vm_and_a_closed_policy_answers_503_for_ever() -> Result<()> {
    let shown = trapped(FailurePolicy::Closed, Step::TimePasses)?;
    assert_eq!(statuses(&shown), [Some(503), Some(503)]);
    assert!(shown.worker.is_empty(), "no log, no done: {shown:#?}");
    Ok(())
}

#[test]
fn an_open_policy_answers_503_to_the_request_that_trapped_only() -> Result<()> {
    let shown = trapped(FailurePolicy::OpenForNew, Step::Response("body"))?;
    assert_eq!(statuses(&shown), [Some(503), Some(200)]);
    Ok(())
}

#[test]
fn fail_open_lets_even_the_request_that_trapped_pass() -> Result<()> {
    let scenario = Scenario {
        policy: FailurePolicy::Open,
        ..Scenario::new("traps")
    };
    let steps = [Step::RequestOnly("trap"), Step::Response("body")];
    let shown = check(&scenario.exchange(steps))?;
    assert_eq!(statuses(&shown), [Some(200)]);
    Ok(())
}

#[test]
fn a_denied_host_call_is_an_internal_failure_and_a_denied_callback_is_not_called() -> Result<()> {
    let scenario = Scenario {
        denied: &["proxy_set_tick_period_milliseconds", "proxy_on_log"],
        ..Scenario::new("ticks 100")
    };
    let shown = check(&scenario.exchange([Step::RequestOnly(""), Step::ResponseOnly]))?;
    assert_eq!(shown.worker, ["asked: 10"]);
    Ok(())
}

/// A request that traps, and one after it.
fn trapped(policy: FailurePolicy, then: Step) -> Result<Shown> {
    let scenario = Scenario {
        policy,
        ..Scenario::new("traps")
    };
    let scenario = scenario.exchange([Step::RequestOnly("trap")]);
    check(&scenario.exchange([Step::RequestOnly(""), then]))
}

fn statuses(shown: &Shown) -> Vec<Option<u16>> {
    let seen = shown.exchanges.iter();
    seen.map(|seen| seen.client.as_ref()?.status).collect()
}
