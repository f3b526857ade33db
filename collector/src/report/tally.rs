//! Adding up events, in memory that does not grow with how many there are.

mod tokens;

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use audit_layer_core::event::{CompletionState, Member};
use chrono::DateTime;
use serde::Serialize;

use crate::hash::sha256;
use crate::limits;
use crate::report::members::Members;
use crate::report::outer::{Mark, Marked};
use crate::report::spelling::beginning;
use crate::store::Log;

pub(crate) use tokens::{Counts, Tokens};

/// What so many events come to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) events: u64,
    pub(crate) erased_events: u64,
    pub(crate) conflicting_events: u64,
    pub(crate) writer_not_counted_events: u64,
    pub(crate) application_events: u64,
    pub(crate) marked: Marked,
    /// Events by day, as in `2025-02-01`.
    pub(crate) days: BTreeMap<String, u64>,
    pub(crate) organizations: Names<Name>,
    pub(crate) models: Names<Model>,
    pub(crate) users: Names<Name>,
    pub(crate) risk_levels: Names<Name>,
    pub(crate) decisions: Names<DecisionKind>,
    pub(crate) completion_states: Names<Name>,
    pub(crate) compliance_tags: Names<Name>,
    pub(crate) apis: Names<Name>,
    pub(crate) tokens: Tokens,
    pub(crate) durations: Durations,
}

/// One name; `None` where the event says none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct Name {
    pub(crate) name: Option<String>,
}

/// A model and who serves it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct Model {
    pub(crate) provider: String,
    pub(crate) model: String,
}

/// What was decided, and how.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) struct DecisionKind {
    pub(crate) decision_type: Option<String>,
    pub(crate) decision_outcome: Option<String>,
}

impl Tally {
    /// Adds one event, unless another of its call is counted in its place.
    pub(crate) fn add(&mut self, log: &Log, mark: Mark) {
        match mark {
            Mark::None => {}
            Mark::Counted => increase(&mut self.marked.counted_events, 1),
            Mark::Skipped => {
                increase(&mut self.marked.skipped_events, 1);
                return;
            }
        }
        let event = Members::of(log);
        let text = |member: Member| event.get(member).text();
        let name = |text: Option<String>| Name {
            name: text.map(short),
        };
        increase(&mut self.events, 1);
        increase(&mut self.erased_events, u64::from(log.erased_at.is_some()));
        let is_conflicting = u64::from(log.conflict_of.is_some());
        increase(&mut self.conflicting_events, is_conflicting);
        let is_not_counted = u64::from(log.writer_not_counted);
        increase(&mut self.writer_not_counted_events, is_not_counted);
        let is_of_application = u64::from(!log.is_of_gateway());
        increase(&mut self.application_events, is_of_application);
        // Every event that is stored has a time.
        let time =
            text(Member::Timestamp).and_then(|time| DateTime::parse_from_rfc3339(&time).ok());
        let day = time.unwrap_or_default().to_utc().date_naive();
        increase(self.days.entry(day.to_string()).or_default(), 1);
        self.organizations.add(name(text(Member::OrganizationId)));
        self.models.add(Model {
            provider: short(text(Member::ModelProvider).unwrap_or_default()),
            model: short(text(Member::ModelName).unwrap_or_default()),
        });
        self.users
            .add(name(text(Member::UserId).filter(|user| !user.is_empty())));
        self.risk_levels.add(name(text(Member::RiskLevel)));
        self.decisions.add(DecisionKind {
            decision_type: text(Member::DecisionType).map(short),
            decision_outcome: text(Member::DecisionOutcome).map(short),
        });
        self.completion_states
            .add(name(event.gateway("completion", "state").text()));
        self.apis.add(name(event.gateway("capture", "api").text()));
        let mut tags: Vec<String> = event.texts(Member::ComplianceTags);
        tags.sort_unstable();
        tags.dedup();
        for tag in tags {
            self.compliance_tags.add(name(Some(tag)));
        }
        self.tokens.add(&event.usage());
        match event.gateway("completion", "state").text().as_deref() {
            Some(state) if state == CompletionState::Pending.name() => {
                increase(&mut self.durations.pending_events, 1)
            }
            _ => self
                .durations
                .add(event.get(Member::DurationMs).count().unwrap_or_default()),
        }
    }
}

/// How many events have which name.
#[derive(Debug)]
pub(crate) struct Names<K> {
    counts: HashMap<K, u64>,
    /// Events whose name came when there were as many as are counted.
    uncounted_events: u64,
}

impl<K> Default for Names<K> {
    fn default() -> Self {
        Self {
            counts: HashMap::new(),
            uncounted_events: 0,
        }
    }
}

impl<K: Clone + Hash + Ord> Names<K> {
    fn add(&mut self, name: K) {
        let is_full = self.counts.len() >= limits::REPORT_NAMES_MAX;
        match self.counts.get_mut(&name) {
            Some(count) => increase(count, 1),
            None if is_full => increase(&mut self.uncounted_events, 1),
            None => {
                self.counts.insert(name, 1);
            }
        }
    }

