//! The checked configuration: what the operator wrote, with every value in its range.

mod check;
mod decision;
mod effective;
mod error;
mod identity;
mod raw;
mod redact;
mod resolver;
mod rules;
#[cfg(feature = "schema")]
mod schema;
mod seal;
mod sources;
mod warnings;

use std::sync::Arc;

use crate::api::Own;
use crate::capture::CapturePolicy;
use crate::dead_letter::LetterKey;
use crate::decided::DecisionPolicy;
use crate::destination::{AuditApi, Destination};
use crate::event::CapturePoint;
use crate::hop::HopKey;
use crate::host::Host;
use crate::identity::IdentityPolicy;
use crate::redact::RedactPolicy;
use crate::rules::Rules;
use crate::sealing::Sealer;
use crate::wanted::Wanted;

pub use error::ConfigError;
#[cfg(feature = "schema")]
pub use schema::schema;
pub use warnings::Warning;

/// What to record and where to send it. Made by [`Policy::read`] only.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Name and version of what records, as events carry it.
    pub recorder: &'static str,
    /// Where calls are recorded.
    pub point: CapturePoint,
    /// The organization that events belong to; empty if the audit API knows it by the key.
    pub organization_id: String,
    /// Where events go.
    pub audit_api: AuditApi,
    /// Both of these, as what tells events of several configurations apart.
    pub destination: Destination,
    /// How events go.
    pub delivery: Delivery,
    /// What is read and kept of each exchange.
    pub capture: CapturePolicy,
    /// Who makes a call, and who is believed.
    pub identity: IdentityPolicy,
    /// Where the members of a decision come from.
    pub decision: DecisionPolicy,
    /// What is read for identity and decision beside what every call has.
    pub wanted: Wanted,
    /// What the operator says of some calls.
    pub rules: Rules,
    /// What is replaced where content is redacted.
    pub redact: RedactPolicy,
    /// For whom content is sealed; there if some content is.
    pub sealer: Option<Arc<Sealer>>,
    /// What gateways tell each other.
    pub gateway: GatewayPolicy,
    /// Servers that the operator names and who serves models there; the first that fits counts.
    pub providers: Vec<Own>,
}

/// How events go.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// When a batch is sent, and where.
    pub batch: Batch,
    /// How many undelivered events are kept.
    pub queue: Queue,
    /// What follows a failed attempt.
    pub retry: Retry,
    /// How events are written to the log that cannot be delivered.
    pub dead_letter: DeadLetterPolicy,
    /// How long an answer is held until the record of its prompt is acknowledged, in
    /// milliseconds; absent where answers do not wait.
    pub hold_ms: Option<u64>,
}

/// When a batch is sent, and where.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Path below the API's root that takes NDJSON; without it each event is sent alone.
    pub path: Option<String>,
    /// Events of a batch at most; 1 without a path.
    pub max_events: usize,
    /// Bytes of a batch at most, unless one event alone is larger.
    pub max_bytes: usize,
    /// How long the first event of a batch waits for others, in milliseconds.
    pub linger_ms: u64,
}

/// How many undelivered events are kept, on their way or waiting.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Events at most.
    pub max_events: usize,
    /// Bytes of events at most.
    pub max_bytes: usize,
}

/// What follows a failed attempt: exponential backoff with full jitter.
#[derive(Debug, Clone)]
pub struct Retry {
    /// Upper bound of the first wait, in milliseconds.
    pub base_ms: u64,
    /// Upper bound of every wait, in milliseconds.
    pub max_ms: u64,
    /// Age at which an event is given up and dead-lettered, in milliseconds.
    pub max_age_ms: u64,
}

/// How events are written to the log that cannot be delivered.
#[derive(Debug, Clone)]
pub struct DeadLetterPolicy {
    /// By which they prove where they come from; absent where there is neither a key of its own nor one
    /// of the audit API.
    pub key: Option<LetterKey>,
    /// Whether they have the whole event, or what is left of it without content.
    pub has_content: bool,
}

/// What gateways tell each other.
#[derive(Debug, Clone)]
pub struct GatewayPolicy {
    /// By which a gateway proves that it records a call; absent without a key of the audit API.
    pub hop_key: Option<HopKey>,
    /// Whether requests go on with that proof.
    pub sends_hop: bool,
}

impl Policy {
    /// Reads a configuration for a host; `env` tells the value of an environment variable.
    ///
    /// # Errors
    /// The first thing that is wrong, with the path of the member it concerns.
    pub fn read(
        json: &[u8],
        env: &dyn Fn(&str) -> Option<String>,
        host: &Host,
    ) -> Result<Self, ConfigError> {
        // No configuration at all is an empty one: the refusal then says what is missing.
        let is_empty = json.trim_ascii().is_empty();
        let raw = raw::read(if is_empty { b"{}" } else { json }, host)?;
        check::policy(raw, env, host)
    }

    /// Whether it matters by which route a request goes to which cluster, which a gateway does not
    /// say for nothing.
    pub fn asks_destination(&self) -> bool {
        let mut own = self.providers.iter();
        let mut rules = self.rules.list.iter();
        own.any(|own| own.cluster.is_some() || own.route.is_some())
            || rules.any(|rule| rule.when.asks_destination())
    }
}

#[cfg(test)]
mod tests;
