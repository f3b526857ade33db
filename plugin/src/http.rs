//! One stream: the proxy's callbacks to an exchange. Every callback continues, unless the operator
//! wants that no answer passes before its prompt is recorded.

use std::sync::Arc;
use std::time::Duration;

use audit_layer_core::completion::{Cause, End};
use audit_layer_core::exchange::Exchange;
use audit_layer_core::headers::{AUDIT_REQUEST_ID, Headers, is_audit_name};
use audit_layer_core::hop;
use audit_layer_core::opening::{Destination, Opening};
use audit_layer_core::policy::Policy;
use audit_layer_core::time::Timestamp;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use crate::attributes;
use crate::envoy;
use crate::hold::{Decision, Hold};
use crate::host::{self, Buffer, Map};
use crate::memory;
use crate::property::{number, text};
use crate::record;
use crate::redirects::{CallKey, Earlier, Waiting};
use crate::shared;

/// Bytes of a body copied into the VM at once.
const SLICE_BYTES: usize = 64 << 10;

/// One stream of the proxy.
pub(crate) struct Http {
    stream: u32,
    policy: Option<Arc<Policy>>,
    exchange: Option<Exchange>,
    /// Whether the request's headers have come.
    is_seen: bool,
    /// What was removed from a request that is no call to be audited, should a redirect make it one.
    audit_headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// Whether a record of the prompt is on its way.
    is_prompt_recorded: bool,
    /// What the proxy said when it was done with a stream that it never logged.
    done: Option<End>,
    /// Whether the answer waits until the record of the prompt is acknowledged.
    is_held: bool,
    /// Bytes of the response's body that have been read and that the host shows again, as it keeps
    /// them while the answer waits.
    held_bytes: usize,
}

impl Http {
    pub(crate) fn new(stream: u32, policy: Option<Arc<Policy>>) -> Self {
        Self {
            stream,
            policy,
            exchange: None,
            is_seen: false,
            audit_headers: Vec::new(),
            is_prompt_recorded: false,
            done: None,
            is_held: false,
            held_bytes: 0,
        }
    }
}

impl Context for Http {
    /// Comes after the log callback, or instead of it.
    fn on_done(&mut self) -> bool {
        let is_withheld = self.held() == Action::Pause;
        let exchange = self.exchange.as_ref();
        self.done =
            exchange.map(|exchange| end(self.policy.as_deref(), is_withheld, exchange.status()));
        true
    }
}

/// A filter of an upstream is never told to log; its streams end here. A host that logs after it is
/// done has logged by now.
impl Drop for Http {
    fn drop(&mut self) {
        if let (Some(mut exchange), Some(policy)) = (self.exchange.take(), &self.policy) {
            exchange.unlogged();
            record::end(exchange, policy, self.done.take().unwrap_or_default());
        }
    }
}

impl HttpContext for Http {
    fn on_http_request_headers(&mut self, _num_headers: usize, end_of_stream: bool) -> Action {
        let pairs = host::headers(Map::Request);
        let headers = Headers(&pairs);
        #[cfg(feature = "trap")]
        crate::trap::if_asked(headers);
        self.is_seen = true;
        if self.policy.is_some() {
            for name in headers.audit_names() {
                host::remove_header(Map::Request, name);
            }
            self.begin(&pairs, end_of_stream);
            self.tell_next(headers);
        }
        self.request_end_if(end_of_stream);
        Action::Continue
    }

