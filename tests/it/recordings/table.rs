//! The table of what was found in recorded exchanges, and whether each gap in it is explained.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use audit_layer_tests::recordings::Recording;
use serde_json::Value;

use super::stated::Stated;
use crate::expected::notes;

/// What an event should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Model,
    Prompt,
    /// A text, a tool call, a refusal or an error.
    Answer,
    /// Token counts, or none where the response has none.
    Usage,
}

const CELLS: [Cell; 4] = [Cell::Model, Cell::Prompt, Cell::Answer, Cell::Usage];

impl Cell {
    /// The notes that explain why an event lacks it. A note that explains another lack does not.
    fn explained_by(self) -> &'static [&'static str] {
        match self {
            // Assistants hold their model, and name it in no request.
            Self::Model => &[
                "answer_fetched",
                "api_unknown",
                "model_absent",
                "not_a_generation",
                "prompt_continued",
                "protocol_not_read",
                "request_body_empty",
                "request_unreadable",
            ],
            Self::Prompt => &[
                "answer_fetched",
                "api_unknown",
                "not_a_generation",
                "prompt_continued",
                "protocol_not_read",
                "request_body_empty",
                "request_body_truncated",
                "request_encoding_broken",
                "request_encoding_unsupported",
                "request_incomplete",
                "request_unreadable",
            ],
            Self::Answer => &[
                "answer_empty",
                "answer_not_text",
                "answer_pending",
                "api_unknown",
                "content_flagged",
                "not_a_generation",
                "protocol_not_read",
                "response_body_empty",
                "response_body_truncated",
                "response_encoding_broken",
                "response_encoding_unsupported",
                "response_unreadable",
                "stream_event_truncated",
                "stream_event_unreadable",
                "stream_framing_broken",
                "stream_unterminated",
            ],
            Self::Usage => &[
                "api_unknown",
                "response_body_truncated",
                "response_encoding_broken",
                "response_encoding_unsupported",
                "response_unreadable",
                "stream_event_truncated",
                "stream_framing_broken",
            ],
        }
    }
}

/// A row for each kind of recordings, and everything that is not as it must be.
#[derive(Default)]
pub(super) struct Table {
    rows: BTreeMap<String, Row>,
    faults: Vec<(String, String)>,
}

#[derive(Default, Clone)]
struct Row {
    calls: usize,
    /// Those of which the request was recorded too.
    requests: usize,
    full: BTreeMap<Cell, usize>,
    /// Of the cells of usage: those whose response has no counts.
    without_counts: usize,
    gaps: BTreeMap<(Cell, &'static str), usize>,
}

impl Table {
    pub(super) fn add(&mut self, recording: &Recording, event: &Value) {
        let stated = Stated::of(recording);
        let mut fault = |what| self.faults.push((recording.id(), what));
        let row = self.rows.entry(recording.api.clone()).or_default();
        row.calls += 1;
        row.requests += usize::from(recording.has_request());
        row.without_counts += usize::from(!stated.is_any());
        for cell in CELLS {
            if holds(event, cell, &stated) {
                *row.full.entry(cell).or_default() += 1;
                continue;
            }
            let notes = notes(event);
            let explanation = cell.explained_by().iter().find(|note| notes.contains(note));
            match explanation {
                _ if is_not_recorded(recording, cell) => {}
                Some(note) => *row.gaps.entry((cell, *note)).or_default() += 1,
                None => fault(format!("no {cell:?}, and {notes:?} do not say why")),
            }
        }
        if let Some(disagreement) = disagreement(event, &stated) {
            fault(disagreement);
        }
    }

    /// There is no event of a recording that should have one.
    pub(super) fn lacks(&mut self, recording: &Recording) {
        let fault = format!("no event, though it is of {}", recording.api);
        self.faults.push((recording.id(), fault));
    }

    /// The gaps without an explanation and the numbers that disagree, of recordings of interest.
    pub(super) fn faults(&self) -> Vec<String> {
        let faults = self.faults.iter();
        faults
            .map(|(recording, fault)| format!("{recording}: {fault}"))
            .collect()
    }
}

/// Requests that were not recorded name no model and no prompt, unless the path does.
fn is_not_recorded(recording: &Recording, cell: Cell) -> bool {
    !recording.has_request() && [Cell::Model, Cell::Prompt].contains(&cell)
}

fn holds(event: &Value, cell: Cell, stated: &Stated) -> bool {
    let own = &event["metadata"]["audit_layer"];
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    match cell {
        Cell::Model => is_text(&event["model_name"]),
        Cell::Prompt => is_text(&event["prompt_hash"]),
        Cell::Answer => {
            is_text(&event["response_content"])
                || is_text(&own["response"]["refusal"])
                || own["response"]["tool_calls"].get(0).is_some()
                || is_refusal(&own["completion"]["finish_reasons"])
                || !own["completion"]["error"].is_null()
        }
        Cell::Usage => (own["usage"]["source"] != "absent") == stated.is_any(),
    }
}

/// Refusals may come without a word: then the reason for the end is all that there is.
fn is_refusal(finish_reasons: &Value) -> bool {
    let reasons = finish_reasons.as_array().into_iter().flatten();
    let mut reasons = reasons.filter_map(Value::as_str);
    reasons.any(|reason| ["content_filter", "refusal"].contains(&reason))
}

/// Where the provider states a total, the event's numbers add up to it.
fn disagreement(event: &Value, stated: &Stated) -> Option<String> {
    let total = stated.total()?;
    let usage = &event["metadata"]["audit_layer"]["usage"];
    let count = |name: &str| usage[name].as_u64().unwrap_or(0);
    let sum = count("input_tokens") + count("output_tokens");
    let is_as_shown = event["prompt_tokens"] == count("input_tokens")
        && event["response_tokens"] == count("output_tokens");
    (sum != total || !is_as_shown).then(|| format!("a total of {total}, but {usage}"))
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = Row::default();
        writeln!(
            formatter,
            "{:<32} {:>5} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "recorded", "calls", "requests", "model", "prompt", "answer", "usage", "no counts"
        )?;
        for (api, row) in &self.rows {
            row.write(api, formatter)?;
            all.add(row);
        }
        all.write("all", formatter)?;
        let gaps: BTreeSet<_> = all.gaps.keys().collect();
        for gap @ (cell, note) in gaps {
            let rows = self.rows.iter().filter_map(|(api, row)| {
                let count = row.gaps.get(gap)?;
                Some(format!("{api} {count}"))
            });
            let rows: Vec<String> = rows.collect();
            writeln!(
                formatter,
                "without {cell:?} for {note}: {}",
                rows.join(", ")
            )?;
        }
        Ok(())
    }
}

impl Row {
    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.requests += other.requests;
        self.without_counts += other.without_counts;
        for (cell, count) in &other.full {
            *self.full.entry(*cell).or_default() += count;
        }
        for (gap, count) in &other.gaps {
            *self.gaps.entry(*gap).or_default() += count;
        }
    }

    /// Each cell as how many of how many: what only a request can hold is counted of the recorded
    /// requests.
    fn write(&self, name: &str, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{name:<32} {:>5} {:>8}",
            self.calls, self.requests
        )?;
        for cell in CELLS {
            let full = self.full.get(&cell).copied().unwrap_or(0);
            let of = match cell {
                Cell::Model | Cell::Prompt => self.requests.max(full),
                Cell::Answer | Cell::Usage => self.calls,
            };
            write!(formatter, " {:>9}", format!("{full}/{of}"))?;
        }
        writeln!(formatter, " {:>9}", self.without_counts)
    }
}
