mod due;
mod firewall;
mod receipts;

use std::sync::Arc;

use super::*;
use crate::completion::End;
use crate::exchange::Exchange;
use crate::headers::Headers;
use crate::host::Host;
use crate::policy::Policy;

/// An outbox with a clock, under a configuration of delivery.
struct World {
    policy: Arc<Policy>,
    outbox: Outbox,
    now: Timestamp,
}

impl World {
    fn new(delivery: &str) -> Self {
        let config = format!(r#"{{"audit_api":{{"cluster":"c"}},"delivery":{delivery}}}"#);
        Self::under(&config)
    }

    fn under(config: &str) -> Self {
        let policy = Policy::read(config.as_bytes(), &|_| None, &Host::default()).unwrap();
        Self {
            outbox: Outbox::new(policy.destination.clone(), "w".to_owned(), 1),
            policy: Arc::new(policy),
            now: Timestamp::from_unix_ms(1_000_000),
        }
    }

    fn batching() -> Self {
        Self::new(
            r#"{"batch":{"path":"/batch","max_events":3,"linger_ms":200},"queue":{"max_events":6}}"#,
        )
    }

    fn push(&mut self, events: usize) -> Vec<DeadLetter> {
        let head = [(":method", "POST"), (":path", "/v1/messages")]
            .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
        (0..events)
            .flat_map(|_| {
                let exchange =
                    Exchange::begin(&self.policy, Headers(&head), [0; 10], self.now).unwrap();
                let event = exchange.end(End::default(), self.now).unwrap();
                self.outbox.push(event, &self.policy.delivery, self.now)
            })
            .collect()
    }

    fn poll(&mut self) -> Option<Batch> {
        self.outbox.poll(&self.policy.delivery, self.now)
    }

    fn settle(&mut self, batch: &Batch, outcome: Outcome) -> Settled {
        self.outbox
            .settle(batch.id, outcome, &self.policy.delivery.retry, self.now)
    }

    /// The audit API answers a batch.
    fn answer(&mut self, batch: &Batch, status: u16, body: &str) -> Settled {
        let answer = Answer {
            status,
            retry_after: None,
            content_type: None,
            body: body.as_bytes(),
        };
        let outcome = self.outbox.outcome(batch.id, &answer);
        self.settle(batch, outcome)
    }

    fn pass_ms(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
    }
}

fn failed() -> Outcome {
    Outcome::unanswered()
}

fn accepted() -> Outcome {
    Outcome::Accepted(Receipt::default())
}

fn sequence(batch: &Batch) -> Vec<u64> {
    str::from_utf8(&batch.body)
        .unwrap()
        .lines()
        .map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            event["metadata"]["audit_layer"]["writer"]["seq"]
                .as_u64()
                .unwrap()
        })
        .collect()
}

#[test]
fn a_batch_is_due_when_it_is_full_or_has_lingered() {
    let mut world = World::batching();
    world.push(2);
    assert!(world.poll().is_none());
    world.push(1);
    assert_eq!(sequence(&world.poll().unwrap()), [1, 2, 3]);
    world.push(1);
    world.pass_ms(199);
    assert!(world.poll().is_none());
    world.pass_ms(1);
    assert_eq!(sequence(&world.poll().unwrap()), [4]);
}

