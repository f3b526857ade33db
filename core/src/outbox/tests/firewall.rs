//! A firewall before the audit API, which answers with a page.

use super::*;
use crate::limits::FORBIDDEN_IN_A_ROW_MAX;

/// Answers each batch with a page or takes it, until nothing is to be sent any more or after so long.
struct Run {
    delivered: Vec<u64>,
    dead: Vec<String>,
    denials: usize,
    attempts: usize,
}

fn run(world: &mut World, ms: u64, forbids: impl Fn(&[u64]) -> bool) -> Run {
    let mut run = Run {
        delivered: Vec::new(),
        dead: Vec::new(),
        denials: 0,
        attempts: 0,
    };
    let end = world.now.plus_ms(ms);
    while world.now < end {
        // As many as may be on their way at the same time, and then all their answers.
        let batches: Vec<_> = std::iter::from_fn(|| world.poll()).collect();
        if batches.is_empty() {
            world.pass_ms(10);
        }
        for batch in batches {
            run.attempts += 1;
            let events = sequence(&batch);
            if !forbids(&events) {
                world.answer(&batch, 200, "");
                run.delivered.extend(events);
                continue;
            }
            let outcome = blocked(world, &batch);
            run.denials += usize::from(matches!(outcome, Outcome::Failed { .. }));
            let settled = world.settle(&batch, outcome);
            run.dead
                .extend(settled.dead.into_iter().map(|dead| dead.reason));
        }
    }
    run.delivered.sort_unstable();
    run
}

/// What the firewall's page means for a batch.
fn blocked(world: &World, batch: &Batch) -> Outcome {
    let page = Answer {
        status: 403,
        retry_after: None,
        content_type: Some("text/html"),
        body: b"<html>Blocked</html>",
    };
    world.outbox.outcome(batch.id, &page)
}

fn world() -> World {
    World::new(
        r#"{"batch":{"path":"/batch","max_events":10,"linger_ms":0},"queue":{"max_events":1000},
        "retry":{"base_ms":100,"max_ms":1000,"max_age_ms":86400000}}"#,
    )
}

#[test]
fn where_each_event_is_forbidden_all_are_kept_and_tried_seldom() {
    for events in [2, 3, 10, 300] {
        let mut world = world();
        world.push(events);
        let first = run(&mut world, 60_000, |_| true);
        assert_eq!(first.dead, [""; 0], "{events}");
        assert!(first.denials > 50, "{events}: {}", first.denials);
        assert!(first.attempts < 1_000, "{events}: {}", first.attempts);
        let then = run(&mut world, 60_000, |_| false);
        let all: Vec<u64> = (1..=events as u64).collect();
        assert_eq!((then.delivered, then.dead.len()), (all, 0));
        assert_eq!((world.outbox.depth(), world.outbox.bytes()), (0, 0));
    }
}

#[test]
fn where_others_are_taken_what_is_forbidden_is_given_up_without_delay() {
    let cases: [&[u64]; 5] = [
        &[1],
        &[5, 6],
        &[1, 2, 3, 4, 5],
        &[10, 20, 30],
        &[27, 28, 29, 30],
    ];
    for found in cases {
        let mut world = world();
        world.push(30);
        let run = run(&mut world, 5_000, |events| {
            events.iter().any(|seq| found.contains(seq))
        });
        assert_eq!(run.dead, vec!["http_403"; found.len()], "{found:?}");
        assert_eq!(run.delivered.len(), 30 - found.len());
        assert_eq!(run.denials, 0, "{found:?}");
    }
}

#[test]
fn events_without_others_are_given_up_until_they_are_many_in_a_row() {
    let mut world = world();
    for _ in 0..FORBIDDEN_IN_A_ROW_MAX {
        world.push(1);
        let first = run(&mut world, 1_000, |_| true);
        assert_eq!((first.dead.len(), first.attempts), (1, 1));
    }
    let kept = u64::from(FORBIDDEN_IN_A_ROW_MAX) + 1;
    world.push(1);
    let then = run(&mut world, 60_000, |_| true);
    assert_eq!((then.dead.len(), then.denials > 1), (0, true));
    // Another one is taken: then it was about this one.
    world.push(1);
    let last = run(&mut world, 60_000, |events| events.contains(&kept));
    assert_eq!((last.delivered, last.dead.len()), (vec![kept + 1], 1));
    world.push(1);
    assert_eq!(run(&mut world, 1_000, |_| false).delivered, [kept + 2]);
    world.push(1);
    assert_eq!(run(&mut world, 1_000, |_| true).dead.len(), 1);
}

