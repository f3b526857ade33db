//! The counters behind `GET /metrics`. Their labels are words of this program alone.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::http::StatusCode;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::store::{Outcome, Status};

/// What is not counted but looked up when it is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Levels {
    pub(crate) waiting_bytes: u64,
    /// `None` if the database gives no answer.
    pub(crate) stored: Option<StoredLevels>,
}

/// What only the database knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredLevels {
    pub(crate) database_bytes: u64,
    pub(crate) writers: i64,
    pub(crate) incomplete_writers: i64,
    pub(crate) missing: i64,
}

pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    request_seconds: Family<Asked, Histogram>,
    events: Family<Event, Counter>,
    writers_not_counted: Counter,
    commit_seconds: Histogram,
    pub(super) commits_failed: Counter,
    expired: Counter,
    pub(super) exports_broken: Counter,
    pub(super) handshakes_failed: Counter,
    pub(super) rate_limited: Counter,
    waiting: Gauge<u64, AtomicU64>,
    database_up: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    path: String,
    status: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    path: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Event {
    outcome: &'static str,
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix(PREFIX),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(histogram),
            events: Family::default(),
            writers_not_counted: Counter::default(),
            commit_seconds: histogram(),
            commits_failed: Counter::default(),
            expired: Counter::default(),
            exports_broken: Counter::default(),
            handshakes_failed: Counter::default(),
            rate_limited: Counter::default(),
            waiting: Gauge::default(),
            database_up: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("requests", "Requests answered", self.requests.clone());
        registry.register_with_unit(
            "request",
            "Time until the answer began",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        // A counter that is not there is no zero to an alert.
        for outcome in OUTCOMES {
            self.events.get_or_create(&Event { outcome }).inc_by(0);
        }
        registry.register("events", "Events received, by outcome", self.events.clone());
        registry.register(
            "writers_not_counted",
            "Events that name a writer which is not their sender's",
            self.writers_not_counted.clone(),
        );
        registry.register_with_unit(
            "commit",
            "Time of one commit of many requests",
            Unit::Seconds,
            self.commit_seconds.clone(),
        );
        registry.register(
            "commits_failed",
            "Commits of which nothing was stored; the clients were told",
            self.commits_failed.clone(),
        );
        registry.register(
            "events_expired",
            "Events removed because they were over",
            self.expired.clone(),
        );
        registry.register(
            "exports_broken",
            "Exports that broke off",
            self.exports_broken.clone(),
        );
        registry.register(
            "requests_rate_limited",
            "Requests refused because their key recorded more than it may",
            self.rate_limited.clone(),
        );
        registry.register(
            "tls_handshakes_failed",
            "Connections that never got through their TLS handshake",
            self.handshakes_failed.clone(),
        );
        registry.register_with_unit(
            "waiting",
            "Request bodies that wait to be stored",
            Unit::Bytes,
            self.waiting.clone(),
        );
        registry.register(
            "database_up",
            "Whether the database answers",
            self.database_up.clone(),
        );
    }

    pub(super) fn answered(&self, path: &str, status: StatusCode, took: Duration) {
        let path = path.to_owned();
        let asked = Asked { path: path.clone() };
        self.request_seconds
            .get_or_create(&asked)
            .observe(took.as_secs_f64());
        let status = status.as_u16().into();
        self.requests
            .get_or_create(&Answered { path, status })
            .inc();
    }

    pub(super) fn committed(&self, outcomes: &[Outcome], took: Duration) {
        self.commit_seconds.observe(took.as_secs_f64());
        for outcome in outcomes {
            self.writers_not_counted
                .inc_by(outcome.writer_not_counted.into());
            let outcome = match outcome.status {
                Status::Conflict => "conflict",
                Status::Refused => "conflict_refused",
                Status::Duplicate => "duplicate",
                Status::Stored => "stored",
                Status::Superseding => "superseding",
            };
            self.events.get_or_create(&Event { outcome }).inc();
        }
    }

    pub(super) fn rejected(&self, events: usize) {
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        let outcome = "rejected";
        self.events.get_or_create(&Event { outcome }).inc_by(events);
    }

    pub(super) fn expired(&self, events: usize) {
        let events = u64::try_from(events).unwrap_or(u64::MAX);
        self.expired.inc_by(events);
    }

    pub(super) fn render(&self, levels: Levels) -> Result<String, fmt::Error> {
        self.waiting.set(levels.waiting_bytes);
        self.database_up.set(levels.stored.is_some().into());
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        if let Some(stored) = levels.stored {
            encode_registry(&mut text, &stored.registry())?;
        }
        encode_eof(&mut text)?;
        Ok(text)
    }
}

impl StoredLevels {
    /// Of its own, so that what is not known is left out and not told as it was.
    fn registry(self) -> Registry {
        let mut registry = Registry::with_prefix(PREFIX);
        registry.register_with_unit(
            "database",
            "Size of the database",
            Unit::Bytes,
            ConstGauge::new(self.database_bytes),
        );
        registry.register(
            "writers",
            "Writers that events came from",
            ConstGauge::new(self.writers),
        );
        registry.register(
            "writers_incomplete",
            "Writers with holes in their sequence",
            ConstGauge::new(self.incomplete_writers),
        );
        registry.register(
            "events_missing",
            "Events in the holes of all sequences",
            ConstGauge::new(self.missing),
        );
        registry
    }
}

/// What becomes of an event.
const OUTCOMES: [&str; 6] = [
    "stored",
    "superseding",
    "duplicate",
    "rejected",
    "conflict",
    "conflict_refused",
];

const PREFIX: &str = "audit_layer_collector";

/// From a millisecond to half a minute.
fn histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 16))
}