#[test]
fn a_batch_is_bounded_in_bytes_but_takes_at_least_one_event() {
    let mut world = World::new(r#"{"batch":{"path":"/batch","max_bytes":10}}"#);
    world.push(2);
    assert_eq!(sequence(&world.poll().unwrap()), [1]);
    assert_eq!(sequence(&world.poll().unwrap()), [2]);
}

#[test]
fn without_a_batch_path_each_event_goes_alone_and_at_once() {
    let mut world = World::new("{}");
    world.push(2);
    let batch = world.poll().unwrap();
    assert_eq!(batch.body.last(), Some(&b'}'));
    assert_eq!(sequence(&batch), [1]);
}

#[test]
fn a_failed_batch_is_sent_again_with_the_same_ids_before_younger_events() {
    let mut world = World::batching();
    world.push(5);
    let first = world.poll().unwrap();
    assert_eq!(world.settle(&first, failed()).retried, 3);
    world.pass_ms(100);
    let again = world.poll().unwrap();
    assert_eq!(again.body, first.body);
    assert_eq!(world.settle(&again, accepted()).delivered_after_ms.len(), 3);
    world.pass_ms(200);
    assert_eq!(sequence(&world.poll().unwrap()), [4, 5]);
}

#[test]
fn after_a_failure_one_batch_at_a_time_tries() {
    let mut world = World::batching();
    world.push(6);
    let batches = [world.poll().unwrap(), world.poll().unwrap()];
    for batch in &batches {
        world.settle(batch, failed());
    }
    world.pass_ms(60_000);
    let probe = world.poll().unwrap();
    assert!(world.poll().is_none());
    world.settle(&probe, accepted());
    assert!(world.poll().is_some());
}

#[test]
fn an_event_over_the_bounds_pushes_out_the_oldest() {
    let mut world = World::batching();
    assert_eq!(world.push(6), []);
    let dead = world.push(1);
    assert_eq!(dead[0].reason, "queue_full");
    assert!(dead[0].json.contains(r#""seq":1}"#));
    assert_eq!((dead.len(), world.outbox.depth()), (1, 6));
}

#[test]
fn events_on_their_way_count_towards_the_bounds() {
    let mut world = World::batching();
    world.push(6);
    let (first, second) = (world.poll().unwrap(), world.poll().unwrap());
    let dead = world.push(1);
    assert!(dead[0].json.contains(r#""seq":7}"#));
    world.settle(&first, accepted());
    world.settle(&second, accepted());
    assert_eq!((world.outbox.depth(), world.outbox.bytes()), (0, 0));
}

#[test]
fn where_nothing_can_be_sent_there_are_dead_letters_at_once() {
    let mut world = World::batching();
    world.push(3);
    let batch = world.poll().unwrap();
    let refused = Outcome::Refused {
        reason: "no_callouts".to_owned(),
        about: Refused::Sender,
    };
    let settled = world.settle(&batch, refused);
    assert_eq!(settled.dead.len(), 3);
    assert_eq!(settled.dead[0].reason, "no_callouts");
    assert_eq!(world.outbox.depth(), 0);
}

#[test]
fn one_rejected_event_costs_no_other() {
    let mut world = World::batching();
    world.push(3);
    let batch = world.poll().unwrap();
    let answer =
        r#"{"accepted":2,"rejected":[{"line":2,"request_id":null,"error":{"code":"bad_event"}}]}"#;
    let settled = world.answer(&batch, 207, answer);
    assert_eq!(settled.delivered_after_ms.len(), 2);
    assert_eq!(settled.dead.len(), 1);
    assert_eq!(settled.dead[0].reason, "bad_event");
    assert!(settled.dead[0].json.contains(r#""seq":2}"#));
}

#[test]
fn a_batch_that_is_refused_for_one_event_is_halved_until_that_one_is_alone() {
    let mut world = World::new(r#"{"batch":{"path":"/batch","max_events":9,"linger_ms":0}}"#);
    world.push(9);
    let (mut attempts, mut delivered, mut dead) = (0, Vec::new(), Vec::new());
    while let Some(batch) = world.poll() {
        attempts += 1;
        let events = sequence(&batch);
        let status = if events.contains(&6) { 400 } else { 200 };
        let settled = world.answer(&batch, status, "");
        dead.extend(settled.dead);
        if status == 200 {
            delivered.extend(events);
        }
    }
    delivered.sort_unstable();
    assert_eq!(delivered, [1, 2, 3, 4, 5, 7, 8, 9]);
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].reason, "http_400");
    assert!(dead[0].json.contains(r#""seq":6}"#));
    assert!(attempts <= 9, "{attempts} attempts");
    assert_eq!((world.outbox.depth(), world.outbox.bytes()), (0, 0));
}

#[test]
fn events_are_kept_while_a_key_or_an_address_is_wrong() {
    for status in [401, 402, 403, 404, 405, 407, 410, 451] {
        let mut world = World::new(r#"{"batch":{"path":"/b","linger_ms":0}}"#);
        world.push(3);
        for _ in 0..5 {
            let batch = world.poll().unwrap();
            let settled = world.answer(&batch, status, r#"{"error":{"code":"unauthorized"}}"#);
            assert_eq!((settled.dead.len(), settled.retried), (0, 3), "{status}");
            assert!(
                world.poll().is_none(),
                "{status}: not without a pause, as each would be refused"
            );
            world.pass_ms(60_000);
        }
        let batch = world.poll().unwrap();
        let settled = world.answer(&batch, 200, "");
        assert_eq!(settled.delivered_after_ms.len(), 3, "{status}");
    }
}

#[test]
fn what_is_denied_to_the_end_is_given_up_with_its_status() {
    let mut world = World::new(r#"{"retry":{"max_age_ms":1000}}"#);
    world.push(1);
    world.pass_ms(1_000);
    let batch = world.poll().unwrap();
    let settled = world.answer(&batch, 403, "");
    assert_eq!(settled.dead[0].reason, "http_403");
}

#[test]
fn a_page_that_forbids_is_about_what_is_sent() {
    for (content_type, body) in [(Some("text/html"), ""), (None, " <html>Blocked</html>")] {
        let answer = Answer {
            status: 403,
            retry_after: None,
            content_type,
            body: body.as_bytes(),
        };
        let outcome = Outcome::of_answer(&answer, &["a"]);
        let is_page = matches!(
            outcome,
            Outcome::Refused {
                about: Refused::Page,
                ..
            }
        );
        assert!(is_page, "{outcome:?}");
    }
}

#[test]
fn what_an_answer_means_is_decided_by_its_status() {
    for (status, expected) in [
        (200, "accepted"),
        (204, "accepted"),
        (301, "failed"),
        (302, "failed"),
        (400, "refused"),
        (404, "failed"),
        (408, "failed"),
        (425, "failed"),
        (429, "failed"),
        (500, "failed"),
        (503, "failed"),
    ] {
        let answer = Answer {
            status,
            retry_after: Some("7"),
            content_type: None,
            body: b"",
        };
        let outcome = match Outcome::of_answer(&answer, &["a"]) {
            Outcome::Accepted(_) => "accepted",
            Outcome::Refused { .. } => "refused",
            Outcome::Failed { retry_after_ms, .. } => {
                assert_eq!(retry_after_ms, Some(7_000));
                "failed"
            }
        };
        assert_eq!(outcome, expected, "{status}");
    }
}

#[test]
fn an_event_that_is_too_old_is_given_up_when_it_fails_again() {
    let mut world = World::new(r#"{"retry":{"max_age_ms":1000}}"#);
    world.push(1);
    world.pass_ms(1_000);
    let batch = world.poll().unwrap();
    let settled = world.settle(&batch, failed());
    assert_eq!(settled.dead[0].reason, "max_age");
    assert_eq!(world.outbox.depth(), 0);
}

#[test]
fn drained_and_recalled_events_are_neither_lost_nor_doubled() {
    let mut world = World::batching();
    world.push(5);
    let batch = world.poll().unwrap();
    world.outbox.recall(batch.id);
    assert_eq!(world.settle(&batch, accepted()), Settled::default());
    assert!(world.poll().is_some());
    assert_eq!(world.outbox.drain("shutdown").len(), 5);
    assert_eq!((world.outbox.depth(), world.outbox.bytes()), (0, 0));
}

#[test]
fn a_clock_set_back_does_not_stop_delivery() {
    let mut world = World::new("{}");
    world.push(1);
    let batch = world.poll().unwrap();
    world.settle(&batch, failed());
    world.now = Timestamp::from_unix_ms(5);
    assert!(world.poll().is_some());
}

#[test]
fn what_one_outbox_gives_up_another_can_take_over() {
    let mut old = World::batching();
    let recorded_at = old.now;
    old.push(2);
    let parcels: Vec<_> = old
        .outbox
        .drain("shutdown")
        .iter()
        .map(DeadLetter::parcel)
        .collect();
    let mut new = World::batching();
    new.now = recorded_at.plus_ms(200);
    for parcel in &parcels {
        let delivery = &new.policy.delivery;
        assert_eq!(new.outbox.adopt(parcel.as_bytes(), delivery), []);
    }
    let batch = new.poll().expect("they have waited long enough");
    assert_eq!(sequence(&batch), [1, 2]);
}

#[test]
fn an_event_stays_known_as_logged_from_one_outbox_to_the_next() {
    let mut letter = {
        let mut first = World::batching();
        first.push(1);
        first.outbox.drain("shutdown").remove(0)
    };
    assert!(!letter.is_logged);
    letter.is_logged = true;
    for _ in 0..2 {
        let mut next = World::batching();
        let delivery = &next.policy.delivery;
        next.outbox.adopt(letter.parcel().as_bytes(), delivery);
        letter = next.outbox.drain("shutdown").remove(0);
        assert!(letter.is_logged);
    }
}

#[test]
fn what_is_no_parcel_is_a_dead_letter() {
    let mut post = World::batching();
    for odd in [
        "",
        "1 2",
        "1 1000 n id {}",
        "3 to 1000 n id {}",
        "2 to soon n id {}",
        "2 to 1000 id {}",
    ] {
        let dead = post.outbox.adopt(odd.as_bytes(), &post.policy.delivery);
        assert_eq!(dead.len(), 1);
        assert_eq!(
            (&*dead[0].reason, &*dead[0].json),
            ("parcel_unreadable", odd)
        );
    }
    assert_eq!((post.outbox.depth(), post.outbox.bytes()), (0, 0));
}

#[test]
fn an_outbox_takes_over_nothing_that_is_for_another_destination() {
    let config = |url: &str, key: &str, organization: &str, cluster: &str| {
        format!(
            r#"{{"audit_api":{{"cluster":"{cluster}","url":"{url}","api_key":"{key}"}},
            "organization_id":"{organization}"}}"#
        )
    };
    let mut own = World::under(&config("http://a/v1", "key-a", "org", "c"));
    own.push(1);
    let dead = own.outbox.drain("shutdown").remove(0);
    let parcel = dead.parcel();
    assert!(!parcel.contains("key-a"));
    for other in [
        config("http://b/v1", "key-a", "org", "c"),
        config("https://a/v1", "key-a", "org", "c"),
        config("http://a/v2", "key-a", "org", "c"),
        config("http://a/v1", "key-b", "org", "c"),
        config("http://a/v1", "key-", "aorg", "c"),
        config("http://a/v1", "key-a", "org2", "c"),
        config("http://a/v1", "key-a", "org", "d"),
    ] {
        let mut other = World::under(&other);
        let delivery = &other.policy.delivery;
        let refused = other.outbox.adopt(parcel.as_bytes(), delivery);
        assert_eq!(refused[0].reason, "parcel_misdirected");
        // It may be another's, and is not vouched for.
        let policy = &other.policy.delivery.dead_letter;
        assert!(policy.key.is_some());
        assert!(!refused[0].line(policy).contains(" mac="));
        assert_eq!((&refused[0].json, other.outbox.depth()), (&dead.json, 0));
    }
    let same = config("http://a/v1", "key-a", "org", "c")
        .replace("\"org\"}", "\"org\", \"delivery\": {\"hold_ms\": 9}}");
    let mut same = World::under(&same);
    assert_eq!(
        same.outbox.adopt(parcel.as_bytes(), &same.policy.delivery),
        []
    );
}

#[test]
fn what_is_taken_over_counts_for_the_bounds() {
    let mut old = World::batching();
    old.push(6);
    let mut new = World::batching();
    new.push(1);
    let mut dead = Vec::new();
    for letter in old.outbox.drain("shutdown") {
        dead.extend(
            new.outbox
                .adopt(letter.parcel().as_bytes(), &new.policy.delivery),
        );
    }
    assert_eq!(dead.len(), 1);
    assert_eq!((&*dead[0].reason, new.outbox.depth()), ("queue_full", 6));
}

#[test]
fn an_event_is_one_line_however_its_values_were_written() {
    let mut world = World::batching();
    let head = [(":method", "POST"), (":path", "/v1/messages")]
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    let mut exchange = Exchange::begin(&world.policy, Headers(&head), [0; 10], world.now).unwrap();
    exchange.request_body(b"{\"thinking\": {\r\n \"type\": \"a\\nb\"\n}, \"messages\": []}");
    exchange.request_end();
    let event = exchange.end(End::default(), world.now).unwrap();
    world.outbox.push(event, &world.policy.delivery, world.now);
    world.pass_ms(200);
    let body = world.poll().unwrap().body;
    assert_eq!(body.iter().filter(|byte| **byte == b'\n').count(), 1);
    let event: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(event["model_parameters"]["thinking"]["type"], "a\nb");
}

#[test]
fn content_that_one_configuration_keeps_out_of_the_log_stays_out_whoever_gives_the_event_up() {
    let hidden = r#"{"dead_letter":{"content":"none"}}"#;
    let shown = World::new("{}").policy;
    let mut first = World::new(hidden);
    first.push(1);
    let dead = first.outbox.drain("shutdown").remove(0);
    let mut next = World::new("{}");
    next.outbox.adopt(dead.parcel().as_bytes(), &shown.delivery);
    next.push(1);
    let dead = next.outbox.drain("shutdown");
    let lines = dead
        .iter()
        .map(|dead| dead.line(&shown.delivery.dead_letter));
    let hides: Vec<bool> = lines.map(|line| line.contains("not_logged")).collect();
    assert_eq!(hides, [true, false]);
}
