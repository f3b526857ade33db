//! Clocks, randomness, output, metrics, properties and foreign functions.

use anyhow::Result;
use proxy_wasm_host_test::{Host, Level, Profile, Status, Writer};

use crate::setup::{REQUEST, ms, plugin, said, start};

#[test]
fn ticks_come_as_the_test_lets_time_pass() -> Result<()> {
    let setup = start("ticks 100")?;
    assert_eq!(setup.host.next_event_in(), Some(ms(100)));
    assert_eq!(setup.host.advance(ms(99)), 0);
    assert_eq!(setup.host.advance(ms(250)), 3);
    assert_eq!(
        setup.said(),
        ["asked: 0", "tick 100", "tick 200", "tick 300"]
    );
    Ok(())
}

#[test]
fn a_tick_period_of_zero_stops_ticks() -> Result<()> {
    let setup = start("ticks 0")?;
    assert_eq!(setup.host.next_event_in(), None);
    Ok(())
}

#[test]
fn randomness_depends_on_the_seed_only() -> Result<()> {
    let random = |seed| -> Result<Vec<String>> {
        let host = Host::with_seed(Profile::envoy(), seed);
        host.start(&plugin("wants_randomness")?)?;
        Ok(said(&host))
    };
    assert_eq!(random(1)?, random(1)?);
    assert_ne!(random(1)?, random(2)?);
    Ok(())
}

#[test]
fn the_same_steps_use_the_same_fuel() -> Result<()> {
    let fuel = || -> Result<(u64, u64)> {
        let setup = start("tells_bodies")?;
        let step = setup.vm.stream().request(REQUEST, "body");
        Ok((step.fuel(), setup.vm.fuel()))
    };
    let (of_step, of_vm) = fuel()?;
    assert!(of_step > 0 && of_vm > of_step);
    assert_eq!(fuel()?, (of_step, of_vm));
    Ok(())
}

#[test]
fn output_environment_and_clock_come_from_the_host() -> Result<()> {
    let host = Host::new(Profile::envoy());
    host.start(
        &plugin("prints")?
            .environment("B", "2")
            .environment("A", "1"),
    )?;
    let log = host.log();
    let lines: Vec<_> = log.iter().map(|line| (line.level, line.text())).collect();
    let info = |text: &str| (Level::Info, text.to_owned());
    assert_eq!(
        lines,
        [
            info("to output"),
            (Level::Error, "to error".to_owned()),
            info("A is 1"),
            info("B is 2"),
            info("1767225600000000000"),
        ]
    );
    assert!(log.iter().all(|line| line.writer == Writer::Output));
    Ok(())
}

#[test]
fn counters_only_rise_gauges_move_and_histograms_cannot_be_read() -> Result<()> {
    let setup = start("counts")?;
    assert_eq!(
        setup.said(),
        [
            "unknown kind: Err(2)",
            "up: 0",
            "zero: 2",
            "down: 2",
            "gauge: 0 0",
            "histogram: 0 Err(2)",
            "unknown: 1 Err(1)",
            "counter: Ok(2)",
        ]
    );
    assert_eq!(setup.host.metrics().get("g"), Some(&3));
    assert_eq!(setup.host.histogram("h"), [9]);
    Ok(())
}

#[test]
fn metrics_of_one_name_are_one_metric_in_all_vms() -> Result<()> {
    let host = Host::new(Profile::envoy());
    host.start(&plugin("counts")?)?;
    host.start(&plugin("counts")?)?;
    assert_eq!(host.metrics().get("c"), Some(&4));
    Ok(())
}

#[test]
fn properties_are_given_by_the_test_or_set_by_the_guest_under_one_name() -> Result<()> {
    let host = Host::new(Profile::envoy());
    let vm = host.start(&plugin("reads_properties")?.name("mine"))?;
    let stream = vm.stream();
    stream.property(&["source", "address"], "10.0.0.1:80");
    stream.request_headers_only(REQUEST);
    assert_eq!(
        said(&host),
        [
            r#"name: Ok("mine")"#,
            "on root: 1",
            r#"given: Ok("10.0.0.1:80")"#,
            "missing: Err(1)",
            r#"set: 0 Ok("1")"#,
            "parts: 0 Err(1)",
        ]
    );
    Ok(())
}

#[test]
fn foreign_functions_are_plugged_in_by_the_test() -> Result<()> {
    let host = Host::new(Profile::envoy());
    host.set_foreign_function("upper", |input| Ok(input.to_ascii_uppercase()));
    host.set_foreign_function("failing", |_| Err(Status::BadArgument));
    host.start(&plugin("calls_foreign")?)?;
    assert_eq!(
        said(&host),
        [r#"known: Ok("ABC")"#, "failing: Err(2)", "unknown: Err(1)"]
    );
    Ok(())
}
