//! What acknowledges a batch, and what does not.

use super::*;
use crate::completion::End;
use crate::limits::RECEIPT_BYTES_MAX;

/// Sends a batch of three, and gives what its answer meant.
fn receipt(status: u16, body: &str) -> Settled {
    let mut world = World::batching();
    world.push(3);
    let batch = world.poll().unwrap();
    world.answer(&batch, status, body)
}

#[test]
fn only_a_receipt_or_no_body_at_all_acknowledges() {
    let page = "<!DOCTYPE html><html><body>Please log in</body></html>";
    let cut = format!("{{\"accepted\":3{}", " ".repeat(RECEIPT_BYTES_MAX));
    for (status, body, is_delivered) in [
        (200, "", true),
        (201, "", true),
        (202, " \r\n", true),
        (204, "", true),
        (200, "{}", true),
        (200, "\u{feff} {\"status\":\"stored\"}", true),
        (200, r#"{"accepted":1,"duplicates":2,"rejected":[]}"#, true),
        (200, r#"{"accepted":3,"error":null,"errors":[]}"#, true),
        (200, page, false),
        (204, page, false),
        (200, "ok", false),
        (200, "[]", false),
        (200, "\"stored\"", false),
        (200, "null", false),
        (200, "{\"accepted\":3", false),
        (200, "{<html>", false),
        (200, &cut, false),
        (203, "", false),
        (206, "", false),
        (207, "", false),
        (200, r#"{"error":{"message":"who are you?"}}"#, false),
        (200, r#"{"errors":true}"#, false),
        (
            200,
            r#"{"success":true,"accepted":"3","rejected":null}"#,
            true,
        ),
        (200, r#"{"success":false}"#, false),
        (200, r#"{"ok":false,"message":"Unauthorized"}"#, false),
        (200, r#"{"accepted":false}"#, false),
        (200, r#"{"accepted":-1}"#, false),
        (200, r#"{"accepted":3,"duplicates":"some"}"#, false),
        (200, r#"{"rejected":3}"#, false),
        (200, r#"{"rejected":{"line":1}}"#, false),
        (200, "{}<html>", false),
        (200, "{} {}", false),
    ] {
        let settled = receipt(status, body);
        let delivered = settled.delivered_after_ms.len();
        let expected = if is_delivered { (3, 0) } else { (0, 3) };
        assert_eq!(
            (delivered, settled.retried),
            expected,
            "{status} {body:.60}"
        );
        assert_eq!(settled.dead, []);
    }
}

#[test]
fn a_receipt_that_does_not_account_for_every_event_acknowledges_none() {
    for body in [
        r#"{"accepted":2}"#,
        r#"{"accepted":0,"duplicates":2,"rejected":[]}"#,
        r#"{"accepted":1,"rejected":[{"line":1}]}"#,
        r#"{"accepted":2,"rejected":1}"#,
        r#"{"rejected":["no"]}"#,
        r#"{"rejected":[{"line":0}]}"#,
        r#"{"rejected":[{"line":4}]}"#,
        r#"{"rejected":[{"error":{"code":"bad_event"}}]}"#,
        r#"{"rejected":[{"request_id":"of another"}]}"#,
    ] {
        let settled = receipt(200, body);
        assert_eq!((settled.retried, settled.dead), (3, Vec::new()), "{body}");
    }
}

#[test]
fn a_rejection_may_name_its_event_by_id_or_line_or_be_of_the_only_one() {
    let mut world = World::new("{}");
    for by in ["request_id", "line", "nothing"] {
        world.push(1);
        let batch = world.poll().unwrap();
        let event: serde_json::Value = serde_json::from_slice(&batch.body).unwrap();
        let id = &event["request_id"];
        let name = match by {
            "request_id" => format!("\"request_id\":{id},"),
            "line" => "\"line\":1,".to_owned(),
            _ => String::new(),
        };
        let body = format!(r#"{{"rejected":[{{{name}"error":{{"code":"bad_event"}}}}]}}"#);
        let settled = world.answer(&batch, 207, &body);
        assert_eq!(settled.dead.len(), 1, "{by}");
        assert_eq!(settled.dead[0].reason, "bad_event");
    }
}

#[test]
fn a_record_is_not_acknowledged_by_what_is_no_receipt() {
    let mut world = World::new("{}");
    let head = [(":method", "POST"), (":path", "/v1/messages")]
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    let mut exchange = Exchange::begin(&world.policy, Headers(&head), [0; 10], world.now).unwrap();
    exchange.request_end();
    let record = exchange.pending(End::default(), world.now).unwrap();
    world.outbox.push(record, &world.policy.delivery, world.now);
    for (body, acknowledged) in [("<html>", 0), ("{}", 1)] {
        world.pass_ms(60_000);
        let batch = world.poll().unwrap();
        let settled = world.answer(&batch, 200, body);
        assert_eq!(settled.acknowledged.len(), acknowledged, "{body}");
    }
}

#[test]
fn what_was_never_receipted_is_given_up_at_its_age_by_what_was_answered() {
    for (status, body, reason) in [
        (200, "<html>", "no_receipt"),
        (302, "", "http_302"),
        (503, "", "max_age"),
    ] {
        let mut world = World::new(r#"{"retry":{"max_age_ms":1000}}"#);
        world.push(1);
        let batch = world.poll().unwrap();
        assert_eq!(world.answer(&batch, status, body).retried, 1);
        world.pass_ms(60_000);
        let batch = world.poll().unwrap();
        assert_eq!(world.answer(&batch, status, body).dead[0].reason, reason);
    }
}
