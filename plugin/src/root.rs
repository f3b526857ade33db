//! The root context: configuration, and delivery on its ticks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use audit_layer_core::api::Refusal;
use audit_layer_core::destination::Destination;
use audit_layer_core::host::Host;
use audit_layer_core::limits::RECEIPT_BYTES_MAX;
use audit_layer_core::outbox::{Answer, Batch, BatchId, DeadLetter, Failure, Outcome, Refused};
use audit_layer_core::policy::Policy;
use proxy_wasm::hostcalls::dispatch_http_call;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{ContextType, Status};

use crate::envoy::UNRECORDED;
use crate::host::{self, Buffer, Map};
use crate::http::Http;
use crate::{record, shared, telemetry};

/// One configuration of the plugin in this VM.
#[derive(Default)]
pub(crate) struct Root {
    policy: Option<Arc<Policy>>,
    callouts: BTreeMap<u32, Sent>,
    queues: Option<Queues>,
    has_callouts: bool,
}

/// A batch on its way, and how it went.
struct Sent {
    policy: Arc<Policy>,
    batch: BatchId,
    events: usize,
}

impl Context for Root {
    fn on_http_call_response(
        &mut self,
        token: u32,
        num_headers: usize,
        body_size: usize,
        _num_trailers: usize,
    ) {
        let Some(sent) = self.callouts.remove(&token) else {
            return;
        };
        let outcome = answer(num_headers, body_size, &sent);
        let recorded = settle(&sent, outcome);
        self.deliver();
        // Last, as from here on host calls concern those streams.
        for stream in recorded {
            if host::select_stream(stream) {
                host::resume_response();
            }
        }
    }

    fn on_done(&mut self) -> bool {
        let Some(policy) = &self.policy else {
            return true;
        };
        // The host drops this root's callouts, so what became of them will never be known.
        for sent in std::mem::take(&mut self.callouts).into_values() {
            shared::outbox(&sent.policy, |outbox| outbox.recall(sent.batch));
        }
        // Its streams have ended, so that nothing will come back from a redirect.
        let waiting = shared::redirects(|redirects| redirects.take_of(policy));
        waiting.into_iter().flatten().for_each(record::unclaimed);
        for left in shared::leave(&policy.destination) {
            left.give_up();
        }
        true
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, size: usize) -> bool {
        let json = host::buffer(Buffer::PluginConfiguration, 0, size);
        let host = Host::envoy(host::fill);
        match Policy::read(&json, &|name| std::env::var(name).ok(), &host) {
            Ok(policy) => {
                self.configure(policy);
                true
            }
            Err(error) => {
                telemetry::configuration_refused(&error);
                false
            }
        }
    }

    fn on_tick(&mut self) {
        self.listen();
        tell_alive();
        self.attend();
        refuse_overdue();
        give_up_overdue();
    }

    fn on_queue_ready(&mut self, _queue_id: u32) {
        self.attend();
    }

