//! A trap, and what the failure policies make of it.

use anyhow::Result;
use proxy_wasm_host_test::{FailurePolicy, Host, Level, Passed, Profile, Stream};

use crate::setup::{REQUEST, RESPONSE, Setup, ms, plugin, said};

const TRAP: [(&str, &str); 2] = [(":path", "/"), ("trap", "")];

fn start(policy: FailurePolicy) -> Result<Setup> {
    let host = Host::new(Profile::envoy());
    let vm = host.start(&plugin("traps")?.failure_policy(policy))?;
    Ok(Setup { host, vm })
}

/// A stream whose response has begun when the VM dies.
fn in_flight(setup: &Setup) -> Stream {
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    stream.response_headers(RESPONSE);
    stream
}

#[test]
fn a_trap_kills_the_vm_and_no_callback_comes_any_more() -> Result<()> {
    let setup = start(FailurePolicy::Closed)?;
    let stream = setup.vm.stream();
    stream.request_headers_only(TRAP);
    assert!(!setup.vm.is_alive());
    stream.finish();
    setup.vm.shut_down();
    assert!(said(&setup.host).is_empty());
    let log = setup.host.log_text(Level::Critical);
    assert!(
        log[0].starts_with("Function: proxy_on_request_headers failed: "),
        "{log:?}"
    );
    Ok(())
}

#[test]
fn the_request_that_trapped_gets_503_or_passes_if_fail_open() -> Result<()> {
    for (policy, status) in [
        (FailurePolicy::Closed, Some(503)),
        (FailurePolicy::Reload, Some(503)),
        (FailurePolicy::OpenForNew, Some(503)),
        (FailurePolicy::Open, None),
    ] {
        let setup = start(policy)?;
        let stream = setup.vm.stream();
        let step = stream.request_headers_only(TRAP);
        assert_eq!(step.downstream.status(), status, "{policy:?}");
        assert_eq!(stream.upstream().ended, status.is_none(), "{policy:?}");
    }
    Ok(())
}

#[test]
fn other_streams_in_flight_are_cut_unless_fail_open() -> Result<()> {
    for policy in [
        FailurePolicy::Closed,
        FailurePolicy::Reload,
        FailurePolicy::OpenForNew,
    ] {
        let setup = start(policy)?;
        let stream = in_flight(&setup);
        setup.vm.stream().request_headers_only(TRAP);
        let step = stream.response_body("event");
        assert!(
            step.reset && step.downstream == Passed::default(),
            "{policy:?}"
        );
    }
    let setup = start(FailurePolicy::Open)?;
    let stream = in_flight(&setup);
    setup.vm.stream().request_headers_only(TRAP);
    assert_eq!(stream.response_body_end("event").downstream.body, b"event");
    assert!(stream.downstream().ended);
    Ok(())
}

#[test]
fn a_stream_whose_response_has_not_begun_gets_503() -> Result<()> {
    let setup = start(FailurePolicy::Closed)?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    setup.vm.stream().request_headers_only(TRAP);
    let step = stream.response_headers(RESPONSE);
    assert_eq!(step.downstream.status(), Some(503));
    Ok(())
}

#[test]
fn new_streams_get_503_for_ever_or_pass_if_open() -> Result<()> {
    for (policy, status) in [
        (FailurePolicy::Closed, Some(503)),
        (FailurePolicy::OpenForNew, None),
        (FailurePolicy::Open, None),
    ] {
        let setup = start(policy)?;
        setup.vm.stream().request_headers_only(TRAP);
        setup.host.advance(ms(60_000));
        let step = setup.vm.stream().request_headers_only(REQUEST);
        assert_eq!(step.downstream.status(), status, "{policy:?}");
        assert_eq!(step.upstream.ended, status.is_none(), "{policy:?}");
    }
    Ok(())
}

#[test]
fn a_reloaded_vm_serves_new_streams_one_second_after_the_last_load() -> Result<()> {
    let setup = start(FailurePolicy::Reload)?;
    setup.vm.stream().request_headers_only(TRAP);
    setup.host.advance(ms(999));
    let step = setup.vm.stream().request_headers_only(REQUEST);
    assert_eq!(step.downstream.status(), Some(503));
    setup.host.advance(ms(1));
    let step = setup.vm.stream().request_headers_only(REQUEST);
    assert_eq!(step.callback_names(), ["on_request_headers"]);
    assert!(setup.vm.is_alive() && step.upstream.ended);
    Ok(())
}

#[test]
fn a_trap_in_one_worker_leaves_the_others_alone() -> Result<()> {
    let host = Host::new(Profile::envoy());
    let deployment = host.deploy(&plugin("traps")?, 2)?;
    deployment.workers[0].stream().request_headers_only(TRAP);
    assert!(!deployment.workers[0].is_alive());
    assert!(deployment.workers[1].is_alive() && deployment.main.is_alive());
    Ok(())
}