    /// How many different names there are, as far as they are counted.
    fn different(&self, is_name: impl Fn(&K) -> bool) -> Different {
        let names = self.counts.keys().filter(|name| is_name(name)).count();
        Different {
            names,
            is_all: self.uncounted_events == 0,
        }
    }

    /// The names with the most events, and what the others come to.
    pub(crate) fn top(&self) -> Top<K> {
        let mut all: Vec<(&K, u64)> = self
            .counts
            .iter()
            .map(|(name, count)| (name, *count))
            .collect();
        all.sort_by(|(name, count), (other, others)| others.cmp(count).then(name.cmp(other)));
        let rest = all.split_off(all.len().min(limits::REPORT_NAMES_LISTED));
        Top {
            listed: all
                .into_iter()
                .map(|(name, events)| Counted {
                    name: name.clone(),
                    events,
                })
                .collect(),
            other_names: rest.len(),
            other_events: rest
                .iter()
                .fold(0, |sum: u64, (_, count)| sum.saturating_add(*count)),
            uncounted_events: self.uncounted_events,
        }
    }
}

impl Names<Name> {
    /// How many names events say.
    pub(crate) fn said(&self) -> Different {
        self.different(|name| name.name.is_some())
    }
}

impl<K: Eq + Hash> Names<K> {
    /// How many events have this name.
    pub(crate) fn events(&self, name: &K) -> u64 {
        self.counts.get(name).copied().unwrap_or_default()
    }
}

impl Names<Model> {
    /// How many models there are, each as often as it has providers.
    pub(crate) fn all(&self) -> Different {
        self.different(|_| true)
    }
}

/// How many different names there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Different {
    pub(crate) names: usize,
    /// Whether none is beyond those that are counted.
    pub(crate) is_all: bool,
}

/// The names with the most events.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Top<K> {
    pub(crate) listed: Vec<Counted<K>>,
    /// Names that are not listed.
    pub(crate) other_names: usize,
    /// Events that have one of those.
    pub(crate) other_events: u64,
    /// Events with names beyond those that are counted; they may be of several names.
    pub(crate) uncounted_events: u64,
}

/// A name and its events.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Counted<K> {
    #[serde(flatten)]
    pub(crate) name: K,
    pub(crate) events: u64,
}

/// How long calls took, in milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Durations {
    /// Calls by how long they took, to three digits.
    calls: BTreeMap<u64, u64>,
    longest: Option<u64>,
    /// Events of calls whose end is not known here: how long those took is not either.
    pub(crate) pending_events: u64,
}

impl Durations {
    fn add(&mut self, millis: u64) {
        increase(self.calls.entry(rounded_up(millis)).or_default(), 1);
        self.longest = self.longest.max(Some(millis));
    }

    /// What `percent` of the calls took at most, rounded up to three digits, and no more than the
    /// longest took.
    pub(crate) fn percentile(&self, percent: u64) -> Option<u64> {
        let calls = self
            .calls
            .values()
            .fold(0, |sum: u64, count| sum.saturating_add(*count));
        let needed = u128::from(calls)
            .saturating_mul(percent.into())
            .div_ceil(100)
            .max(1);
        let mut seen: u128 = 0;
        let found = self.calls.iter().find_map(|(millis, count)| {
            seen = seen.saturating_add((*count).into());
            (seen >= needed).then_some(*millis)
        });
        found.min(self.longest)
    }

    pub(crate) fn longest(&self) -> Option<u64> {
        self.longest
    }
}

/// Up to three digits, so that there are few different ones.
fn rounded_up(millis: u64) -> u64 {
    let digits_off = millis
        .checked_ilog10()
        .unwrap_or_default()
        .saturating_sub(2);
    let unit = 10_u64.saturating_pow(digits_off);
    millis.checked_next_multiple_of(unit).unwrap_or(u64::MAX)
}

/// A name that is short enough to be kept, and still different from all others.
fn short(name: String) -> String {
    match name.len() > limits::REPORT_NAME_BYTES_MAX {
        true => {
            let start = beginning(&name, limits::REPORT_NAME_BYTES_MAX);
            format!("{start}… ({})", sha256(&name))
        }
        false => name,
    }
}

