//! One stream: the proxy's callbacks to an exchange. Every callback continues.

use std::rc::Rc;

use audit_layer_core::completion::{End, ResponseFlags};
use audit_layer_core::exchange::Exchange;
use audit_layer_core::headers::{AUDIT_REQUEST_ID, Headers};
use audit_layer_core::policy::Policy;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use crate::host::{self, Buffer, Map};
use crate::shared;

/// Bytes of a body copied into the VM at once.
const SLICE_BYTES: usize = 64 << 10;

/// One stream of the proxy.
pub(crate) struct Http {
    policy: Option<Rc<Policy>>,
    exchange: Option<Exchange>,
}

impl Http {
    pub(crate) fn new(policy: Option<Rc<Policy>>) -> Self {
        Self {
            policy,
            exchange: None,
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
        for name in headers.audit_names() {
            host::remove_header(Map::Request, name);
        }
        self.exchange = Exchange::begin(policy, headers, host::entropy(), host::now());
        self.request_end_if(end_of_stream);
        Action::Continue
    }

    fn on_http_request_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        if let Some(exchange) = &mut self.exchange {
            for_each_slice(Buffer::RequestBody, body_size, |slice| {
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
        Action::Continue
    }

    fn on_http_response_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        if let Some(exchange) = &mut self.exchange {
            let now = host::now();
            for_each_slice(Buffer::ResponseBody, body_size, |slice| {
                exchange.response_body(slice, now);
            });
        }
        self.response_end_if(end_of_stream);
        Action::Continue
    }

    fn on_http_response_trailers(&mut self, _num_trailers: usize) -> Action {
        self.response_end_if(true);
        Action::Continue
    }

    /// The one callback that comes at every end of an exchange, however it ends.
    fn on_log(&mut self) {
        let (Some(exchange), Some(policy)) = (self.exchange.take(), &self.policy) else {
            return;
        };
        let now = host::now();
        let Some(event) = exchange.end(end(), now) else {
            return;
        };
        let is_truncated = event.metadata.audit_layer.capture.truncated;
        let pushed = shared::outbox(|outbox| {
            let dead = outbox.push(event, &policy.delivery, now);
            (dead, outbox.is_ready(&policy.delivery, now))
        });
        if let Some(((dead, is_ready), telemetry)) = pushed {
            telemetry.event_recorded(is_truncated);
            telemetry.dead_letters(&dead);
            if is_ready {
                shared::wake();
            }
        }
    }
}

impl Http {
    fn request_end_if(&mut self, end_of_stream: bool) {
        if let (true, Some(exchange)) = (end_of_stream, &mut self.exchange) {
            exchange.request_end();
        }
    }

    fn response_end_if(&mut self, end_of_stream: bool) {
        if let (true, Some(exchange)) = (end_of_stream, &mut self.exchange) {
            exchange.response_end();
        }
    }
}

fn for_each_slice(buffer: Buffer, size: usize, mut take: impl FnMut(&[u8])) {
    let mut start = 0_usize;
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
    End {
        flags: ResponseFlags(number(&["response", "flags"]).unwrap_or(0)),
        details: text(&["response", "code_details"]),
        http_status: number(&["response", "code"]).and_then(|code| u16::try_from(code).ok()),
        route: text(&["xds", "route_name"]).or_else(|| text(&["route_name"])),
        cluster: text(&["xds", "cluster_name"]).or_else(|| text(&["cluster_name"])),
        source: text(&["source", "address"]),
        upstream_attempts: number(&["upstream", "request_attempt_count"]),
    }
}

fn text(path: &[&str]) -> Option<String> {
    let value = host::property(path).filter(|value| !value.is_empty())?;
    Some(String::from_utf8_lossy(&value).into_owned())
}

fn number(path: &[&str]) -> Option<u64> {
    let bytes: [u8; 8] = host::property(path)?.try_into().ok()?;
    Some(u64::from_le_bytes(bytes))
}
