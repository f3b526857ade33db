//! The report on a period: how much, by whom, with which models, and how it ended.

mod gateways;
mod sections;
mod table;
mod tokens;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::event::UNREAD_API;
use crate::query::Received;
use crate::report::outer::Marked;
use crate::report::removed::Removed;
use crate::report::tally::{DecisionKind, Different, Model, Name, Tally, Tokens, Top};
use crate::store::WriterTotals;

/// What happened in a period.
#[derive(Debug, Serialize)]
pub(crate) struct Activity {
    pub(crate) period: Period,
    pub(crate) events: u64,
    /// Of those, events whose content was erased.
    pub(crate) erased_events: u64,
    /// Of those, events that others with their request contradict.
    pub(crate) conflicting_events: u64,
    /// Of those, events that name a writer which is not their sender's.
    pub(crate) writer_not_counted_events: u64,
    /// Of those, events that were recorded with an application's key.
    pub(crate) application_events: u64,
    /// Events of calls that an outer gateway recorded too.
    pub(crate) recorded_by_outer_gateway: Marked,
    /// Of every day, those without any among them; of a very long period at least one of each month.
    pub(crate) by_day: BTreeMap<String, u64>,
    pub(crate) organizations: Top<Name>,
    pub(crate) models: Top<Model>,
    pub(crate) different_models: Different,
    pub(crate) users: Top<Name>,
    /// Without events that name nobody.
    pub(crate) different_users: Different,
    pub(crate) risk_levels: Top<Name>,
    pub(crate) decisions: Top<DecisionKind>,
    pub(crate) completion_states: Top<Name>,
    pub(crate) compliance_tags: Top<Name>,
    /// Wire formats.
    pub(crate) apis: Top<Name>,
    /// Events of calls whose content is not read, because nothing is known of their wire format.
    pub(crate) unread_events: u64,
    pub(crate) tokens: Tokens,
    pub(crate) duration_ms: Percentiles,
    pub(crate) completeness: Gaps,
    /// What was removed since the period began.
    pub(crate) removed: Removed,
}

/// From when to when, as it was asked for.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Period {
    pub(crate) start_date: String,
    pub(crate) end_date: String,
}

/// How long calls took. `None` without any call.
#[derive(Debug, Serialize)]
pub(crate) struct Percentiles {
    /// Rounded up to three digits, as is `p99`.
    pub(crate) p50: Option<u64>,
    pub(crate) p99: Option<u64>,
    /// Exactly.
    pub(crate) max: Option<u64>,
    /// Events of calls that have not ended, which are left out.
    pub(crate) pending_events: u64,
}

/// What is missing, whenever it was, of those writers whose first event is not after the period and
/// whose last is not before it.
#[derive(Debug, Serialize)]
pub(crate) struct Gaps {
    pub(crate) totals: WriterTotals,
    /// Some of the writers with holes.
    pub(crate) incomplete: Vec<Received>,
}

impl Activity {
    pub(crate) fn new(period: Period, tally: Tally, completeness: Gaps, removed: Removed) -> Self {
        Self {
            period,
            events: tally.events,
            erased_events: tally.erased_events,
            conflicting_events: tally.conflicting_events,
            writer_not_counted_events: tally.writer_not_counted_events,
            application_events: tally.application_events,
            organizations: tally.organizations.top(),
            models: tally.models.top(),
            different_models: tally.models.all(),
            users: tally.users.top(),
            different_users: tally.users.said(),
            risk_levels: tally.risk_levels.top(),
            decisions: tally.decisions.top(),
            completion_states: tally.completion_states.top(),
            compliance_tags: tally.compliance_tags.top(),
            unread_events: tally.apis.events(&Name {
                name: Some(UNREAD_API.to_owned()),
            }),
            apis: tally.apis.top(),
            recorded_by_outer_gateway: tally.marked,
            duration_ms: Percentiles {
                p50: tally.durations.percentile(50),
                p99: tally.durations.percentile(99),
                max: tally.durations.longest(),
                pending_events: tally.durations.pending_events,
            },
            by_day: tally.days,
            tokens: tally.tokens,
            completeness,
            removed,
        }
    }
}
