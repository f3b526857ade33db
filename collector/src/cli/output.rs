//! What commands print, and how.

use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use clap::ValueEnum;

use crate::cli::error::CliError;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text.
    Human,
    /// JSON.
    Json,
}

pub(super) fn seconds(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

pub(super) fn print(text: &str) -> Result<(), CliError> {
    write(text).map_err(CliError::Output)
}

pub(super) fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// A count, and what there are so many of.
pub(super) fn number(count: u64, one: &str, many: &str) -> String {
    let words = if count == 1 { one } else { many };
    format!("{count} {words}")
}

/// A text that a terminal shows and does not obey.
pub(super) fn harmless(value: &str) -> String {
    let chars = value.chars().flat_map(|c| {
        let is_plain = matches!(c, '"' | '\'' | '\\');
        let escaped = (!is_plain).then(|| c.escape_debug());
        escaped.into_iter().flatten().chain(is_plain.then_some(c))
    });
    chars.collect()
}
