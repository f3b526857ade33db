//! The counters behind `GET /metrics`. Their labels are words of this program alone.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

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

/// How many events became what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Outcomes {
    pub(crate) conflict: usize,
    pub(crate) conflict_refused: usize,
    pub(crate) duplicate: usize,
    pub(crate) stored: usize,
    pub(crate) superseding: usize,
    /// Those of all these that name a writer which is not their sender's.
    pub(crate) writer_not_counted: usize,
}

impl Outcomes {
    /// How many events these are.
    pub(crate) fn all(&self) -> usize {
        let counts = self.named().into_iter().map(|(_, events)| events);
        counts.fold(0, usize::saturating_add)
    }

    /// Each with its label.
    fn named(&self) -> [(&'static str, usize); 5] {
        [
            ("stored", self.stored),
            ("superseding", self.superseding),
            ("duplicate", self.duplicate),
            ("conflict", self.conflict),
            ("conflict_refused", self.conflict_refused),
        ]
    }
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
        // A counter that is not there is no zero to an alert.
        for (outcome, none) in Outcomes::default().named() {
            self.count(outcome, none);
        }
        self.rejected(0);
        let registry = &mut self.registry;
        registry.register("requests", "Requests answered", self.requests.clone());
        registry.register_with_unit(
            "request",
            "Time until the answer began",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        registry.register("events", "Events received, by outcome", self.events.clone());
        registry.register(
            "writers_not_counted",
            "Events whose writer does not belong to their sender",
            self.writers_not_counted.clone(),
        );
        registry.register_with_unit(
            "commit",
            "Time to commit a group of requests",
            Unit::Seconds,
            self.commit_seconds.clone(),
        );
        registry.register(
            "commits_failed",
            "Failed commits; their clients were told to retry",
            self.commits_failed.clone(),
        );
        registry.register(
            "events_expired",
            "Events removed by retention",
            self.expired.clone(),
        );
        registry.register(
            "exports_broken",
            "Exports that ended early",
            self.exports_broken.clone(),
        );
        registry.register(
            "requests_rate_limited",
            "Requests refused because their key exceeded its rate limit",
            self.rate_limited.clone(),
        );
        registry.register(
            "tls_handshakes_failed",
            "Connections that failed their TLS handshake",
            self.handshakes_failed.clone(),
        );
        registry.register_with_unit(
            "waiting",
            "Request bodies waiting to be stored",
            Unit::Bytes,
            self.waiting.clone(),
        );
        registry.register(
            "database_up",
            "Whether the database answers",
            self.database_up.clone(),
        );
    }

    pub(super) fn answered(&self, path: &str, status: u16, took: Duration) {
        let path = path.to_owned();
        let asked = Asked { path: path.clone() };
        self.request_seconds
            .get_or_create(&asked)
            .observe(took.as_secs_f64());
        let status = status.into();
        self.requests
            .get_or_create(&Answered { path, status })
            .inc();
    }

    pub(super) fn committed(&self, outcomes: &Outcomes, took: Duration) {
        self.commit_seconds.observe(took.as_secs_f64());
        self.writers_not_counted
            .inc_by(number(outcomes.writer_not_counted));
        for (outcome, events) in outcomes.named() {
            self.count(outcome, events);
        }
    }

    fn count(&self, outcome: &'static str, events: usize) {
        let events = number(events);
        self.events.get_or_create(&Event { outcome }).inc_by(events);
    }

    pub(super) fn rejected(&self, events: usize) {
        self.count(REJECTED, events);
    }

    pub(super) fn expired(&self, events: usize) {
        self.expired.inc_by(number(events));
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
            "Writers that sent events",
            ConstGauge::new(self.writers),
        );
        registry.register(
            "writers_incomplete",
            "Writers with gaps in their sequence",
            ConstGauge::new(self.incomplete_writers),
        );
        registry.register(
            "events_missing",
            "Events missing from all sequences",
            ConstGauge::new(self.missing),
        );
        registry
    }
}

/// The outcome of what is no event.
const REJECTED: &str = "rejected";

const PREFIX: &str = "audit_layer_collector";

/// From a millisecond to half a minute.
fn histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 16))
}

fn number(events: usize) -> u64 {
    u64::try_from(events).unwrap_or(u64::MAX)
}
