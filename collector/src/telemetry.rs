//! Every log line and every metric of the library: one function for each fact. None has a way to
//! pass content.

mod metrics;
mod sparing;

use std::fmt::Display;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{debug, error, info, warn};

use crate::access::KeyId;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::sparing::Sparing;

pub(crate) use metrics::{Levels, Outcomes, StoredLevels};

/// What is counted. Cloning gives another handle to the same counters.
#[derive(Clone)]
pub(crate) struct Telemetry(Arc<Metrics>);

impl Telemetry {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Metrics::new()))
    }

    /// All that was counted, and the levels of this moment, in the text that Prometheus reads.
    pub(crate) fn render(&self, levels: Levels) -> Result<String, std::fmt::Error> {
        self.0.render(levels)
    }

    /// A request was answered. Answers that are streams are only begun.
    pub(crate) fn answered(&self, path: &str, status: u16, took: Duration) {
        self.0.answered(path, status, took);
    }

    pub(crate) fn group_committed(&self, requests: usize, outcomes: &Outcomes, took: Duration) {
        self.0.committed(outcomes, took);
        let events = outcomes.all();
        debug!(requests, events, "committed a group of requests");
    }

    /// The clients are told to send the events again, so that nothing is lost yet.
    pub(crate) fn group_failed(&self, requests: usize, events: usize, cause: &impl Display) {
        self.0.commits_failed.inc();
        error!(requests, events, %cause, "no events of a group were stored: check the database and its disk");
    }

    /// A gateway does not send a rejected event again: somebody has to look.
    ///
    /// `reason` is of the first of them: a code of an answer, and the name of a documented member.
    pub(crate) fn events_rejected(
        &self,
        by: &Sender<'_>,
        events: usize,
        reason: (&str, Option<&str>),
    ) {
        self.0.rejected(events);
        static LINES: Sparing = Sparing::new();
        if let Some(unsaid) = LINES.line(Instant::now()) {
            let Sender { key, organization } = by;
            let (code, field) = (reason.0, reason.1.unwrap_or_default());
            warn!(
                events,
                key,
                organization,
                code,
                field,
                unsaid,
                "rejected events: the response to the client says why"
            );
        }
    }

    /// Tells of events that others of their call contradict, and of those whose writer is not their
    /// sender's: a mistake in a configuration, or somebody who forges records.
    pub(crate) fn told_of_outcomes(&self, by: &Sender<'_>, outcomes: &Outcomes) {
        let Sender { key, organization } = by;
        static CONFLICTS: Sparing = Sparing::new();
        let events = outcomes.conflict;
        if let Some(unsaid) = line(&CONFLICTS, events) {
            warn!(
                events,
                key,
                organization,
                unsaid,
                "recorded events that contradict others with the same request_id: all are kept, see GET /v1/audit/logs?conflict=true"
            );
        }
        static REFUSED: Sparing = Sparing::new();
        let events = outcomes.conflict_refused;
        if let Some(unsaid) = line(&REFUSED, events) {
            warn!(
                events,
                key,
                organization,
                unsaid,
                "refused events: too many others with the same request_id already contradict each other"
            );
        }
        static WRITERS: Sparing = Sparing::new();
        let events = outcomes.writer_not_counted;
        if let Some(unsaid) = line(&WRITERS, events) {
            warn!(
                events,
                key,
                organization,
                unsaid,
                "recorded events whose writer does not belong to their sender: they are not counted for completeness, see `audit-layer keys list`"
            );
        }
    }

    /// Events were removed because they were over.
    pub(crate) fn events_expired(&self, events: usize) {
        self.0.expired(events);
    }

    /// The client is told when to send the same again.
    pub(crate) fn rate_limited(&self, by: &Sender<'_>) {
        self.0.rate_limited.inc();
        static LINES: Sparing = Sparing::new();
        if let Some(unsaid) = LINES.line(Instant::now()) {
            let Sender { key, organization } = by;
            warn!(key, organization, unsaid, "a key exceeded its rate limit");
        }
    }

    /// A client does not trust the certificate, speaks something else, or has gone.
    pub(crate) fn handshake_failed(&self, cause: &io::Error) {
        self.0.handshakes_failed.inc();
        debug!(%cause, "a TLS handshake failed");
    }

    /// The client sees that its answer is not whole.
    pub(crate) fn export_broke_off(&self, cause: &impl Display) {
        self.0.exports_broken.inc();
        error!(%cause, "an export ended early");
    }
}

/// Whether there is to be a line about so many events, and how many were left out since the last.
fn line(lines: &Sparing, events: usize) -> Option<u64> {
    match events {
        0 => None,
        _ => lines.line(Instant::now()),
    }
}

/// With which key a request came.
pub(crate) struct Sender<'a> {
    pub(crate) key: &'a str,
    pub(crate) organization: &'a str,
}

