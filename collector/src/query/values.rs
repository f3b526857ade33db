//! Which values events have in the members that can be asked for, and how many events have each.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use audit_layer_core::event::Member;
use serde::Serialize;

use crate::event::{Field, Fields, Node, Observed};
use crate::limits;
use crate::query::filter;
use crate::query::parameters::{self, ParameterError, number_up_to};
use crate::store::{Log, LogFilter, Store, StoreError};

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct Answer {
    pub(crate) data: BTreeMap<&'static str, Vec<Value>>,
    /// The newest events of those that were asked for.
    pub(crate) counted_events: u64,
    /// Whether these are all of them.
    pub(crate) is_all: bool,
}

impl Answer {
    /// With as many values of each member as `limit`.
    pub(crate) fn new(tally: &Tally, fields: &[&'static str], limit: usize, seen: Seen) -> Self {
        Self {
            data: tally.listed(fields, limit),
            counted_events: seen.events,
            is_all: seen.is_all,
        }
    }

    /// How many values it has.
    pub(crate) fn items(&self) -> usize {
        self.data.values().map(Vec::len).sum()
    }

    /// Each as `member=value`.
    pub(crate) fn names(&self) -> Vec<String> {
        let all = self.data.iter().flat_map(|(member, values)| {
            let values = values.iter();
            values.map(move |value| format!("{member}={}", value.value))
        });
        all.collect()
    }
}

/// A value, and how many of the counted events have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Value {
    pub(crate) value: String,
    pub(crate) events: u64,
}

/// Members whose values are few enough to be listed.
pub(crate) const LISTED: [&str; 10] = [
    CAPTURE_API,
    COMPLETION_STATE,
    TAG,
    Field::DecisionOutcome.name(),
    Field::DecisionType.name(),
    Field::ModelName.name(),
    Field::ModelProvider.name(),
    Field::OrganizationId.name(),
    Field::RiskLevel.name(),
    Field::UserId.name(),
];

// The names of parameters whose values are no member's.
const CAPTURE_API: &str = Observed::CaptureApi.name();
const COMPLETION_STATE: &str = Field::CompletionState.name();
const OUTER_REQUEST_ID: &str = Observed::OuterRequestId.name();
const TAG: &str = "compliance_tag";

/// What is asked for.
pub(crate) struct Asked {
    pub(crate) filter: LogFilter,
    pub(crate) fields: Vec<&'static str>,
    /// Values of each member, at most.
    pub(crate) limit: usize,
}

impl Asked {
    pub(crate) fn read(query: &str) -> Result<Self, ParameterError> {
        let known: Vec<&'static str> = filter::choosing().chain(["field", "limit"]).collect();
        let parameters = parameters::read(query, &known)?;
        let mut asked = Self {
            filter: LogFilter::default(),
            fields: LISTED.to_vec(),
            limit: limits::VALUES_DEFAULT,
        };
        for (name, value) in &parameters {
            match *name {
                "limit" => asked.limit = number_up_to(limits::VALUES_MAX, value)?,
                "field" => asked.fields = vec![field(value)?],
                _ => {}
            }
        }
        let choosing = parameters
            .iter()
            .filter(|(name, _)| !["field", "limit"].contains(name));
        asked.filter = filter::of(choosing.map(|(name, value)| (*name, value.as_str())))?;
        Ok(asked)
    }
}

fn field(value: &str) -> Result<&'static str, ParameterError> {
    let field = LISTED.into_iter().find(|name| *name == value);
    field.ok_or(ParameterError::Choice {
        name: "field",
        known: LISTED.to_vec(),
    })
}

/// What was looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    pub(crate) events: u64,
    pub(crate) is_all: bool,
}

/// Gives the newest events of a filter to `visit`, as many as `events_max` and the time allow. Those of
/// which `visit` says that they do not count are passed over.
pub(crate) async fn each(
    store: &Store,
    mut filter: LogFilter,
    events_max: usize,
    mut visit: impl FnMut(&Members<'_>) -> bool,
) -> Result<Seen, StoreError> {
    let began_at = Instant::now();
    let (mut left, mut seen) = (events_max, Seen::default());
    loop {
        filter.limit = left.min(limits::PAGE_EVENTS_MAX);
        let page = store.logs(&filter).await?;
        for log in &page.logs {
            if visit(&Members::of(log)) {
                seen.events = seen.events.saturating_add(1);
                left = left.saturating_sub(1);
            }
        }
        seen.is_all = page.next.is_none();
        filter.range.before = page.next;
        if seen.is_all || left == 0 || began_at.elapsed() > limits::VALUES_TIME_MAX {
            return Ok(seen);
        }
    }
}

/// What an event can be asked for by.
pub(crate) struct Members<'a> {
    top: Fields<'a>,
    audit_layer: Fields<'a>,
}

impl<'a> Members<'a> {
    fn of(log: &'a Log) -> Self {
        let top = Fields::of(Node::of(&log.event));
        let audit_layer = Fields::of(top.get(Member::Metadata.name()).get("audit_layer"));
        Self { top, audit_layer }
    }

    /// What a filter of this name compares; several of tags, and nothing that is too long for one.
    pub(crate) fn of_filter(&self, name: &str) -> Vec<String> {
        let one = |node: Node<'_>| node.text().into_iter().collect();
        let mut values: Vec<String> = match name {
            CAPTURE_API => one(self.audit_layer.get("capture").get("api")),
            COMPLETION_STATE => one(self.audit_layer.get("completion").get("state")),
            OUTER_REQUEST_ID => one(self.audit_layer.get("gateway").get("outer_request_id")),
            TAG => {
                let tags = self
                    .top
                    .get(Member::ComplianceTags.name())
                    .items()
                    .into_iter();
                tags.filter_map(Node::text).collect()
            }
            name => one(self.top.get(name)),
        };
        values.retain(|value| !value.is_empty() && value.len() <= limits::ID_BYTES_MAX);
        values.sort_unstable();
        values.dedup();
        values
    }
}

/// Counts of values.
#[derive(Debug, Default)]
pub(crate) struct Tally(HashMap<&'static str, HashMap<String, u64>>);

impl Tally {
    pub(crate) fn add(&mut self, name: &'static str, members: &Members<'_>) {
        let counts = self.0.entry(name).or_default();
        for value in members.of_filter(name) {
            let count = counts.entry(value).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// How many events have it.
    pub(crate) fn count(&self, name: &str, value: &str) -> u64 {
        let count = self.0.get(name).and_then(|counts| counts.get(value));
        count.copied().unwrap_or_default()
    }

    /// All values of a member, those of most events first.
    pub(crate) fn values(&self, name: &str) -> Vec<Value> {
        let counts = self.0.get(name).into_iter().flatten();
        let mut values: Vec<Value> = counts
            .map(|(value, events)| Value {
                value: value.clone(),
                events: *events,
            })
            .collect();
        values.sort_by(|one, other| {
            let by = |value: &Value| Reverse(value.events);
            by(one)
                .cmp(&by(other))
                .then_with(|| one.value.cmp(&other.value))
        });
        values
    }

    fn listed(&self, fields: &[&'static str], limit: usize) -> BTreeMap<&'static str, Vec<Value>> {
        let listed = fields.iter().map(|name| {
            let mut values = self.values(name);
            values.truncate(limit);
            (*name, values)
        });
        listed.collect()
    }
}
