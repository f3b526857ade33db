//! Shared data and queues, and how long they live.

use anyhow::Result;
use proxy_wasm_host_test::{Host, Profile, Vm};

use crate::setup::{REQUEST, plugin, said, start};

fn enqueue(vm: &Vm) {
    vm.stream().request_headers_only(REQUEST);
}

#[test]
fn the_last_registrant_gets_the_notifications() -> Result<()> {
    let host = Host::new(Profile::envoy());
    let first = host.start(&plugin("listens")?)?;
    let last = host.start(&plugin("listens")?)?;
    enqueue(&host.start(&plugin("enqueues")?)?);
    assert_eq!(said(&host), ["enqueued: 0"]);
    host.settle();
    let log = host.log();
    assert_eq!(log[1].text(), r#"root 1: Ok("item")"#);
    assert_eq!(log[1].vm, last.number());
    assert_ne!(first.number(), last.number());
    Ok(())
}

#[test]
fn items_of_a_registrant_that_is_gone_stay_without_a_notification() -> Result<()> {
    let host = Host::new(Profile::envoy());
    let listener = host.start(&plugin("listens")?)?;
    let sender = host.start(&plugin("enqueues")?)?;
    listener.shut_down();
    enqueue(&sender);
    host.settle();
    assert_eq!(said(&host), ["enqueued: 0"]);
    assert_eq!(host.queue("", "q"), [b"item"]);
    Ok(())
}

#[test]
fn empty_unknown_and_foreign_queues_have_their_own_statuses() -> Result<()> {
    let setup = start("misuses_queues")?;
    assert_eq!(
        setup.said(),
        ["empty: Err(7)", "unknown: Err(1) 1", "unresolved: Err(1)"]
    );
    Ok(())
}

#[test]
fn a_value_is_set_only_if_the_number_to_compare_matches() -> Result<()> {
    let setup = start("compares")?;
    assert_eq!(
        setup.said(),
        [
            "missing: Err(1)",
            "new: 0",
            "wrong: 8",
            "right: 0",
            "any: 0"
        ]
    );
    assert_eq!(
        setup.host.shared_data("", "k").as_deref(),
        Some(b"4".as_slice())
    );
    Ok(())
}

#[test]
fn data_survive_a_swap_to_a_vm_of_the_same_vm_id() -> Result<()> {
    let host = Host::new(Profile::envoy());
    let old = host.start(&plugin("remembers one")?.vm_id("a"))?;
    old.replace(&plugin("remembers")?.vm_id("a").environment("SWAPPED", "1"))?;
    assert!(!old.is_alive());
    assert_eq!(said(&host), ["found Err(1)", r#"found Ok("one")"#]);
    Ok(())
}

#[test]
fn data_are_not_seen_under_another_vm_id() -> Result<()> {
    let host = Host::new(Profile::envoy());
    let old = host.start(&plugin("remembers one")?.vm_id("a"))?;
    old.replace(&plugin("remembers")?.vm_id("b"))?;
    assert_eq!(said(&host), ["found Err(1)", "found Err(1)"]);
    Ok(())
}

#[test]
fn data_end_with_the_last_vm_of_their_vm_id() -> Result<()> {
    let host = Host::new(Profile::envoy());
    let vm = host.start(&plugin("remembers one")?.vm_id("a"))?;
    assert!(host.shared_data("a", "k").is_some());
    vm.shut_down();
    assert_eq!(host.shared_data("a", "k"), None);
    Ok(())
}

#[test]
fn what_a_dying_vm_enqueues_reaches_its_successor() -> Result<()> {
    let host = Host::new(Profile::envoy());
    let old = host.start(&plugin("hands_over")?.vm_id("a"))?;
    old.replace(&plugin("listens")?.vm_id("a"))?;
    host.settle();
    assert_eq!(said(&host), [r#"root 1: Ok("legacy")"#]);
    Ok(())
}
