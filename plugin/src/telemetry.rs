//! Every log line and metric of the plugin. No method takes content.

use std::fmt::Display;

use audit_layer_core::destination::{AuditApi, Destination, KeySource};
use audit_layer_core::outbox::{DeadLetter, Failure, Refused, Settled};
use audit_layer_core::policy::{DeadLetterPolicy, Policy};

use crate::host::{self, Level, MetricKind};

/// The level of the lines that carry an event which will not be delivered.
const DEAD_LETTER_LEVEL: Level = Level::Error;

/// The VM's metrics; `OPERATING.md` says what each means. A host without metrics costs nothing but
/// their numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Telemetry {
    recorded: Option<u32>,
    prompts_recorded: Option<u32>,
    answers_refused: Option<u32>,
    truncated: Option<u32>,
    unmatched: Option<u32>,
    unread: Option<u32>,
    heartbeats: Option<u32>,
    delivered: Option<u32>,
    delivery_ms: Option<u32>,
    retried: Option<u32>,
    denied: Option<u32>,
    dead_lettered: Option<u32>,
    dead_lettered_by: [Option<u32>; REASONS.len()],
    lost: Option<u32>,
    handed_over: Option<u32>,
    taken_over: Option<u32>,
    queue_events: Option<u32>,
    queue_bytes: Option<u32>,
    own: Own,
}

/// The metrics of one destination alone.
#[derive(Debug, Clone, Copy)]
struct Own {
    delivered: Option<u32>,
    dead_lettered: Option<u32>,
    lost: Option<u32>,
    queue_events: Option<u32>,
}

/// Reasons of dead letters that have a counter of their own. What else there is, the audit API's
/// refusals, counts for the last.
const REASONS: [&str; 4] = ["queue_full", "max_age", "shutdown", "refused"];

impl Telemetry {
    /// Those of the VM with those of a destination.
    pub(crate) fn define(destination: &Destination) -> Self {
        let metric = |kind, name: &str| host::define_metric(kind, &format!("audit_layer.{name}"));
        let own = |kind, name: &str| metric(kind, &format!("{}_{name}", prefix(destination)));
        let counter = |name: &str| metric(MetricKind::Counter, name);
        let gauge = |name: &str| metric(MetricKind::Gauge, name);
        Self {
            recorded: counter("events_recorded"),
            prompts_recorded: counter("prompts_recorded"),
            answers_refused: counter("answers_refused"),
            truncated: counter("events_truncated"),
            unmatched: counter("requests_unmatched"),
            unread: counter("bodies_unread"),
            heartbeats: counter("heartbeats"),
            delivered: counter("events_delivered"),
            delivery_ms: metric(MetricKind::Histogram, "delivery_ms"),
            retried: counter("events_retried"),
            denied: counter("deliveries_denied"),
            dead_lettered: counter("events_dead_lettered"),
            dead_lettered_by: REASONS
                .map(|reason| counter(&format!("events_dead_lettered_{reason}"))),
            lost: counter("events_lost"),
            handed_over: counter("events_handed_over"),
            taken_over: counter("events_taken_over"),
            queue_events: gauge("queue_events"),
            queue_bytes: gauge("queue_bytes"),
            own: Own {
                delivered: own(MetricKind::Counter, "events_delivered"),
                dead_lettered: own(MetricKind::Counter, "events_dead_lettered"),
                lost: own(MetricKind::Counter, "events_lost"),
                queue_events: own(MetricKind::Gauge, "queue_events"),
            },
        }
    }

    pub(crate) fn event_recorded(self, is_truncated: bool) {
        add(self.recorded, 1);
        add(self.truncated, i64::from(is_truncated));
    }

    pub(crate) fn prompt_recorded(self) {
        add(self.prompts_recorded, 1);
    }

    pub(crate) fn request_unmatched(self) {
        add(self.unmatched, 1);
    }

    pub(crate) fn body_unread(self) {
        add(self.unread, 1);
    }

    /// Seconds in which this VM was there to record.
    pub(crate) fn alive_for(self, seconds: u64) {
        add(self.heartbeats, i64::try_from(seconds).unwrap_or(i64::MAX));
    }

    pub(crate) fn answer_refused(self) {
        add(self.answers_refused, 1);
    }

    pub(crate) fn delivery_denied(self) {
        add(self.denied, 1);
    }

    pub(crate) fn batch_settled(self, settled: &mut Settled, policy: &Policy) {
        let delivered = signed(settled.delivered_after_ms.len());
        add(self.delivered, delivered);
        add(self.own.delivered, delivered);
        if let Some(id) = self.delivery_ms {
            for after_ms in &settled.delivered_after_ms {
                host::record_metric(id, *after_ms);
            }
        }
        add(self.retried, signed(settled.retried));
        self.dead_letters(&mut settled.dead, policy);
    }

