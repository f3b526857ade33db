//! Configurations, canaries, and how roots and VMs are replaced and end.

use anyhow::Result;
use proxy_wasm_host_test::{
    CalloutState, Cluster, Error, Host, Outcome, Profile, RootLife, Thread,
};

use crate::setup::{REQUEST, RESPONSE, Setup, ms, plugin, said, start};

#[test]
fn a_deployment_is_a_canary_then_the_main_thread_and_the_workers() -> Result<()> {
    let host = Host::new(Profile::envoy());
    let deployment = host.deploy(&plugin("tells_endings")?, 2)?;
    let threads: Vec<_> = host.log().iter().map(|line| line.thread).collect();
    assert_eq!(
        threads,
        [
            Thread::Canary,
            Thread::Main,
            Thread::Worker(0),
            Thread::Worker(1)
        ]
    );
    assert_eq!(deployment.workers.len(), 2);
    Ok(())
}

#[test]
fn a_canary_is_configured_and_then_killed_without_being_asked() -> Result<()> {
    let host = Host::new(Profile::envoy());
    host.canary(&plugin("is_never_done")?)?;
    host.advance(ms(1000));
    assert!(host.log().is_empty());
    Ok(())
}

#[test]
fn a_refused_configuration_changes_nothing() -> Result<()> {
    let setup = start("tells_endings")?;
    let before = setup.vm.root().id();
    let refused = setup.vm.reconfigure("refuses");
    assert!(matches!(refused, Err(Error::ConfigurationRefused)));
    assert_eq!(setup.vm.root().id(), before);
    assert_eq!(setup.said(), ["configure 1 "], "only the canary was asked");
    assert!(setup.vm.is_alive());
    Ok(())
}

#[test]
fn another_configuration_is_a_second_root_in_the_same_vm() -> Result<()> {
    let setup = start("tells_endings one")?;
    let old = setup.vm.root();
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    let new = setup.vm.reconfigure("tells_endings two")?;
    assert_eq!(setup.said(), ["configure 1 one", "configure 3 two"]);
    assert_eq!((old.life(), new.life()), (RootLife::Open, RootLife::Open));
    assert_eq!(setup.vm.root().id(), new.id());
    Ok(())
}

#[test]
fn the_same_configuration_is_the_same_root_and_nothing_is_called() -> Result<()> {
    let setup = start("tells_endings one")?;
    let root = setup.vm.reconfigure("tells_endings one")?;
    assert_eq!(root.id(), setup.vm.root().id());
    assert_eq!(setup.said(), ["configure 1 one"]);
    Ok(())
}

#[test]
fn a_root_is_asked_whether_it_is_done_when_its_last_stream_ends() -> Result<()> {
    let setup = start("tells_endings")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    let first = setup.vm.stream();
    let old = setup.vm.root();
    setup.vm.reconfigure("silent")?;
    setup.says();
    old.retire();
    assert_eq!((old.life(), setup.says().len()), (RootLife::Retiring, 0));
    first.finish();
    assert_eq!(old.life(), RootLife::Retiring);
    drop(setup.says());
    stream.response_headers_only(RESPONSE);
    stream.finish();
    assert_eq!(
        setup.says(),
        ["log", "done 2", "delete 2", "done 1", "delete 1"]
    );
    assert_eq!(old.life(), RootLife::Ended);
    Ok(())
}

#[test]
fn a_root_that_is_not_done_ticks_on_beside_the_new_one() -> Result<()> {
    let setup = start("is_never_done one")?;
    let old = setup.vm.root();
    setup.vm.reconfigure("is_never_done two")?;
    old.retire();
    old.retire();
    assert_eq!(old.life(), RootLife::Pending);
    setup.host.advance(ms(10));
    assert_eq!(setup.said(), ["done 1", "tick 1", "tick 2"]);
    Ok(())
}

#[test]
fn a_root_is_deleted_when_it_says_that_it_is_done() -> Result<()> {
    let setup = start("is_done_at_tick")?;
    let root = setup.vm.root();
    root.retire();
    setup.host.advance(ms(30));
    assert_eq!(setup.said(), ["too early: 1", "done: 0", "delete"]);
    assert_eq!(root.life(), RootLife::Ended);
    Ok(())
}

#[test]
fn a_replaced_vm_is_killed_after_its_last_stream_whatever_it_answers() -> Result<()> {
    let setup = start("is_never_done")?;
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    let new = setup.vm.replace(&plugin("silent")?)?;
    assert!(setup.vm.is_alive());
    stream.finish();
    assert!(!setup.vm.is_alive() && new.is_alive());
    setup.host.advance(ms(100));
    assert_eq!(setup.said(), ["done 2", "delete 2", "done 1"]);
    Ok(())
}

#[test]
fn nothing_that_is_sent_while_the_proxy_stops_leaves_it_but_its_log() -> Result<()> {
    let setup = start("calls_when_done")?;
    setup
        .host
        .set_cluster("audit", Cluster::always(Outcome::status(200)));
    setup.host.stop();
    setup.host.advance(ms(1000));
    assert_eq!(setup.said(), ["sent 4", "left behind"]);
    assert_eq!(setup.host.callouts()[0].state, CalloutState::Cancelled);
    Ok(())
}

#[test]
fn a_proxy_that_stops_cuts_streams_first_and_stops_workers_before_the_main_thread() -> Result<()> {
    let host = Host::new(Profile::envoy());
    let deployment = host.deploy(&plugin("tells_endings")?, 1)?;
    let stream = deployment.workers[0].stream();
    stream.request_headers(REQUEST);
    drop(host.take_log());
    host.stop();
    assert_eq!(
        said(&host),
        [
            "log", "done 2", "delete 2", "done 1", "delete 1", "done 1", "delete 1"
        ]
    );
    assert_eq!(
        host.log().last().map(|line| line.thread),
        Some(Thread::Main)
    );
    assert!(stream.is_over());
    Ok(())
}

#[test]
fn the_same_callout_is_answered_when_only_the_configuration_changes() -> Result<()> {
    let Setup { host, vm } = start("calls_when_done")?;
    host.set_cluster("audit", Cluster::always(Outcome::status(200)));
    let old = vm.root();
    vm.reconfigure("silent")?;
    old.retire();
    host.advance(ms(1));
    let answer = r#"root 1 token 4 headers 1 0 Ok("200") Ok(0)"#;
    assert_eq!(said(&host), ["sent 4", "left behind", answer]);
    Ok(())
}