fn increase(count: &mut u64, by: u64) {
    *count = count.saturating_add(by);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn tally(events: &[Value]) -> Tally {
        let mut tally = Tally::default();
        for event in events {
            tally.add(&Log::of(event), Mark::None);
        }
        tally
    }

    #[test]
    fn an_event_that_gives_way_to_another_is_in_no_sum() {
        let mut tally = Tally::default();
        let event =
            json!({"prompt_tokens": 5, "response_tokens": 1, "user_id": "ann", "duration_ms": 9});
        for mark in [Mark::Skipped, Mark::Counted, Mark::None] {
            tally.add(&Log::of(&event), mark);
        }
        assert_eq!(tally.events, 2);
        assert_eq!(tally.tokens.application.input_tokens, 10);
        assert_eq!(tally.users.top().listed[0].events, 2);
        let marked = Marked {
            skipped_events: 1,
            counted_events: 1,
        };
        assert_eq!(tally.marked, marked);
    }

    #[test]
    fn a_day_is_one_of_utc() {
        let days = tally(&[
            json!({"timestamp": "2025-02-01T00:30:00+01:00"}),
            json!({"timestamp": "2025-02-01T00:00:00Z"}),
        ])
        .days;
        let expected = [("2025-01-31".to_owned(), 1), ("2025-02-01".to_owned(), 1)];
        assert_eq!(days, BTreeMap::from(expected));
    }

    #[test]
    fn a_percentile_is_a_duration_that_was_there() {
        let events: Vec<_> = (1..=100)
            .map(|millis| json!({"duration_ms": millis}))
            .collect();
        let durations = tally(&events).durations;
        assert_eq!(durations.percentile(50), Some(50));
        assert_eq!(durations.percentile(99), Some(99));
        assert_eq!(durations.longest(), Some(100));
        assert_eq!(Durations::default().percentile(50), None);
    }

    #[test]
    fn a_percentile_is_never_less_than_it_says_and_the_longest_is_exact() {
        for (millis, expected) in [
            (0, 0),
            (999, 999),
            (1000, 1000),
            (1234, 1240),
            (9991, 10_000),
            (u64::MAX, u64::MAX),
        ] {
            assert_eq!(rounded_up(millis), expected);
        }
        let events = [1231, 1231, 5678].map(|millis| json!({"duration_ms": millis}));
        let durations = tally(&events).durations;
        assert_eq!(durations.percentile(50), Some(1240));
        assert_eq!(durations.percentile(99), Some(5678));
        assert_eq!(durations.longest(), Some(5678));
    }

    #[test]
    fn a_call_that_has_not_ended_has_no_duration() {
        let pending = json!({
            "duration_ms": 3, "metadata": {"audit_layer": {"completion": {"state": "pending"}}},
        });
        let durations = tally(&[pending, json!({"duration_ms": 70})]).durations;
        assert_eq!(durations.percentile(50), Some(70));
        assert_eq!(durations.pending_events, 1);
    }

    #[test]
    fn an_unnamed_user_is_no_user_wherever_it_stands() {
        let users = (0..25).flat_map(|user| {
            let event = json!({"user_id": format!("user {user:02}")});
            [event.clone(), event]
        });
        let events: Vec<_> = users.chain([json!({"user_id": ""})]).collect();
        let expected = Different {
            names: 25,
            is_all: true,
        };
        assert_eq!(tally(&events).users.said(), expected);
    }

    #[test]
    fn the_most_frequent_names_come_first_and_the_others_are_counted() {
        let users =
            |count: usize| (0..count).map(|user| json!({"user_id": format!("user {user:03}")}));
        let mut events: Vec<_> = users(limits::REPORT_NAMES_LISTED + 2).collect();
        events.extend([json!({"user_id": "user 007"}), json!({"user_id": ""})]);
        let top = tally(&events).users.top();
        assert_eq!(top.listed.len(), limits::REPORT_NAMES_LISTED);
        assert_eq!(top.listed[0].name.name.as_deref(), Some("user 007"));
        assert_eq!(top.listed[0].events, 2);
        assert_eq!(top.listed[1].name.name, None);
        assert_eq!((top.other_names, top.other_events), (3, 3));
    }

    #[test]
    fn names_beyond_the_limit_are_counted_together() {
        let mut names = Names::default();
        for number in 0..limits::REPORT_NAMES_MAX + 5 {
            names.add(number);
        }
        names.add(0);
        assert!(!names.different(|_| true).is_all);
        let top = names.top();
        assert_eq!(top.uncounted_events, 5);
        assert_eq!(top.listed[0].events, 2);
    }

    #[test]
    fn a_long_name_is_kept_short_and_apart() {
        let long = |last: &str| "x".repeat(limits::REPORT_NAME_BYTES_MAX) + last;
        assert_ne!(short(long("a")), short(long("b")));
        assert!(short(long("a")).len() < limits::REPORT_NAME_BYTES_MAX + 100);
        assert_eq!(short(long("")), long(""));
    }

    #[test]
    fn a_tag_that_is_given_twice_counts_once() {
        let tags = tally(&[json!({"compliance_tags": ["SOC2", "SOC2", "FCRA"]})])
            .compliance_tags
            .top();
        let counts: Vec<_> = tags.listed.iter().map(|tag| tag.events).collect();
        assert_eq!(counts, [1, 1]);
    }
}