    /// Writes the events to the proxy's log, from which they can be imported, unless it has them.
    /// One that the log does not take is lost. The policy is one of their destination.
    pub(crate) fn dead_letters(self, dead: &mut [DeadLetter], policy: &Policy) {
        if dead.iter().all(|letter| letter.is_logged) {
            return;
        }
        let is_shown = host::shows(DEAD_LETTER_LEVEL);
        let mut lost = 0_usize;
        for letter in dead.iter_mut().filter(|letter| !letter.is_logged) {
            letter.is_logged = is_shown && log_dead_letter(letter, &policy.delivery.dead_letter);
            if letter.is_logged {
                add(self.dead_lettered, 1);
                add(self.own.dead_lettered, 1);
                add(self.dead_lettered_by(&letter.reason), 1);
            } else {
                lost = lost.saturating_add(1);
            }
        }
        if lost > 0 {
            add(self.lost, signed(lost));
            add(self.own.lost, signed(lost));
            events_lost(lost);
        }
    }

    fn dead_lettered_by(self, reason: &str) -> Option<u32> {
        let metrics = REASONS.iter().zip(self.dead_lettered_by);
        metrics
            .filter(|(known, _)| **known == reason || **known == "refused")
            .find_map(|(_, metric)| metric)
    }

    pub(crate) fn handed_over(self, events: usize) {
        add(self.handed_over, signed(events));
    }

    pub(crate) fn taken_over(self) {
        add(self.taken_over, 1);
    }

    /// The queue's events and bytes before and after a change. VMs share the gauges, so each adds
    /// its own change, and the value is the sum over all workers.
    pub(crate) fn queue(self, before: [usize; 2], after: [usize; 2]) {
        let metrics = [self.queue_events, self.queue_bytes];
        for ((metric, before), after) in metrics.into_iter().zip(before).zip(after) {
            add(metric, signed(after).saturating_sub(signed(before)));
        }
        let ([before, _], [after, _]) = (before, after);
        add(
            self.own.queue_events,
            signed(after).saturating_sub(signed(before)),
        );
    }
}

fn log_dead_letter(letter: &DeadLetter, policy: &DeadLetterPolicy) -> bool {
    host::log(DEAD_LETTER_LEVEL, &letter.line(policy))
}

/// The log may still show the gravest lines.
fn events_lost(events: usize) {
    let line = format!(
        "audit-layer: {events} events are lost: they could not be delivered, and the log drops \
         errors, so no dead letters were written. Set the level of its component \"wasm\" to error \
         or lower"
    );
    host::log(Level::Critical, &line);
}

