//! What a run shows: tables of medians with their spread, by figure.

use std::fmt::Write;

use crate::gateway::contestants::Contestant;
use crate::gateway::measure::{Figure, names};
use crate::gateway::workload::{CHATS, STREAMS};

/// The figures of a run, to be asked for.
#[derive(Debug, Default)]
pub struct Results {
    figures: Vec<Figure>,
}

/// A figure over all rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The least.
    pub min: f64,
    /// The one in the middle; of two, their mean.
    pub median: f64,
    /// The most.
    pub max: f64,
}

impl Results {
    /// Adds what was measured.
    pub fn extend(&mut self, figures: impl IntoIterator<Item = Figure>) {
        self.figures.extend(figures);
    }

    /// All of them, in the order in which they were measured.
    pub fn figures(&self) -> &[Figure] {
        &self.figures
    }

    /// A figure over all rounds; `None` if it was not measured.
    pub fn spread(&self, contestant: Contestant, workload: &str, name: &str) -> Option<Spread> {
        let values = self.figures.iter().filter(|figure| {
            figure.contestant == contestant && figure.workload == workload && figure.name == name
        });
        Spread::of(values.map(|figure| figure.value).collect())
    }

    /// By how much a figure is more than that of an Envoy without filters, by their medians.
    pub fn added(&self, contestant: Contestant, workload: &str, name: &str) -> Option<f64> {
        let alone = self.spread(Contestant::Alone, workload, name)?;
        Some(self.spread(contestant, workload, name)?.median - alone.median)
    }

    /// All tables, in Markdown.
    pub fn markdown(&self) -> String {
        let chats = CHATS.map(|chat| chat.name);
        let streams = STREAMS.map(|stream| stream.name);
        let memory = ["memory"];
        let tables: [(&str, &str, &[&'static str]); 22] = [
            (
                "CPU of the proxy, µs a call, at saturation",
                names::CPU_A_CALL,
                &chats,
            ),
            ("Calls a second, at saturation", names::THROUGHPUT, &chats),
            (
                "Latency at a fixed rate, p50, µs",
                names::LATENCY_P50,
                &chats,
            ),
            (
                "Latency at a fixed rate, p99, µs",
                names::LATENCY_P99,
                &chats,
            ),
            (
                "Half of what the plugin takes at saturation, calls a second",
                names::HALF_RATE,
                &chats,
            ),
            ("Latency at that rate, p50, µs", names::HALF_P50, &chats),
            ("Latency at that rate, p99, µs", names::HALF_P99, &chats),
            (
                "Turns of the worker's loop at the fixed rate over 1 ms, share",
                names::LONG_TURNS,
                &chats,
            ),
            (
                "The plugin's callbacks over 1 ms, share",
                names::LONG_CALLBACKS,
                &chats,
            ),
            (
                "The plugin's longest callback, µs at most",
                names::LONGEST_CALLBACK,
                &chats,
            ),
            (
                "CPU of the proxy, µs an event",
                names::CPU_AN_EVENT,
                &streams,
            ),
            (
                "Time to the first event, p50, µs",
                names::FIRST_P50,
                &streams,
            ),
            (
                "Time to the first event, p99, µs",
                names::FIRST_P99,
                &streams,
            ),
            (
                "Change of the gap between two events, p99, µs",
                names::GAP_P99,
                &streams,
            ),
            (
                "Calls whose event did not come, at saturation",
                names::LOST,
                &chats,
            ),
            (
                "Events that the plugin counted as dead letters or lost, at saturation",
                names::UNDELIVERED,
                &chats,
            ),
            (
                "Calls whose event did not come, at a fixed rate",
                names::LOST_AT_RATE,
                &chats,
            ),
            (
                "Calls whose event did not come, at half of saturation",
                names::LOST_AT_HALF,
                &chats,
            ),
            ("Streams whose event did not come", names::LOST, &streams),
            (
                "Memory before the first call, MiB",
                names::MEMORY_FRESH,
                &memory,
            ),
            ("Memory after the calls, MiB", names::MEMORY_AFTER, &memory),
            (
                "Memory of an open stream, KiB",
                names::MEMORY_STREAM,
                &memory,
            ),
        ];
        let tables = tables.map(|(title, name, workloads)| self.table(title, name, workloads));
        tables.into_iter().flatten().collect::<Vec<_>>().join("\n")
    }

    /// One figure: a row for each contestant, a column for each workload. `None` if nobody has it.
    fn table(&self, title: &str, name: &str, workloads: &[&str]) -> Option<String> {
        let is_measured = |workload: &&&str| {
            let has = |contestant| self.spread(contestant, workload, name).is_some();
            Contestant::ALL.into_iter().any(has)
        };
        let workloads: Vec<&str> = workloads.iter().filter(is_measured).copied().collect();
        if workloads.is_empty() {
            return None;
        }
        let mut text = format!("| {title} | {} |\n", workloads.join(" | "));
        let _ = writeln!(text, "|---|{}", "---:|".repeat(workloads.len()));
        for contestant in Contestant::ALL {
            let spreads = workloads
                .iter()
                .map(|workload| self.spread(contestant, workload, name));
            let cells: Vec<_> = spreads
                .map(|spread| spread.map_or(String::new(), |spread| spread.text()))
                .collect();
            if cells.iter().any(|cell| !cell.is_empty()) {
                let _ = writeln!(text, "| {} | {} |", contestant.name(), cells.join(" | "));
            }
        }
        Some(text)
    }
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let upper = *values.get(middle)?;
        let lower = match values.len() % 2 {
            0 => *values.get(middle.checked_sub(1)?)?,
            _ => upper,
        };
        Some(Self {
            min: *values.first()?,
            median: f64::midpoint(lower, upper),
            max: *values.last()?,
        })
    }

    /// The median, with the least and the most where they differ.
    fn text(self) -> String {
        let [min, median, max] = [self.min, self.median, self.max].map(number);
        match min == max {
            true => median,
            false => format!("{median} ({min}–{max})"),
        }
    }
}

/// Three digits that say something, and all of a whole number.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}