    fn create_http_context(&self, context_id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Http::new(context_id, self.policy.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

impl Root {
    fn configure(&mut self, policy: Policy) {
        let policy = Arc::new(policy);
        let writer = shared::join(&policy);
        telemetry::configured(&policy, &writer);
        if !host::set_tick_period_ms(tick_period_ms(&policy)) {
            telemetry::no_ticks();
        }
        self.policy = Some(policy);
    }

    /// Registers the queues, and asks the host for what delivery needs: not before the first tick,
    /// as a configuration that is only tried out must not be heard from.
    fn listen(&mut self) {
        if let (None, Some(policy)) = (&self.queues, &self.policy) {
            let queues = Queues::register(&policy.destination);
            shared::set_wake(queues.wake);
            shared::set_handover(&policy.destination, queues.handover);
            self.queues = Some(queues);
            telemetry::look_at_identity(policy);
            telemetry::look_at_content(policy);
            self.has_callouts = host::has_callouts();
            if !self.has_callouts {
                telemetry::no_callouts();
            }
            telemetry::look_at_log_level();
        }
    }

    /// Looks into the queues and sends what is due. Ticks look too, since a host may have no
    /// notifications, or give them to a root that is gone.
    fn attend(&mut self) {
        if let Some(Queues { wake, handover }) = self.queues {
            while wake.and_then(host::dequeue).is_some() {}
            shared::woken();
            while let Some(parcel) = handover.and_then(host::dequeue) {
                self.adopt(&parcel);
            }
        }
        self.deliver();
    }

    fn adopt(&self, parcel: &[u8]) {
        let Some(policy) = &self.policy else { return };
        let adopted = shared::outbox(policy, |outbox| outbox.adopt(parcel, &policy.delivery));
        if let Some((mut dead, telemetry)) = adopted {
            telemetry.taken_over();
            telemetry.dead_letters(&mut dead, policy);
        }
    }

    /// Sends what is due, to whichever destination.
    fn deliver(&mut self) {
        while let Some((policy, batch)) = shared::poll(host::now()) {
            let dispatched = self.send(&policy, &batch);
            let sent = Sent {
                policy,
                batch: batch.id,
                events: batch.events,
            };
            match dispatched {
                Ok(token) => {
                    self.callouts.insert(token, sent);
                }
                Err(outcome) => {
                    settle(&sent, outcome);
                }
            }
        }
    }

    /// Sends a batch on its way; gives the token of its callout, or what came of it at once.
    fn send(&self, policy: &Policy, batch: &Batch) -> Result<u32, Outcome> {
        if !self.has_callouts {
            return Err(Outcome::Refused {
                reason: "no_callouts".to_owned(),
                about: Refused::Sender,
            });
        }
        dispatch(policy, &batch.body).map_err(|status| not_dispatched(status, policy, batch.events))
    }
}

/// Takes the outcome of a batch; gives the streams whose answers may go on.
fn settle(sent: &Sent, outcome: Outcome) -> Vec<u32> {
    let now = host::now();
    let retry = &sent.policy.delivery.retry;
    let settled = shared::outbox(&sent.policy, |outbox| {
        outbox.settle(sent.batch, outcome, retry, now)
    });
    let Some((mut settled, telemetry)) = settled else {
        return Vec::new();
    };
    telemetry.batch_settled(&mut settled, &sent.policy);
    let decided = shared::holds(|holds| {
        for request_id in settled.dead.iter().filter_map(DeadLetter::awaited_by) {
            holds.refuse(request_id);
        }
        let acknowledged = settled.acknowledged.iter();
        acknowledged.filter_map(|id| holds.record(id)).collect()
    });
    decided.unwrap_or_default()
}

/// Counts the seconds of this VM, of which there are none when it has trapped.
fn tell_alive() {
    let seconds = shared::seconds_alive(host::now());
    if let (1.., Some(telemetry)) = (seconds, shared::telemetry()) {
        telemetry.alive_for(seconds);
    }
}

/// Answers the clients whose calls wait in vain for a record.
fn refuse_overdue() {
    let now = host::now();
    let Some((refused, telemetry)) = shared::take_refused(now) else {
        return;
    };
    for hold in refused {
        if host::select_stream(hold.stream) {
            let Refusal { body, headers } = hold.refusal;
            let headers = [&[("content-type", "application/json")], headers].concat();
            host::answer(503, UNRECORDED, &headers, &body);
            telemetry.answer_refused();
        }
    }
}

/// Records the calls whose proxy followed a redirect, and did not come back.
fn give_up_overdue() {
    let now = host::now();
    let overdue = shared::redirects(|redirects| redirects.take_overdue(now));
    overdue.into_iter().flatten().for_each(record::unclaimed);
}

/// The shared queues of a root; each is absent where the host has none.
struct Queues {
    /// Of this VM alone: a stream calls for a root.
    wake: Option<u32>,
    /// Of all VMs that deliver to the same place: events of VMs that have ended.
    handover: Option<u32>,
}

impl Queues {
    /// Plugins of others, and of other configurations, may share the names.
    fn register(destination: &Destination) -> Self {
        let (vm, place) = (shared::vm_id(), destination.as_str());
        Self {
            wake: host::register_queue(&format!("audit_layer.wake.{vm}")),
            handover: host::register_queue(&format!("audit_layer.handover.{place}")),
        }
    }
}

/// Often enough that lingering adds little, seldom enough to cost nothing.
fn tick_period_ms(policy: &Policy) -> u32 {
    let half_linger = policy.delivery.batch.linger_ms.div_euclid(2).clamp(10, 100);
    u32::try_from(half_linger).unwrap_or(100)
}

fn dispatch(policy: &Policy, body: &[u8]) -> Result<u32, Status> {
    let api = &policy.audit_api;
    let batch_path = policy.delivery.batch.path.as_deref();
    let path = format!("{}{}", api.base_path, batch_path.unwrap_or("/audit/log"));
    let content_type = batch_path.map_or("application/json", |_| "application/x-ndjson");
    let bearer = api
        .api_key
        .as_ref()
        .map(|key| format!("Bearer {}", key.expose()));
    let mut headers = vec![
        (":method", "POST"),
        (":scheme", api.scheme.as_str()),
        (":authority", api.authority.as_str()),
        (":path", path.as_str()),
        ("content-type", content_type),
        ("user-agent", policy.recorder),
    ];
    if let Some(bearer) = &bearer {
        headers.push(("authorization", bearer));
    }
    let timeout = Duration::from_millis(api.timeout_ms);
    dispatch_http_call(&api.cluster, headers, Some(body), Vec::new(), timeout)
}

fn not_dispatched(status: Status, policy: &Policy, events: usize) -> Outcome {
    if matches!(status, Status::BadArgument) {
        telemetry::unknown_cluster(&policy.audit_api.cluster);
    } else {
        telemetry::delivery_failed("no healthy upstream", events);
    }
    Outcome::unanswered()
}

/// A callout that failed after its headers has none, and reading one would be an error.
fn answer(num_headers: usize, body_size: usize, sent: &Sent) -> Outcome {
    let events = sent.events;
    let text = |name| {
        let value = host::header(Map::CalloutResponse, name)?;
        String::from_utf8(value).ok()
    };
    let status = text(":status")
        .filter(|_| num_headers > 0)
        .and_then(|code| code.parse().ok());
    let Some(status) = status else {
        telemetry::delivery_failed("the connection broke", events);
        return Outcome::unanswered();
    };
    let size = body_size.min(RECEIPT_BYTES_MAX);
    let body = host::buffer(Buffer::CalloutResponseBody, 0, size);
    let (retry_after, content_type) = (text("retry-after"), text("content-type"));
    let answer = Answer {
        status,
        retry_after: retry_after.as_deref(),
        content_type: content_type.as_deref(),
        body: &body,
    };
    let outcome = shared::outbox(&sent.policy, |outbox| outbox.outcome(sent.batch, &answer));
    let Some((outcome, telemetry)) = outcome else {
        return Outcome::unanswered();
    };
    match &outcome {
        Outcome::Accepted(_) => {
            if shared::is_news(&sent.policy.destination, None) {
                telemetry::delivery_goes_on(&sent.policy);
            }
        }
        Outcome::Refused { about, .. } => telemetry::delivery_refused(status, events, *about),
        Outcome::Failed { failure, .. } => match failure {
            Failure::Unavailable => {
                telemetry::delivery_failed(format_args!("status {status}"), events);
            }
            Failure::NoReceipt(_) => {
                telemetry::no_receipt(status, content_type.as_deref(), body_size, events);
            }
            Failure::Denied(_) | Failure::Forbidden(_) => {
                telemetry.delivery_denied();
                if shared::is_news(&sent.policy.destination, Some(status)) {
                    telemetry::denied(*failure, status, &sent.policy);
                }
            }
        },
    }
    outcome
}
