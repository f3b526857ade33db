//! Events between VMs, and between streams and the root: what shared queues are used for.

use std::time::Duration;

use anyhow::Result;
use proxy_wasm_host_test::{Level, Profile, Status};

use crate::call::{ASK, OPENAI, OPENAI_ANSWER, whole_call};
use crate::proxy::{BATCHED, Proxy, plugin};

const TICK: Duration = Duration::from_millis(100);

fn call(proxy: &Proxy) {
    let stream = proxy.vm.stream();
    whole_call(&stream, OPENAI, ASK.as_bytes(), OPENAI_ANSWER.as_bytes());
}

/// Batches of two, or of what has come within a minute.
fn pairs() -> String {
    BATCHED.replace(
        r#""path": "/audit/log/batch""#,
        r#""path": "/audit/log/batch", "max_events": 2, "linger_ms": 60000"#,
    )
}

#[test]
fn a_full_batch_is_sent_before_the_next_tick() -> Result<()> {
    let proxy = Proxy::with(Profile::envoy(), &plugin()?.configuration(pairs()))?;
    proxy.host.advance(TICK);
    call(&proxy);
    proxy.host.settle();
    assert_eq!(proxy.host.callouts().len(), 0);
    call(&proxy);
    proxy.host.settle();
    assert_eq!(proxy.host.callouts().len(), 1);
    call(&proxy);
    call(&proxy);
    proxy.host.settle();
    assert_eq!(proxy.host.callouts().len(), 2, "it wakes again");
    Ok(())
}

#[test]
fn where_a_queue_wakes_nobody_the_tick_delivers() -> Result<()> {
    let without_queues = Profile::envoy().answering(
        Status::Unimplemented,
        ["proxy_register_shared_queue", "proxy_dequeue_shared_queue"],
    );
    for profile in [
        Profile::envoy().without_queue_notifications(),
        without_queues,
    ] {
        let proxy = Proxy::with(profile, &plugin()?.configuration(pairs()))?;
        proxy.host.advance(TICK);
        call(&proxy);
        call(&proxy);
        proxy.host.settle();
        assert_eq!(proxy.host.callouts().len(), 0);
        proxy.host.advance(TICK);
        assert_eq!(proxy.host.callouts().len(), 1);
    }
    Ok(())
}

#[test]
fn the_next_vm_delivers_what_its_predecessor_held() -> Result<()> {
    let mut proxy = Proxy::with(Profile::envoy(), &plugin()?.configuration(pairs()))?;
    proxy.host.advance(TICK);
    call(&proxy);
    let next = plugin()?
        .configuration(pairs().replace("60000", "200"))
        .environment("RELEASE", "2");
    proxy.vm = proxy.vm.replace(&next)?;
    let dead = proxy.dead_letters();
    let event = proxy.event();
    assert_eq!(dead.len(), 1, "it cannot know that another one follows");
    assert_eq!(dead[0].event["request_id"], event["request_id"]);
    assert_eq!(proxy.host.metrics()["audit_layer.events_handed_over"], 1);
    assert_eq!(proxy.host.metrics()["audit_layer.queue_events"], 0);
    Ok(())
}

#[test]
fn a_log_that_must_have_no_content_has_none_and_the_next_vm_delivers_all_of_it() -> Result<()> {
    let configuration = pairs().replacen(
        r#""delivery": {"#,
        r#""delivery": {"dead_letter": {"content": "none"}, "#,
        1,
    );
    let mut proxy = Proxy::with(Profile::envoy(), &plugin()?.configuration(&configuration))?;
    proxy.host.advance(TICK);
    call(&proxy);
    let next = plugin()?
        .configuration(configuration.replace("60000", "200"))
        .environment("RELEASE", "2");
    proxy.vm = proxy.vm.replace(&next)?;
    let dead = proxy.dead_letters();
    let event = proxy.event();
    assert_eq!(dead.len(), 1);
    assert!(dead[0].is_by("al_sk_secret"));
    let stub = &dead[0].event;
    for same in [
        "/request_id",
        "/prompt_hash",
        "/prompt_tokens",
        "/metadata/audit_layer/writer",
    ] {
        assert_eq!(stub.pointer(same), event.pointer(same), "{same}");
    }
    assert_eq!(
        stub["metadata"]["audit_layer"]["capture"]["content"],
        "not_logged"
    );
    assert_eq!(event["prompt_content"], "Hé?");
    assert_eq!(event["response_content"], "Héllo");
    let log = proxy.log().join("\n");
    assert!(!log.contains("Hé"), "{log}");
    Ok(())
}

