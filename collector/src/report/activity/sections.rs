//! The report on a period for people.

use std::collections::BTreeMap;

use crate::limits;
use crate::report::activity::gateways::unread;
use crate::report::activity::table::{NOBODY_SAID, push_others, said, table};
use crate::report::activity::{Activity, Period};
use crate::report::completeness::{self, events, seconds};
use crate::report::document::{
    Bar, Block, Cell, Chart, Column, Document, Fact, Section, Shape, Table, Value,
};
use crate::report::tally::{DecisionKind, Different, Model, Name, Top};
use crate::report::words;

impl Activity {
    /// The same for people.
    pub(crate) fn document(&self) -> Document {
        let Period {
            start_date,
            end_date,
        } = &self.period;
        let sections = vec![
            Section::new("Result", self.result()),
            Section::new("Volume", self.volume()),
            Section::new("Models", self.models()),
            Section::new("Users", self.users()),
            Section::new("Decisions", self.decisions()),
            Section::new("Risk levels", self.risk_levels()),
            Section::new("Completion states", self.states()),
            Section::new("Tokens", self.tokens.blocks()),
            Section::new("Durations", vec![self.durations()]),
            Section::new("Compliance tags", self.tags()),
            Section::new("Organizations", self.organizations()),
            Section::new("Wire formats", self.apis()),
            Section::new("Completeness", self.gaps()),
            Section::new("Removed and erased data", self.removals()),
        ];
        Document {
            title: "Activity".to_owned(),
            summary: format!(
                "{} from {start_date} to {end_date} (inclusive, UTC days).",
                events(self.events)
            ),
            sections,
        }
    }

    fn result(&self) -> Vec<Block> {
        let days = self.by_day.values().filter(|events| **events > 0).count();
        let facts = vec![
            Fact::new("Events", Value::number(self.events)),
            Fact::new("Days with events", Value::number(wide(days))),
            Fact::new("Distinct models", different(self.different_models)),
            Fact::new("Distinct users", different(self.different_users)),
            Fact::new(
                "Events with erased content",
                Value::number(self.erased_events),
            ),
            Fact::new(
                "Events for calls whose content was not read",
                Value::number(self.unread_events),
            ),
            Fact::new(
                "Events recorded with an application’s key",
                Value::number(self.application_events),
            ),
            Fact::new(
                "Events that conflict with another record of the same call",
                Value::number(self.conflicting_events),
            ),
            Fact::new(
                "Events whose writer does not belong to their sender",
                Value::number(self.writer_not_counted_events),
            ),
            Fact::new(
                "Events excluded because an outer gateway recorded the same calls",
                Value::number(self.recorded_by_outer_gateway.skipped_events),
            ),
        ];
        let mut blocks = vec![completeness::verdict(&self.completeness.totals)];
        if self.unread_events > 0 {
            blocks.push(Block::warning(unread(self.unread_events)));
        }
        blocks.extend(self.contradictions().map(Block::warning));
        blocks.push(Block::Facts { facts });
        blocks.extend(self.outer());
        blocks
    }

    /// That some events contradict each other, if any do.
    fn contradictions(&self) -> Option<String> {
        let contradict = match self.conflicting_events {
            0 => return None,
            1 => "1 event conflicts with another record of the same call".to_owned(),
            events => format!("{events} events conflict with other records of the same calls"),
        };
        Some(format!(
            "{contradict}. All of them are counted. To list them and see who recorded each, use the filter \
             “conflict” of the event list."
        ))
    }

    fn volume(&self) -> Vec<Block> {
        let (unit, counts) = grouped(&self.by_day);
        let mut listed = Table::new(
            format!("Events by {unit}"),
            &[Column::text("Period (UTC)"), Column::number("Events")],
        );
        listed.rows = counts
            .iter()
            .map(|(when, count)| vec![Cell::text(when), Cell::number(*count)])
            .collect();
        let bars = counts
            .into_iter()
            .map(|(name, number)| Bar { name, number })
            .collect();
        let caption = format!("Events by {unit}");
        with_chart(Chart::new(&caption, "events", Shape::Columns, bars), listed)
    }

