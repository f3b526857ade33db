//! What the core, as it runs on this machine, makes of a recorded exchange.

use std::sync::Arc;

use anyhow::Result;
use audit_layer_core::completion::{Cause, End};
use audit_layer_core::event::{AuditEvent, CapturePoint};
use audit_layer_core::exchange::Exchange;
use audit_layer_core::headers::Headers;
use audit_layer_core::host::Host;
use audit_layer_core::policy::Policy;
use audit_layer_core::time::Timestamp;
use serde_json::Value;

use super::Recording;

/// The event of an exchange whose bodies come in pieces of a size; `None` if it is not audited.
pub fn event(recording: &Recording, piece: usize) -> Result<Option<Value>> {
    let event = exchange(recording, piece)?.map(serde_json::to_value);
    Ok(event.transpose()?)
}

/// An event without what the proxy knows and the core, alone, does not; and without the id and the
/// times that differ from call to call.
pub fn comparable(mut event: Value) -> Value {
    const OF_THE_PROXY: [&str; 16] = [
        // The collector's.
        "/id",
        "/received_at",
        "/recorded_by",
        // The call's.
        "/request_id",
        "/timestamp",
        "/duration_ms",
        "/metadata/audit_layer/timing/first_byte_ms",
        "/metadata/audit_layer/writer",
        // The proxy's, and its configuration's.
        "/organization_id",
        "/metadata/audit_layer/completion/flags",
        "/metadata/audit_layer/completion/details",
        "/metadata/audit_layer/gateway/cluster",
        "/metadata/audit_layer/gateway/request_id",
        "/metadata/audit_layer/gateway/route",
        "/metadata/audit_layer/gateway/source",
        "/metadata/audit_layer/gateway/upstream_attempts",
    ];
    for pointer in OF_THE_PROXY {
        let Some((parent, name)) = pointer.rsplit_once('/') else {
            continue;
        };
        if let Some(parent) = event.pointer_mut(parent).and_then(Value::as_object_mut) {
            parent.remove(name);
        }
    }
    event
}

fn exchange(recording: &Recording, piece: usize) -> Result<Option<AuditEvent>> {
    let config = br#"{"audit_api":{"cluster":"audit"}}"#;
    let host = Host {
        point: CapturePoint::Gateway,
        ..Host::default()
    };
    let policy = Arc::new(Policy::read(config, &|_| None, &host)?);
    let at = Timestamp::from_unix_ms;
    let head = bytes(recording.request_head());
    let Some(mut exchange) = Exchange::begin(&policy, Headers(&head), [0; 10], at(0)) else {
        return Ok(None);
    };
    for piece in recording.request().chunks(piece) {
        exchange.request_body(piece);
    }
    exchange.request_end();
    exchange.response_head(Headers(&bytes(recording.response_head())));
    for piece in recording.response().chunks(piece) {
        exchange.response_body(piece, at(5));
    }
    exchange.response_end();
    let end = End {
        cause: Cause::Finished,
        details: Some("via_upstream".to_owned()),
        ..End::default()
    };
    Ok(exchange.end(end, at(10)))
}

fn bytes(head: Vec<(String, String)>) -> Vec<(Vec<u8>, Vec<u8>)> {
    head.into_iter()
        .map(|(name, value)| (name.into_bytes(), value.into_bytes()))
        .collect()
}