    fn on_http_request_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        if let Some(exchange) = &mut self.exchange {
            for_each_slice(Buffer::RequestBody, 0, body_size, |slice| {
                if memory::is_short() && exchange.forgo_request() {
                    record::unread();
                }
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
        }
        self.tell_client();
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
                if memory::is_short() && exchange.forgo_response() {
                    record::unread();
                }
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

    /// The one callback that comes at every end of an exchange, however it ends. It may be the only
    /// one.
    fn on_log(&mut self) {
        let Some(policy) = self.policy.clone() else {
            return;
        };
        if !self.is_seen {
            self.begin_unseen(&policy);
        }
        if self.exchange.is_none() {
            self.end_unmatched(&policy);
            return;
        }
        let is_withheld = self.held() == Action::Pause;
        let Some(exchange) = self.exchange.take() else {
            return;
        };
        let end = end(Some(&policy), is_withheld, exchange.status());
        if end.is_redirect() {
            let earlier = Earlier {
                is_prompt_recorded: self.is_prompt_recorded,
                ..Earlier::of(exchange)
            };
            record::redirected(&policy, earlier, end);
        } else {
            record::end(exchange, &policy, end);
        }
    }
}

impl Http {
    /// The request's headers have come: of a call, of another pass of one, or of something else.
    fn begin(&mut self, pairs: &[(Vec<u8>, Vec<u8>)], is_whole: bool) {
        let Some(policy) = self.policy.clone() else {
            return;
        };
        let (cluster, route) = destination(policy.asks_destination());
        let opening = Opening {
            headers: Headers(pairs),
            destination: Destination {
                cluster: cluster.as_deref(),
                route: route.as_deref(),
            },
            is_whole,
        };
        let earlier = claim(&policy).map(|waiting| self.go_on(opening, waiting));
        if self.exchange.is_some() {
            return;
        }
        self.audit_headers.extend(earlier.into_iter().flatten());
        if self.audit_headers.is_empty() {
            self.exchange = Exchange::begin(&policy, opening, host::id_entropy(), host::now());
        } else {
            let pairs = [pairs, &self.audit_headers].concat();
            let opening = Opening {
                headers: Headers(&pairs),
                ..opening
            };
            self.exchange = Exchange::begin(&policy, opening, host::id_entropy(), host::now());
        }
        if self.exchange.is_none() {
            let own = pairs.iter().filter(|(name, _)| is_audit_name(name));
            self.audit_headers.extend(own.cloned());
        }
    }

    /// Goes on with a call; gives what was removed from it, if there is no exchange that has read it.
    fn go_on(&mut self, opening: Opening<'_>, waiting: Waiting) -> Vec<(Vec<u8>, Vec<u8>)> {
        let Earlier {
            exchange,
            is_prompt_recorded,
            audit_headers,
        } = waiting.earlier;
        self.is_prompt_recorded = is_prompt_recorded;
        self.exchange = exchange;
        if let Some(exchange) = &mut self.exchange {
            exchange.redirected(opening, waiting.end);
            if let Some(id) = exchange.request_id() {
                shared::holds(|holds| holds.follow(id, self.stream));
            }
        }
        audit_headers
    }

    /// Another filter ended the call before its request came here, where its headers and those of
    /// the answer can be read nevertheless.
    fn begin_unseen(&mut self, policy: &Arc<Policy>) {
        let pairs = host::headers(Map::Request);
        let headers = Headers(&pairs);
        if let Some(waiting) = claim(policy) {
            self.go_on(headers.into(), waiting);
        }
        if self.exchange.is_none() {
            let started = started().unwrap_or_else(host::now);
            self.exchange = Exchange::unseen(policy, headers, host::id_entropy(), started);
        }
        let answer = host::headers(Map::Response);
        if let Some(exchange) = self.exchange.as_mut().filter(|_| !answer.is_empty()) {
            exchange.unseen_answer(Headers(&answer));
        }
    }

    /// The end of a request that was no call to be audited; after a redirect it may be one.
    fn end_unmatched(&mut self, policy: &Arc<Policy>) {
        let details = details();
        let end = End {
            cause: envoy::cause(&[], details.as_deref()),
            details,
            ..End::default()
        };
        if !end.is_redirect() {
            if self.is_seen {
                record::unmatched();
            }
        } else if !self.audit_headers.is_empty() {
            let audit_headers = std::mem::take(&mut self.audit_headers);
            record::redirected(policy, Earlier::unmatched(audit_headers), end);
        }
    }

    /// Tells a gateway behind this one that the call is recorded; what the header said of a gateway
    /// before this one has been read.
    fn tell_next(&self, headers: Headers<'_>) {
        let Some(exchange) = &self.exchange else {
            return;
        };
        if let Some(value) = exchange.hop() {
            host::set_header(Map::Request, hop::HEADER, &value);
        } else if headers.bytes(hop::HEADER).is_some() {
            host::remove_header(Map::Request, hop::HEADER.as_bytes());
        }
    }

    /// Tells the client the event's id. Nobody else may: logs quote the header, and readers believe it.
    fn tell_client(&self) {
        match self.exchange.as_ref().and_then(Exchange::request_id) {
            Some(id) => host::set_header(Map::Response, AUDIT_REQUEST_ID, id),
            None if self.policy.is_some() => {
                host::remove_header(Map::Response, AUDIT_REQUEST_ID.as_bytes());
            }
            None => {}
        }
    }

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
    fn record_prompt(&mut self) {
        if self.is_prompt_recorded || !self.awaits_record() {
            return;
        }
        let (Some(policy), Some(exchange)) = (&self.policy, &self.exchange) else {
            return;
        };
        let now = host::now();
        let (cluster, route) = destination(policy.asks_destination());
        let end = End {
            cluster,
            route,
            ..who(Some(policy))
        };
        let telemetry = exchange
            .pending(end, now)
            .and_then(|event| record::push(event, policy, now));
        if let Some(telemetry) = telemetry {
            telemetry.prompt_recorded();
            self.is_prompt_recorded = true;
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

/// The call that goes on with this stream, if one does.
fn claim(policy: &Arc<Policy>) -> Option<Waiting> {
    // Nearly always there is none, and the host need not be asked.
    if shared::redirects(|redirects| redirects.is_empty())? {
        return None;
    }
    let call = CallKey::of_stream()?;
    shared::redirects(|redirects| redirects.claim(&call, policy))?
}

/// When the host got the request.
fn started() -> Option<Timestamp> {
    let since_epoch = Duration::from_nanos(number(&["request", "time"])?);
    let ms = u64::try_from(since_epoch.as_millis()).ok()?;
    Some(Timestamp::from_unix_ms(ms))
}

/// What the proxy says at the end of the stream. Where a name changed, the older one follows.
fn end(policy: Option<&Policy>, is_withheld: bool, answered: Option<u16>) -> End {
    let (cluster, route) = destination(true);
    let (flags, details) = (flags(), details());
    let cause = envoy::cause(&flags, details.as_deref());
    let is_local = envoy::is_local(details.as_deref());
    // Each property costs a call back into this VM; here the client got what was answered.
    let is_plain = cause == Cause::Finished && !is_local && !is_withheld;
    let http_status = match answered {
        Some(status) if is_plain => Some(status),
        _ => number(&["response", "code"]).and_then(|code| u16::try_from(code).ok()),
    };
    End {
        cause,
        is_local,
        flags,
        details,
        http_status,
        route,
        cluster,
        upstream_attempts: number(&["upstream", "request_attempt_count"]),
        is_withheld,
        ..who(policy)
    }
}

/// What the proxy says of who makes a call, also before it ends.
fn who(policy: Option<&Policy>) -> End {
    End {
        source: text(&["source", "address"]),
        attributes: policy.map(attributes::all).unwrap_or_default(),
        ..End::default()
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

fn flags() -> Vec<&'static str> {
    envoy::flags(number(&["response", "flags"]).unwrap_or(0))
}

fn details() -> Option<String> {
    text(&["response", "code_details"])
}