    fn models(&self) -> Vec<Block> {
        let mut table = Table::new(
            "Events by model",
            &[
                Column::text("Model"),
                Column::text("Provider"),
                Column::number("Events"),
            ],
        );
        table.rows = self
            .models
            .listed
            .iter()
            .map(|one| {
                vec![
                    Cell::text(&one.name.model),
                    Cell::text(&one.name.provider),
                    Cell::number(one.events),
                ]
            })
            .collect();
        push_others(&mut table, "models", &self.models);
        let bars = self
            .models
            .listed
            .iter()
            .map(|one| {
                let Model { provider, model } = &one.name;
                Bar {
                    name: format!("{model} ({provider})"),
                    number: one.events,
                }
            })
            .collect();
        with_chart(
            Chart::new("Events by model", "events", Shape::Rows, bars),
            table,
        )
    }

    fn users(&self) -> Vec<Block> {
        let table = table("Events by user", "User", "users", &self.users);
        vec![Block::Table(table)]
    }

    fn organizations(&self) -> Vec<Block> {
        let caption = "Events by organization";
        let table = table(
            caption,
            "Organization",
            "organizations",
            &self.organizations,
        );
        vec![Block::Table(table)]
    }

    fn decisions(&self) -> Vec<Block> {
        let mut table = Table::new(
            "Events by decision and outcome",
            &[
                Column::text("Decision"),
                Column::text("Outcome"),
                Column::number("Events"),
            ],
        );
        table.rows = self
            .decisions
            .listed
            .iter()
            .map(|one| {
                let DecisionKind {
                    decision_type,
                    decision_outcome,
                } = &one.name;
                vec![
                    Cell::text(said(decision_type.as_ref())),
                    Cell::text(said(decision_outcome.as_ref())),
                    Cell::number(one.events),
                ]
            })
            .collect();
        push_others(&mut table, "decisions and outcomes", &self.decisions);
        vec![Block::Table(table)]
    }

    fn risk_levels(&self) -> Vec<Block> {
        let bars = bars(&self.risk_levels);
        let chart = Chart::new("Events by risk level", "events", Shape::Rows, bars);
        let caption = "Events by risk level";
        let table = table(caption, "Risk level", "levels", &self.risk_levels);
        let mut blocks = with_chart(chart, table);
        blocks.push(Block::paragraph(
            "Gateways record “low” by default, when the caller sets no level.",
        ));
        blocks
    }

    fn states(&self) -> Vec<Block> {
        let chart = Chart::new(
            "Events by completion state",
            "events",
            Shape::Rows,
            bars(&self.completion_states),
        );
        let mut table = Table::new(
            "Events by completion state",
            &[
                Column::text("State"),
                Column::text("Meaning"),
                Column::number("Events"),
            ],
        );
        table.rows = self
            .completion_states
            .listed
            .iter()
            .map(|one| {
                let (state, meaning) = match &one.name.name {
                    Some(state) => (
                        state.clone(),
                        words::of_state(state).unwrap_or_else(|| "Unknown state.".to_owned()),
                    ),
                    None => (
                        NOBODY_SAID.to_owned(),
                        "Recorded by an application: only gateways record how a call ended."
                            .to_owned(),
                    ),
                };
                vec![
                    Cell::text(state),
                    Cell::text(meaning),
                    Cell::number(one.events),
                ]
            })
            .collect();
        push_others(&mut table, "states", &self.completion_states);
        with_chart(chart, table)
    }

    fn durations(&self) -> Block {
        let millis = |value: Option<u64>| match value {
            Some(millis) => Value::number(millis),
            None => Value::unknown("there were no calls"),
        };
        let facts = vec![
            Fact::new("Median latency (p50), in ms", millis(self.duration_ms.p50)),
            Fact::new(
                "99th percentile latency (p99), in ms",
                millis(self.duration_ms.p99),
            ),
            Fact::new("Maximum latency, in ms", millis(self.duration_ms.max)),
            Fact::new(
                "Calls excluded because their end is not recorded",
                Value::number(self.duration_ms.pending_events),
            ),
            Fact::new(
                "Precision",
                Value::text("p50 and p99 are rounded up to three significant digits"),
            ),
        ];
        Block::Facts { facts }
    }

