//! One stream: the proxy's callbacks to an exchange. Every callback continues, unless the operator
//! wants that no answer passes before its prompt is recorded.

use std::rc::Rc;

use audit_layer_core::completion::{End, ResponseFlags};
use audit_layer_core::event::AuditEvent;
use audit_layer_core::exchange::Exchange;
use audit_layer_core::headers::{AUDIT_REQUEST_ID, Headers};
use audit_layer_core::opening::{Destination, Opening};
use audit_layer_core::outbox::DeadLetter;
use audit_layer_core::policy::Policy;
use audit_layer_core::time::Timestamp;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use crate::hold::{Decision, Hold};
use crate::host::{self, Buffer, Map};
use crate::shared;
use crate::telemetry::Telemetry;

/// Bytes of a body copied into the VM at once.
const SLICE_BYTES: usize = 64 << 10;

/// One stream of the proxy.
pub(crate) struct Http {
    stream: u32,
    policy: Option<Rc<Policy>>,
    exchange: Option<Exchange>,
    /// Whether the answer waits until the record of the prompt is acknowledged.
    is_held: bool,
    /// Bytes of the response's body that have been read and that the host shows again, as it keeps
    /// them while the answer waits.
    held_bytes: usize,
}

impl Http {
    pub(crate) fn new(stream: u32, policy: Option<Rc<Policy>>) -> Self {
        Self {
            stream,
            policy,
            exchange: None,
            is_held: false,
            held_bytes: 0,
        }
    }
}

impl Context for Http {}

impl HttpContext for Http {
    fn on_http_request_headers(&mut self, _num_headers: usize, end_of_stream: bool) -> Action {
        let Some(policy) = &self.policy else {
            return Action::Continue;
        };
        let pairs = host::headers(Map::Request);
        let headers = Headers(&pairs);
        #[cfg(feature = "trap")]
        crate::trap::if_asked(headers);
        for name in headers.audit_names() {
            host::remove_header(Map::Request, name);
        }
        let (cluster, route) = destination(policy.asks_destination());
        let opening = Opening {
            headers,
            destination: Destination {
                cluster: cluster.as_deref(),
                route: route.as_deref(),
            },
            is_whole: end_of_stream,
        };
        self.exchange = Exchange::begin(policy, opening, host::entropy(), host::now());
        self.request_end_if(end_of_stream);
        Action::Continue
    }

