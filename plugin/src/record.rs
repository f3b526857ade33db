//! From the end of a call to its event in the outbox.

use std::sync::Arc;

use audit_layer_core::completion::End;
use audit_layer_core::event::AuditEvent;
use audit_layer_core::exchange::Exchange;
use audit_layer_core::outbox::DeadLetter;
use audit_layer_core::policy::Policy;
use audit_layer_core::time::Timestamp;

use crate::redirects::{CallKey, Earlier, Waiting};
use crate::shared::Left;
use crate::telemetry::Telemetry;
use crate::{host, shared};

/// Ends a call.
pub(crate) fn end(exchange: Exchange, policy: &Arc<Policy>, end: End) {
    let now = host::now();
    let Some(event) = exchange.end(end, now) else {
        unmatched();
        return;
    };
    let is_truncated = event.metadata.audit_layer.capture.truncated;
    if policy.delivery.hold_ms.is_some() {
        shared::holds(|holds| holds.close(&event.request_id));
    }
    if let Some(telemetry) = push(event, policy, now) {
        telemetry.event_recorded(is_truncated);
    }
}

/// A request passed that gives no event.
pub(crate) fn unmatched() {
    if let Some(telemetry) = shared::telemetry() {
        telemetry.request_unmatched();
    }
}

/// A call goes on with another pass; or ends, where that could not be told to be one.
pub(crate) fn redirected(policy: &Arc<Policy>, earlier: Earlier, last: End) {
    let Some(call) = CallKey::of_stream() else {
        give_up(policy, earlier, last);
        return;
    };
    let now = host::now();
    let pushed_out =
        shared::redirects(|redirects| redirects.wait(call, Arc::clone(policy), earlier, last, now));
    if let Some(Some(waiting)) = pushed_out {
        unclaimed(waiting);
    }
}

/// A call waited in vain for its next pass.
pub(crate) fn unclaimed(waiting: Waiting) {
    give_up(&waiting.policy, waiting.earlier, waiting.end);
}

fn give_up(policy: &Arc<Policy>, earlier: Earlier, last: End) {
    match earlier.exchange {
        Some(exchange) => end(exchange, policy, last),
        None => unmatched(),
    }
}

/// There was no memory to read a body.
pub(crate) fn unread() {
    if let Some(telemetry) = shared::telemetry() {
        telemetry.body_unread();
    }
}

/// Leaves an event to the roots.
pub(crate) fn push(event: AuditEvent, policy: &Arc<Policy>, now: Timestamp) -> Option<Telemetry> {
    let ((mut dead, is_ready), telemetry) = shared::outbox(policy, |outbox| {
        let dead = outbox.push(event, &policy.delivery, now);
        (dead, outbox.is_ready(&policy.delivery, now))
    })?;
    telemetry.dead_letters(&mut dead, policy);
    for request_id in dead.iter().filter_map(DeadLetter::awaited_by) {
        shared::holds(|holds| holds.refuse(request_id));
    }
    if is_ready {
        shared::wake();
    }
    // A stream may outlive every root.
    shared::deserted().into_iter().for_each(Left::give_up);
    Some(telemetry)
}