    fn tags(&self) -> Vec<Block> {
        if self.compliance_tags.listed.is_empty() {
            return vec![Block::paragraph("No event has compliance tags.")];
        }
        let caption = "Events by compliance tag";
        let table = table(caption, "Tag", "tags", &self.compliance_tags);
        vec![
            Block::Table(table),
            Block::paragraph("An event with several tags is counted once for each tag."),
        ]
    }

    fn gaps(&self) -> Vec<Block> {
        let mut blocks = vec![Block::paragraph(
            "This section covers all events of the writers whose first event is not after the period and \
             whose last event is not before it. It is not known whether they sent events within the \
             period, or when a missing event happened.",
        )];
        blocks.push(Block::Facts {
            facts: completeness::totals(&self.completeness.totals),
        });
        let mut table = Table::new(
            "Writers with gaps",
            &[
                Column::text("Writer"),
                Column::text("Organization"),
                Column::number("Missing"),
                Column::text("First event"),
                Column::text("Last event"),
            ],
        );
        table.rows = self
            .completeness
            .incomplete
            .iter()
            .map(|writer| {
                let missing = u64::try_from(writer.missing).unwrap_or_default();
                vec![
                    Cell::text(&writer.writer_id),
                    Cell::text(&writer.organization_id),
                    Cell::number(missing),
                    Cell::text(seconds(&writer.first_timestamp)),
                    Cell::text(seconds(&writer.last_timestamp)),
                ]
            })
            .collect();
        if !table.rows.is_empty() {
            blocks.push(Block::Table(table));
        }
        let listed = i64::try_from(self.completeness.incomplete.len()).unwrap_or_default();
        if listed < self.completeness.totals.incomplete_writers {
            blocks.push(Block::paragraph(
                "More writers have gaps: see the completeness report.",
            ));
        }
        blocks.push(Block::paragraph(completeness::MEANING));
        blocks
    }

    fn removals(&self) -> Vec<Block> {
        let mut facts = vec![
            Fact::new(
                "Events in the period whose content was erased",
                Value::number(self.erased_events),
            ),
            Fact::new(
                "Erasures since the period began",
                Value::number(self.removed.erasures),
            ),
            Fact::new(
                "Events changed by these erasures",
                Value::number(self.removed.erased_events),
            ),
            Fact::new(
                "Events removed by retention since the period began",
                Value::number(self.removed.expired_events),
            ),
        ];
        if self.removed.unattributed_erasures > 0 {
            facts.push(Fact::new(
                "Erasures in all organizations by an earlier version, which did not record whose \
                 events they changed (not counted here)",
                Value::number(self.removed.unattributed_erasures),
            ));
        }
        vec![
            Block::Facts { facts },
            Block::paragraph(
                "Events removed by retention are counted by the day of removal, for the whole \
                 organization. Some of them may be from this period; those are not included in the \
                 events above.",
            ),
        ]
    }
}

/// By day, or by what is long enough for the list to stay short.
fn grouped(days: &BTreeMap<String, u64>) -> (&'static str, Vec<(String, u64)>) {
    let by = |length: usize| {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (day, count) in days {
            let when = day.get(..length).unwrap_or(day).to_owned();
            let sum = counts.entry(when).or_default();
            *sum = sum.saturating_add(*count);
        }
        counts.into_iter().collect::<Vec<_>>()
    };
    for (unit, length) in [("day", "YYYY-MM-DD".len()), ("month", "YYYY-MM".len())] {
        let counts = by(length);
        if counts.len() <= limits::REPORT_DAYS_LISTED {
            return (unit, counts);
        }
    }
    ("year", by("YYYY".len()))
}

fn with_chart(chart: Option<Chart>, mut table: Table) -> Vec<Block> {
    if chart.is_some() {
        table.caption.push_str(" (table)");
    }
    let chart = chart.map(Block::Chart);
    chart.into_iter().chain([Block::Table(table)]).collect()
}

fn bars(top: &Top<Name>) -> Vec<Bar> {
    let bars = top.listed.iter().map(|one| Bar {
        name: said(one.name.name.as_ref()),
        number: one.events,
    });
    bars.collect()
}

fn different(names: Different) -> Value {
    match names.is_all {
        true => Value::number(wide(names.names)),
        false => Value::text(format!("at least {}", names.names)),
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
