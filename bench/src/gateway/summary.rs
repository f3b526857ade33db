//! The figures of a run that matter most, as the README shows them.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::gateway::contestants::Contestant;
use crate::gateway::measure::names;
use crate::gateway::report::{Results, number};
use crate::gateway::workload::{CHATS, STREAMS};

/// A column of the table: its title, and the workload and the name of its figure.
type Column = (&'static str, &'static str, &'static str);

const SMALL: &str = CHATS[0].name;
const MIDDLE: &str = CHATS[1].name;
const LARGE: &str = CHATS[2].name;

/// CPU first, which is what auditing costs; then what one worker manages.
const COLUMNS: [Column; 8] = [
    ("CPU per call, 1 KB", SMALL, names::CPU_A_CALL),
    ("16 KB", MIDDLE, names::CPU_A_CALL),
    ("128 KB, gzip", LARGE, names::CPU_A_CALL),
    ("CPU per SSE event", STREAMS[0].name, names::CPU_AN_EVENT),
    ("calls/s, 1 KB", SMALL, names::THROUGHPUT),
    ("16 KB", MIDDLE, names::THROUGHPUT),
    ("128 KB, gzip", LARGE, names::THROUGHPUT),
    ("p99 latency, 1 KB", SMALL, names::HALF_P99),
];

/// A table with a row for each contestant; medians, in microseconds where they are times.
pub fn table(results: &Results) -> String {
    let titles = COLUMNS.map(|(title, ..)| title);
    let mut text = format!("| | {} |\n", titles.join(" | "));
    let _ = writeln!(text, "|---|{}", "---:|".repeat(COLUMNS.len()));
    for contestant in Contestant::ALL {
        let cells = COLUMNS.map(|(_, workload, name)| {
            let spread = results.spread(contestant, workload, name);
            spread.map_or(String::new(), |spread| number(spread.median))
        });
        if cells.iter().any(|cell| !cell.is_empty()) {
            let _ = writeln!(text, "| {} | {} |", contestant.name(), cells.join(" | "));
        }
    }
    text
}

/// Puts a text between the two marks of a file, in place of what is there.
///
/// # Errors
/// The file cannot be read or written, or does not have both marks once, in their order.
pub fn put_into(file: &Path, text: &str) -> Result<()> {
    let name = || file.display().to_string();
    let whole = fs::read_to_string(file).with_context(name)?;
    let has_one = |mark| whole.matches(mark).count() == 1;
    ensure!(
        has_one(BEGIN) && has_one(END),
        "{} needs the lines {BEGIN} and {END}, each once",
        name()
    );
    let (before, rest) = whole.split_once(BEGIN).unwrap_or_default();
    let (_, after) = rest
        .split_once(END)
        .with_context(|| format!("{END} stands first"))?;
    let text = text.trim();
    fs::write(file, format!("{before}{BEGIN}\n\n{text}\n\n{END}{after}")).with_context(name)
}

const BEGIN: &str = "<!-- written by cargo bench-gateway -->";
const END: &str = "<!-- end of what it writes -->";