fn signed(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn add(metric: Option<u32>, change: i64) {
    if let (Some(id), true) = (metric, change != 0) {
        host::increment_metric(id, change);
    }
}

/// The beginning of the names of a destination's own metrics.
fn prefix(destination: &Destination) -> String {
    format!("destination_{}", destination.label())
}

/// Where an audit API is, and the way there.
fn place(audit_api: &AuditApi) -> String {
    let AuditApi {
        cluster,
        scheme,
        authority,
        base_path,
        ..
    } = audit_api;
    let place = format!("{scheme}://{authority}{base_path} through cluster {cluster}");
    in_one_line(&place)
}

pub(crate) fn configured(policy: &Policy, writer: &str) {
    let line = format!(
        "audit-layer: configured; events go to {}; writer {writer}; statistics {}",
        place(&policy.audit_api),
        prefix(&policy.destination)
    );
    host::log(Level::Info, &line);
}

/// Says while there is time what an audit API may not take.
pub(crate) fn look_at_identity(policy: &Policy) {
    let Policy {
        organization_id,
        audit_api,
        ..
    } = policy;
    if audit_api.api_key.is_none() {
        let line = format!(
            "audit-layer: no key is sent to the audit API: {}. The audit API may refuse every event",
            key_hint(audit_api)
        );
        host::log(Level::Warn, &line);
    }
    if organization_id.is_empty() {
        host::log(
            Level::Warn,
            "audit-layer: events name no organization: neither organization_id nor the environment \
             variable AUDIT_LAYER_ORG_ID is set. The audit API must know it from the key",
        );
    }
}

/// Says once what is stored of whom.
pub(crate) fn look_at_content(policy: &Policy) {
    if policy.stores_unverified_in_full() {
        host::log(
            Level::Warn,
            "audit-layer: prompts and answers are stored in full, and user_id has no source that the \
             gateway verifies: see capture.content and identity.user_id, or audit-layer check",
        );
    }
}

/// Where the key comes from.
fn key_hint(audit_api: &AuditApi) -> String {
    let is_set = audit_api.api_key.is_some();
    match &audit_api.key_source {
        KeySource::Configuration if is_set => "the key comes from audit_api.api_key".to_owned(),
        KeySource::Configuration => "audit_api.api_key is empty".to_owned(),
        KeySource::Environment(name) if is_set => {
            format!(
                "the key comes from the environment variable {}",
                in_one_line(name)
            )
        }
        KeySource::Environment(name) => format!(
            "neither audit_api.api_key nor the environment variable {name} is set in the plugin's \
             VM (vm_config.environment_variables)"
        ),
    }
}

/// The audit API takes nothing from us, which an operator can mend. Told once, as it is tried again.
pub(crate) fn denied(failure: Failure, status: u16, policy: &Policy) {
    let why = match (failure, status) {
        (Failure::Forbidden(_), _) => "the answer is a page, for one event after another; a \
             firewall in front of it may be blocking them"
            .to_owned(),
        (_, 401 | 403 | 407) => key_hint(&policy.audit_api),
        _ => "audit_api.url or delivery.batch.path may be wrong".to_owned(),
    };
    let line = format!(
        "audit-layer: {} denies events with status {status}: {why}. Events are kept and retried; \
         see deliveries_denied",
        place(&policy.audit_api)
    );
    host::log(Level::Error, &line);
}

/// What was denied is taken again.
pub(crate) fn delivery_goes_on(policy: &Policy) {
    let cluster = in_one_line(&policy.audit_api.cluster);
    let line = format!("audit-layer: the audit API through cluster {cluster} accepts events again");
    host::log(Level::Info, &line);
}

pub(crate) fn configuration_refused(error: &impl Display) {
    host::log(
        Level::Error,
        &format!("audit-layer: configuration refused: {error}"),
    );
}

pub(crate) fn no_ticks() {
    host::log(
        Level::Error,
        "audit-layer: this host has no timer (proxy_set_tick_period_milliseconds), so no event can be \
         delivered",
    );
}

pub(crate) fn no_callouts() {
    host::log(
        Level::Error,
        "audit-layer: this host has no HTTP callouts, so each event is written here as a dead letter",
    );
}

/// Says while there is time what a log without errors will cost.
pub(crate) fn look_at_log_level() {
    if !host::shows(DEAD_LETTER_LEVEL) {
        host::log(
            Level::Critical,
            "audit-layer: the level of this log excludes errors: an event that cannot be delivered \
             will be lost and counted in events_lost, not written here as a dead letter",
        );
    }
}

pub(crate) fn unknown_cluster(cluster: &str) {
    let cluster = in_one_line(cluster);
    let line = format!(
        "audit-layer: the proxy refused a callout to audit_api.cluster \"{cluster}\"; \
         is there a cluster with this name? Events are kept and retried"
    );
    host::log(Level::Error, &line);
}

pub(crate) fn delivery_failed(why: impl Display, events: usize) {
    let line =
        format!("audit-layer: {events} events were not delivered ({why}); they will be retried");
    host::log(Level::Warn, &line);
}

/// Something answered that is not the audit API, or not as it does: what came helps to find it.
pub(crate) fn no_receipt(status: u16, content_type: Option<&str>, bytes: usize, events: usize) {
    let shown = content_type.map_or("none".to_owned(), |kind| format!("\"{}\"", shown(kind)));
    let why = format!(
        "status {status} with {bytes} bytes of content type {shown} is not a receipt of an audit API; \
         does audit_api.url point to one?"
    );
    delivery_failed(why, events);
}

/// Whether the events go again, and how, or not at all.
pub(crate) fn delivery_refused(status: u16, events: usize, about: Refused) {
    let refused =
        format!("audit-layer: the audit API refused {events} events with status {status}");
    let (level, next) = match about {
        Refused::Content | Refused::Page if events > 1 => (
            Level::Warn,
            "they will be sent in halves, to find the one that it refuses",
        ),
        Refused::Suspect => (
            Level::Warn,
            "others will be sent first, to find out whether it refuses this one only",
        ),
        Refused::Content | Refused::Page | Refused::Sender => {
            (Level::Error, "each follows as a dead letter")
        }
    };
    host::log(level, &format!("{refused}; {next}"));
}

/// What others wrote, in a line of the log: without line ends and quotes, and too short to begin a
/// dead letter.
fn shown(text: &str) -> String {
    let characters = text.chars().take(SHOWN_CHARS_MAX);
    characters.flat_map(char::escape_default).collect()
}

/// One less than a dead letter begins with.
const SHOWN_CHARS_MAX: usize = 30;

/// What the operator wrote, in one line.
fn in_one_line(text: &str) -> String {
    text.chars().flat_map(char::escape_default).collect()
}
