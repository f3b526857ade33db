//! Adding up events, in memory that does not grow with how many there are.

mod durations;
mod names;
mod tokens;

use std::collections::BTreeMap;

use audit_layer_core::event::{CompletionState, Member};
use chrono::DateTime;

use crate::report::members::Members;
use crate::report::outer::{Mark, Marked};
use crate::store::Log;

pub(crate) use durations::Durations;
pub(crate) use names::{DecisionKind, Different, Model, Name, Names, Top};
pub(crate) use tokens::{Counts, Tokens};

use names::short;

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
                increase(&mut self.durations.pending_events, 1);
            }
            _ => self
                .durations
                .add(event.get(Member::DurationMs).count().unwrap_or_default()),
        }
    }
}

fn increase(count: &mut u64, by: u64) {
    *count = count.saturating_add(by);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    pub(super) fn tally(events: &[Value]) -> Tally {
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
    fn a_tag_that_is_given_twice_counts_once() {
        let tags = tally(&[json!({"compliance_tags": ["SOC2", "SOC2", "FCRA"]})])
            .compliance_tags
            .top();
        let counts: Vec<_> = tags.listed.iter().map(|tag| tag.events).collect();
        assert_eq!(counts, [1, 1]);
    }
}