impl<'a> Sender<'a> {
    /// A key given to `serve` has no id, and some reach all organizations.
    pub(crate) fn of(key: &'a KeyId, organization: Option<&'a str>) -> Self {
        Self {
            key: key.0.as_deref().unwrap_or("configured"),
            organization: organization.unwrap_or("all"),
        }
    }
}

/// A key opens nothing. Of it the log gets the beginning alone, by which its owner knows it.
pub(crate) fn key_refused(begins_with: &str) {
    static LINES: Sparing = Sparing::new();
    if let Some(unsaid) = LINES.line(Instant::now()) {
        warn!(begins_with, unsaid, "refused an unknown or revoked key");
    }
}

/// Four characters behind the part that all keys have, of a key that is long enough to be one.
pub(crate) fn beginning_of_key(key: &str) -> String {
    const SHOWN: usize = "al_sk_".len() + 4;
    match key.len() >= 2 * SHOWN {
        true => key
            .chars()
            .take(SHOWN)
            .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect(),
        false => String::new(),
    }
}

pub(crate) fn certificate_renewed() {
    info!("new connections use the new certificate");
}

/// Connections get the one before, until it expires.
pub(crate) fn certificate_kept(cause: &impl Display) {
    error!(%cause, "the new certificate is not used");
}

/// Keys of the database do not count beside those that `serve` was given.
pub(crate) fn stored_keys_do_not_count(keys: usize) {
    warn!(
        keys,
        "the keys in the database are ignored because --api-key or AUDIT_LAYER_API_KEY is set"
    );
}

pub(crate) fn no_good_key() {
    warn!("every key is revoked: create one with `audit-layer keys create`");
}

/// Keys of before there were kinds may do what an application's may not.
pub(crate) fn keys_lack_kind(keys: usize) {
    warn!(
        keys,
        "keys with the role ingest have no kind and count as gateways: find them with `audit-layer keys list`, then run `audit-layer keys set-kind ID application` for an application's key and `audit-layer keys set-kind ID gateway` for a gateway's"
    );
}

/// The list of keys says less of when they were used.
pub(crate) fn uses_failed(cause: &impl Display) {
    warn!(%cause, "the time when keys were last used could not be stored");
}

/// What was to be read is not given out, and is asked for again.
pub(crate) fn records_failed(cause: &impl Display) {
    static LINES: Sparing = Sparing::new();
    if let Some(unsaid) = LINES.line(Instant::now()) {
        error!(%cause, unsaid, "access records could not be written: check the database and its disk");
    }
}

/// A part of this program forgot to say what it gives out.
pub(crate) fn read_unaccounted() {
    error!(
        "a read was refused because it does not record what it returns: this is a bug in audit-layer"
    );
}

/// The answer is 503, and counted as such.
pub(crate) fn read_failed(cause: &impl Display) {
    error!(%cause, "the database did not answer a query");
}

/// Only the server's own configuration can change it.
pub(crate) fn server_not_durable() {
    warn!("the database server has fsync off: a power cut can lose acknowledged events");
}

/// What is over stays until the next sweep.
pub(crate) fn sweep_failed(cause: &impl Display) {
    warn!(%cause, "not all old events could be removed");
}

/// How far a start has come that brings events into the index: some after a crash, all after an
/// upgrade.
pub(crate) fn events_indexed(events: usize) {
    info!(events, "indexed stored events");
}

/// Tombstones of an earlier version kept more than they should.
pub(crate) fn tombstones_mended(events: usize) {
    if events > 0 {
        info!(
            events,
            "removed hashes of erased content from stored events"
        );
    }
}

/// It is tried again after the next commit. Until then queries take longer.
pub(crate) fn indexing_failed(cause: &impl Display) {
    warn!(%cause, "part of the index could not be written");
}

pub(crate) fn swept(events: usize) {
    match events {
        0 => debug!("no events are old enough to be removed"),
        _ => info!(events, "removed old events"),
    }
}

/// Whoever asks for the report is told the same.
pub(crate) fn report_failed(why: &'static str) {
    warn!(why, "a report could not be created");
}

/// The messages of the typesetter are about the template, and quote nothing of an event.
#[cfg(feature = "pdf")]
pub(crate) fn typesetting_failed(cause: &impl Display) {
    error!(%cause, "a report could not be typeset");
}

#[cfg(feature = "pdf")]
pub(crate) fn font_passed_over(file: &std::path::Path) {
    warn!("skipped {}: it is not a font", file.display());
}

pub(crate) fn requests_cut_off() {
    error!("requests were still in progress at the end of the shutdown timeout");
}

pub(crate) fn stopping() {
    info!("stopping: finishing the requests in progress");
}

pub(crate) fn stopped() {
    info!("stopped: the database is closed");
}