#[test]
fn an_event_that_goes_from_vm_to_vm_is_in_the_log_once() -> Result<()> {
    let mut proxy = Proxy::with(Profile::envoy(), &plugin()?.configuration(pairs()))?;
    proxy.host.advance(TICK);
    call(&proxy);
    for release in ["2", "3"] {
        let next = plugin()?
            .configuration(pairs())
            .environment("RELEASE", release);
        proxy.vm = proxy.vm.replace(&next)?;
        proxy.host.advance(TICK);
        proxy.host.advance(TICK);
    }
    assert_eq!(proxy.host.metrics()["audit_layer.events_handed_over"], 2);
    assert_eq!(proxy.host.metrics()["audit_layer.events_dead_lettered"], 1);
    assert_eq!(proxy.dead_letters().len(), 1);
    proxy.host.stop();
    assert_eq!(proxy.dead_letters().len(), 1);
    Ok(())
}

#[test]
fn a_vm_that_delivers_elsewhere_takes_over_nothing() -> Result<()> {
    let mut proxy = Proxy::with(Profile::envoy(), &plugin()?.configuration(pairs()))?;
    proxy.host.advance(TICK);
    call(&proxy);
    let next = plugin()?
        .configuration(pairs().replace("org_1", "org_2"))
        .environment("RELEASE", "2");
    proxy.vm = proxy.vm.replace(&next)?;
    assert!(proxy.events().is_empty());
    assert_eq!(proxy.dead_letters().len(), 1);
    Ok(())
}

#[test]
fn an_event_that_the_log_refuses_too_is_counted_as_lost() -> Result<()> {
    let profile = Profile::envoy().answering(Status::InternalFailure, ["proxy_log"]);
    let proxy = Proxy::with(profile, &plugin()?.configuration(pairs()))?;
    call(&proxy);
    proxy.host.stop();
    let metrics = proxy.host.metrics();
    assert_eq!(metrics["audit_layer.events_lost"], 1);
    assert_eq!(metrics["audit_layer.events_dead_lettered"], 0);
    Ok(())
}

#[test]
fn a_dead_letter_that_the_log_does_not_show_is_counted_as_lost_and_told() -> Result<()> {
    for (level, dead, lost) in [(Level::Error, 1, 0), (Level::Critical, 0, 1)] {
        let profile = Profile::envoy().log_level(level);
        let proxy = Proxy::with(profile, &plugin()?.configuration(pairs()))?;
        proxy.host.advance(TICK);
        call(&proxy);
        proxy.host.stop();
        let metrics = proxy.host.metrics();
        assert_eq!(metrics["audit_layer.events_lost"], lost);
        assert_eq!(metrics["audit_layer.events_dead_lettered"], dead);
        let shutdown = metrics["audit_layer.events_dead_lettered_shutdown"];
        assert_eq!(shutdown, dead);
        assert_eq!(u64::try_from(proxy.dead_letters().len())?, dead);
        let grave = proxy.host.log_text(Level::Critical);
        let told = |text| grave.iter().filter(|line| line.contains(text)).count();
        let lost = usize::try_from(lost)?;
        assert_eq!(told("the level of this log excludes errors"), lost);
        assert_eq!(told("1 events are lost"), lost);
    }
    Ok(())
}

#[test]
fn the_time_of_a_delivery_is_measured_from_the_end_of_the_call() -> Result<()> {
    let proxy = Proxy::new()?;
    call(&proxy);
    proxy.event();
    let times = proxy.host.histogram("audit_layer.delivery_ms");
    assert_eq!(times.len(), 1);
    assert!((200..400).contains(&times[0]), "it lingers: {times:?}");
    Ok(())
}
