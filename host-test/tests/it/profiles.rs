//! Hosts that are not Envoy.

use anyhow::Result;
use proxy_wasm_host_test::{Error, Host, Profile, Status};

use crate::setup::{REQUEST, ms, plugin, start_in};

#[test]
fn a_host_without_queue_notifications_keeps_what_is_enqueued() -> Result<()> {
    let setup = start_in(Profile::envoy().without_queue_notifications(), "listens")?;
    setup
        .host
        .start(&plugin("enqueues")?)?
        .stream()
        .request_headers_only(REQUEST);
    setup.host.settle();
    assert_eq!(setup.said(), ["enqueued: 0"]);
    assert_eq!(setup.host.queue("", "q"), [b"item"]);
    Ok(())
}

#[test]
fn a_host_without_ticks_answers_unimplemented() -> Result<()> {
    let setup = start_in(Profile::envoy().without_ticks(), "ticks 100")?;
    setup.host.advance(ms(1000));
    assert_eq!(setup.said(), ["asked: 12"]);
    Ok(())
}

#[test]
fn any_call_can_answer_unimplemented() -> Result<()> {
    let calls = ["proxy_get_shared_data", "proxy_set_shared_data"];
    let profile = Profile::envoy().answering(Status::Unimplemented, calls);
    let setup = start_in(profile, "compares")?;
    assert_eq!(
        setup.said(),
        [
            "missing: Err(12)",
            "new: 12",
            "wrong: 12",
            "right: 12",
            "any: 12"
        ]
    );
    Ok(())
}

#[test]
fn any_call_can_trap() -> Result<()> {
    let host = Host::new(Profile::envoy().trapping(["proxy_register_shared_queue"]));
    let started = host.start(&plugin("listens")?);
    let trap = match started {
        Err(Error::Trapped(trap)) => trap,
        _ => String::new(),
    };
    assert!(
        trap.ends_with("unimplemented host function proxy_register_shared_queue"),
        "{trap}"
    );
    Ok(())
}