    fn on_http_request_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        if let Some(exchange) = &mut self.exchange {
            for_each_slice(Buffer::RequestBody, 0, body_size, |slice| {
                exchange.request_body(slice);
            });
        }
        self.request_end_if(end_of_stream);
        Action::Continue
    }

    fn on_http_request_trailers(&mut self, _num_trailers: usize) -> Action {
        self.request_end_if(true);
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _num_headers: usize, end_of_stream: bool) -> Action {
        if let Some(exchange) = &mut self.exchange {
            let pairs = host::headers(Map::Response);
            exchange.response_head(Headers(&pairs));
            if let Some(id) = exchange.request_id() {
                host::set_header(Map::Response, AUDIT_REQUEST_ID, id);
            }
        }
        self.response_end_if(end_of_stream);
        self.is_held = self.awaits_record();
        self.held()
    }

    fn on_http_response_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        let action = self.held();
        if let Some(exchange) = &mut self.exchange {
            let now = host::now();
            // When the answer goes on, the host lets go of what it kept.
            let known = if self.is_held { self.held_bytes } else { 0 };
            for_each_slice(Buffer::ResponseBody, known, body_size, |slice| {
                exchange.response_body(slice, now);
            });
        }
        self.held_bytes = body_size;
        self.response_end_if(end_of_stream);
        action
    }

    fn on_http_response_trailers(&mut self, _num_trailers: usize) -> Action {
        self.response_end_if(true);
        self.held()
    }

    /// The one callback that comes at every end of an exchange, however it ends.
    fn on_log(&mut self) {
        let is_withheld = self.held() == Action::Pause;
        let (Some(exchange), Some(policy)) = (self.exchange.take(), &self.policy) else {
            return;
        };
        let now = host::now();
        let end = End {
            is_withheld,
            ..end()
        };
        let Some(event) = exchange.end(end, now) else {
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
}

impl Http {
    fn request_end_if(&mut self, end_of_stream: bool) {
        if let (true, Some(exchange)) = (end_of_stream, &mut self.exchange) {
            exchange.request_end();
            self.record_prompt();
        }
    }

    /// Whether the answer may pass only with a record of the prompt, which is awaited from now on.
    fn awaits_record(&self) -> bool {
        let (Some(policy), Some(exchange)) = (&self.policy, &self.exchange) else {
            return false;
        };
        let (Some(hold_ms), Some(id)) = (policy.delivery.hold_ms, exchange.request_id()) else {
            return false;
        };
        let hold = || Hold::new(self.stream, exchange.refusal(), hold_ms);
        shared::holds(|holds| holds.open(id, hold));
        true
    }

    /// Sends the record of the prompt on its way, if the answer may not pass without it.
    fn record_prompt(&self) {
        if !self.awaits_record() {
            return;
        }
        let (Some(policy), Some(exchange)) = (&self.policy, &self.exchange) else {
            return;
        };
        let now = host::now();
        let telemetry = exchange
            .pending(now)
            .and_then(|event| push(event, policy, now));
        if let Some(telemetry) = telemetry {
            telemetry.prompt_recorded();
        }
    }

    /// Whether the answer goes on.
    fn held(&mut self) -> Action {
        let request_id = self.exchange.as_ref().and_then(Exchange::request_id);
        let (true, Some(id)) = (self.is_held, request_id) else {
            return Action::Continue;
        };
        let now = host::now();
        let decision = shared::holds(|holds| holds.pause(id, now));
        self.is_held = decision != Some(Decision::Recorded);
        if self.is_held {
            Action::Pause
        } else {
            Action::Continue
        }
    }

    fn response_end_if(&mut self, end_of_stream: bool) {
        if let (true, Some(exchange)) = (end_of_stream, &mut self.exchange) {
            exchange.response_end();
        }
    }
}

/// Leaves an event to the roots.
fn push(event: AuditEvent, policy: &Policy, now: Timestamp) -> Option<Telemetry> {
    let ((mut dead, is_ready), telemetry) = shared::outbox(|outbox| {
        let dead = outbox.push(event, &policy.delivery, now);
        (dead, outbox.is_ready(&policy.delivery, now))
    })?;
    telemetry.dead_letters(&mut dead);
    for request_id in dead.iter().filter_map(DeadLetter::awaited_by) {
        shared::holds(|holds| holds.refuse(request_id));
    }
    if is_ready {
        shared::wake();
    }
    Some(telemetry)
}

/// The bytes of a buffer from `start` on.
fn for_each_slice(buffer: Buffer, mut start: usize, size: usize, mut take: impl FnMut(&[u8])) {
    while start < size {
        let slice = host::buffer(buffer, start, SLICE_BYTES.min(size.saturating_sub(start)));
        if slice.is_empty() {
            return;
        }
        start = start.saturating_add(slice.len());
        take(&slice);
    }
}

/// What the proxy says at the end of the stream. Where a name changed, the older one follows.
fn end() -> End {
    let (cluster, route) = destination(true);
    End {
        flags: ResponseFlags(number(&["response", "flags"]).unwrap_or(0)),
        details: text(&["response", "code_details"]),
        http_status: number(&["response", "code"]).and_then(|code| u16::try_from(code).ok()),
        route,
        cluster,
        source: text(&["source", "address"]),
        upstream_attempts: number(&["upstream", "request_attempt_count"]),
        is_withheld: false,
    }
}

/// The proxy's names of the cluster and of the route of the stream, if somebody wants to know.
fn destination(is_asked: bool) -> (Option<String>, Option<String>) {
    if !is_asked {
        return (None, None);
    }
    let cluster = text(&["xds", "cluster_name"]).or_else(|| text(&["cluster_name"]));
    let route = text(&["xds", "route_name"]).or_else(|| text(&["route_name"]));
    (cluster, route)
}

fn text(path: &[&str]) -> Option<String> {
    let value = host::property(path).filter(|value| !value.is_empty())?;
    Some(String::from_utf8_lossy(&value).into_owned())
}

fn number(path: &[&str]) -> Option<u64> {
    let bytes: [u8; 8] = host::property(path)?.try_into().ok()?;
    Some(u64::from_le_bytes(bytes))
}
