//! When something is due next, for owners that sleep until then.

use super::*;

impl World {
    fn due_in(&self) -> Option<u64> {
        let at = self.outbox.due_at(&self.policy.delivery, self.now)?;
        Some(at.ms_since(self.now))
    }

    /// Sleeps until something is due, as an owner does.
    fn sleep(&mut self) -> Batch {
        let ms = self.due_in().expect("something is due");
        if ms > 0 {
            self.now = self.now.plus_ms(ms - 1);
            assert!(self.poll().is_none(), "nothing is due before");
            self.now = self.now.plus_ms(1);
        }
        self.poll().expect("it is due now")
    }
}

#[test]
fn an_empty_outbox_is_never_due_and_a_batch_when_it_is_full_or_has_lingered() {
    let mut world = World::batching();
    assert_eq!(world.due_in(), None);
    world.push(1);
    assert_eq!(world.due_in(), Some(200));
    world.now = world.now.plus_ms(50);
    assert_eq!(world.due_in(), Some(150));
    world.push(2);
    assert_eq!(world.due_in(), Some(0));
    assert_eq!(world.sleep().events, 3);
    assert_eq!(world.due_in(), None);
}

#[test]
fn what_is_due_after_failures_is_due_when_the_wait_is_over() {
    let mut world = World::batching();
    world.push(3);
    for _ in 0..8 {
        let batch = world.sleep();
        // One try at a time: before its outcome nothing is due.
        world.push(1);
        world.settle(&batch, Outcome::unanswered());
        assert!(world.due_in().is_some());
    }
}

#[test]
fn what_a_firewall_forbids_is_due_by_itself() {
    let mut world = World::new(r#"{"retry":{"base_ms":1000,"max_ms":1000}}"#);
    world.push(2);
    let batch = world.sleep();
    let page = Answer {
        status: 403,
        retry_after: None,
        content_type: Some("text/html"),
        body: b"<html>",
    };
    let outcome = world.outbox.outcome(batch.id, &page);
    world.settle(&batch, outcome);
    let other = world.sleep();
    // On its way, it may tell of the one that is forbidden.
    assert_eq!(world.due_in(), None);
    world.settle(&other, Outcome::Accepted(Receipt::default()));
    let again = world.sleep();
    assert_eq!((again.events, again.body), (1, batch.body));
}

#[test]
fn a_clock_that_is_set_back_makes_nobody_wait_for_it() {
    let mut world = World::batching();
    world.push(3);
    let batch = world.sleep();
    world.settle(&batch, Outcome::unanswered());
    world.now = Timestamp::from_unix_ms(0);
    let batch = world.sleep();
    world.settle(&batch, Outcome::unanswered());
    // By the new clock it waits as ever.
    let max_ms = world.policy.delivery.retry.max_ms;
    assert!(world.due_in().is_some_and(|ms| ms <= max_ms));
}

#[test]
fn waits_grow_up_to_their_bound_and_retry_after_is_obeyed() {
    let mut world = World::new(r#"{"retry":{"base_ms":100,"max_ms":5000,"max_age_ms":86400000}}"#);
    world.push(1);
    let mut longest = 0;
    for failure in 0..40_u32 {
        let batch = world.poll().unwrap();
        world.settle(&batch, failed());
        let before = world.now;
        while world
            .outbox
            .backoff
            .until(&world.policy.delivery.retry, world.now)
            > world.now
        {
            world.pass_ms(1);
        }
        let waited = world.now.ms_since(before);
        assert!(
            waited <= 5000.min(100_u64.saturating_mul(1 << failure.min(30))),
            "{waited}"
        );
        longest = longest.max(waited);
    }
    assert!(longest > 2500);
    let batch = world.poll().unwrap();
    world.settle(
        &batch,
        Outcome::Failed {
            retry_after_ms: Some(42_000),
            failure: Failure::Unavailable,
        },
    );
    world.pass_ms(41_999);
    assert!(world.poll().is_none());
    world.pass_ms(1);
    assert!(world.poll().is_some());
}
