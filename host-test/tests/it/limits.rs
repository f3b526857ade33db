//! Limits and denials.

use anyhow::Result;
use proxy_wasm_host_test::{Error, Host, Level, Plugin, Profile, Writer};

use crate::setup::{REQUEST, ms, plugin, said};

fn start(plugin: &Plugin) -> Result<Host> {
    let host = Host::new(Profile::envoy());
    host.start(plugin)?;
    Ok(host)
}

#[test]
fn memory_beyond_the_limit_is_refused_and_the_guest_lives_on() -> Result<()> {
    let host = Host::new(Profile::envoy());
    let vm = host.start(&plugin("wants_memory")?.memory_bytes_max(4 << 20))?;
    for _ in 0..6 {
        vm.stream().request_headers_only(REQUEST);
    }
    let said = said(&host);
    assert_eq!(said[0], "given");
    assert_eq!(said[5], "refused");
    assert!(vm.is_alive() && vm.memory_bytes() <= 4 << 20);
    Ok(())
}

#[test]
fn denied_randomness_fails_with_a_log_line_and_kills_a_guest_that_needs_it() -> Result<()> {
    let host = Host::new(Profile::envoy());
    let started = host.start(&plugin("wants_randomness")?.deny(["random_get"]));
    assert!(matches!(started, Err(Error::Trapped(_))));
    let log = host.log_text(Level::Error);
    assert_eq!(
        log[0],
        "Attempted call to restricted WASI capability: random_get"
    );
    Ok(())
}

#[test]
fn a_denied_host_call_is_an_internal_failure() -> Result<()> {
    let capability = "proxy_set_tick_period_milliseconds";
    let host = start(&plugin("ticks 100")?.deny([capability]))?;
    let denial = format!("Attempted call to restricted proxy-wasm capability: {capability}");
    assert_eq!(said(&host), [denial.as_str(), "asked: 10"]);
    assert_eq!(host.log()[0].writer, Writer::Host);
    Ok(())
}

#[test]
fn a_denied_callback_is_not_called() -> Result<()> {
    let host = Host::new(Profile::envoy());
    let vm = host.start(&plugin("ticks 100")?.deny(["proxy_on_tick", "proxy_on_log"]))?;
    host.advance(ms(1000));
    assert_eq!(said(&host), ["asked: 0"]);
    assert_eq!(
        vm.stream().finish().callback_names(),
        ["on_done", "on_delete"]
    );
    Ok(())
}