#[test]
fn what_is_forbidden_for_too_long_is_given_up_with_its_status() {
    let mut world =
        World::new(r#"{"batch":{"path":"/batch","linger_ms":0},"retry":{"max_age_ms":10000}}"#);
    world.push(2);
    let run = run(&mut world, 120_000, |_| true);
    assert_eq!(run.dead, ["http_403"; 2]);
}

#[test]
fn what_was_sent_before_tells_nothing_of_a_firewall_that_shut_since() {
    let mut world = world();
    world.push(40);
    let batches: Vec<_> = std::iter::from_fn(|| world.poll()).collect();
    assert_eq!(batches.len(), 4);
    for batch in &batches[1..] {
        let outcome = blocked(&world, batch);
        world.settle(batch, outcome);
    }
    world.answer(&batches[0], 200, "");
    let shut = run(&mut world, 60_000, |_| true);
    assert_eq!(shut.dead, [""; 0]);
    assert_eq!(run(&mut world, 60_000, |_| false).delivered.len(), 30);
}

#[test]
fn one_event_that_passes_costs_few_of_those_that_do_not() {
    let mut world = world();
    world.push(100);
    assert_eq!(run(&mut world, 20_000, |_| true).dead, [""; 0]);
    world.push(1);
    let after = run(&mut world, 60_000, |events| events != [101]);
    assert_eq!(after.delivered, [101]);
    assert!(after.dead.len() <= FORBIDDEN_IN_A_ROW_MAX as usize);
    assert_eq!(run(&mut world, 60_000, |_| false).dead, [""; 0]);
}

#[test]
fn an_event_does_not_wait_for_those_that_a_page_forbids() {
    for delivery in [
        r#"{"retry":{"base_ms":100,"max_ms":1000}}"#,
        r#"{"batch":{"path":"/batch","max_events":10,"linger_ms":0},"retry":{"base_ms":100,"max_ms":1000}}"#,
    ] {
        for forbidden in [1, 10, 60, 200] {
            let mut world = World::new(delivery);
            world.push(forbidden);
            run(&mut world, 5_000, |_| true);
            world.push(1);
            let good = forbidden as u64 + 1;
            let run = run(&mut world, 500, |events| events != [good]);
            assert_eq!(run.delivered, [good], "{forbidden} {delivery}");
        }
    }
}

#[test]
fn those_that_a_page_forbids_are_the_first_to_go_where_there_is_no_room() {
    let mut world = World::new(r#"{"queue":{"max_events":10},"retry":{"base_ms":100}}"#);
    world.push(5);
    run(&mut world, 1_000, |_| true);
    let dead = world.push(8);
    assert_eq!(dead.len(), 3);
    assert!(dead.iter().all(|dead| dead.reason == "queue_full"));
    let then = run(&mut world, 60_000, |events| events[0] <= 5);
    assert_eq!(then.delivered, (6..=13).collect::<Vec<u64>>());
}

#[test]
fn the_longest_wait_is_kept() {
    let mut world =
        World::new(r#"{"retry":{"base_ms":60000,"max_ms":3600000,"max_age_ms":86400000}}"#);
    world.push(1);
    for _ in 0..20 {
        let began_at = world.now;
        let batch = loop {
            match world.poll() {
                Some(batch) => break batch,
                None => world.pass_ms(1_000),
            }
        };
        assert!(world.now.ms_since(began_at) <= 3_601_000);
        world.answer(&batch, 503, "");
        let retry = &world.policy.delivery.retry;
        if world.outbox.backoff.until(retry, world.now) > world.now {
            assert!(world.poll().is_none());
        }
    }
}
