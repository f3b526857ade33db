//! The command `history`: what it prints of who looked, and of events that were removed or erased.

use std::io::{self, Write};

use audit_layer_collector::Shown;
use audit_layer_collector::history::{self, Change, Entry, History, HistoryAction};
use chrono::{DateTime, Utc};
use clap::Args;
use serde_json::{Value, json};

use crate::cli::database::DatabaseArgs;
use crate::cli::dates::since;
use crate::cli::error::CliError;
use crate::cli::output::{Format, number, seconds};

#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,

    /// Only entries since this day (UTC), such as 2026-11-25, or RFC 3339 time.
    #[arg(long, value_name = "DATE", value_parser = since)]
    since: Option<DateTime<Utc>>,

    /// Only this action, such as event_read, removed or erased. Can be repeated.
    #[arg(long, value_name = "ACTION", value_parser = HistoryAction::read)]
    action: Vec<HistoryAction>,

    /// Only entries for the key with this id.
    #[arg(long, value_name = "ID")]
    key: Option<String>,

    /// Output format.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

impl HistoryArgs {
    pub(crate) fn wanted(&self) -> history::Wanted {
        history::Wanted {
            since: self.since,
            actions: self.action.clone(),
            key_id: self.key.clone(),
        }
    }
}

/// Prints the history of a database.
pub(crate) async fn run(arguments: HistoryArgs) -> Result<(), CliError> {
    let database = arguments.database.database()?;
    let mut history = History::open(&database, &arguments.wanted()).await?;
    let written = write(&mut history, arguments.format).await;
    let closed = history.close().await;
    written?;
    Ok(closed?)
}

/// Writes one entry after the other, so that a long history takes no more memory than a short one.
async fn write(history: &mut History, format: Format) -> Result<(), CliError> {
    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut is_first = true;
    while let Some(entry) = history.next().await? {
        let (before, text) = match format {
            Format::Human => ("", human(&entry)),
            Format::Json => (if is_first { "[" } else { "," }, json(&entry)),
        };
        write!(output, "{before}{text}").map_err(CliError::Output)?;
        is_first = false;
    }
    let end = match (format, is_first) {
        (Format::Human, true) => "no matching entries\n",
        (Format::Human, false) => "",
        (Format::Json, true) => "[]\n",
        (Format::Json, false) => "]\n",
    };
    let end = write!(output, "{end}").and_then(|()| output.flush());
    end.map_err(CliError::Output)
}

fn human(entry: &Entry) -> String {
    let (when, what) = match entry {
        Entry::Access(record) => (short(record.timestamp()), access(record)),
        Entry::Change(Change::Erased {
            erasure,
            erased_at,
            events,
        }) => {
            let (user, scope, reason) = (&erasure.user_id, &erasure.scope, &erasure.reason);
            let what = format!(
                "content of {} of user {user:?} of {scope}",
                counted(*events)
            );
            (seconds(*erased_at), format!("erased {what}: {reason:?}"))
        }
        Entry::Change(Change::Removed {
            day,
            cause,
            organization_id,
            events,
        }) => {
            let what = format!("{} of organization {organization_id:?}", counted(*events));
            (day.to_string(), format!("removed {what}: {cause}"))
        }
    };
    format!("{when:<20}  {what}\n")
}

/// As other times of this list: without what is below a second.
fn short(timestamp: &str) -> String {
    let (seconds, _) = timestamp.split_once('.').unwrap_or((timestamp, ""));
    format!("{seconds}Z")
}

fn access(record: &Shown) -> String {
    let result = match record.result() {
        "ok" => String::new(),
        ended @ ("begun" | "cut" | "failed") => format!(" {ended}"),
        refused => format!(" refused ({refused})"),
    };
    let items = match record.items() {
        None => ", items unknown".to_owned(),
        Some(0) => String::new(),
        Some(items) => format!(", {}", number(items.unsigned_abs(), "item", "items")),
    };
    let times = match record.times() {
        1 => String::new(),
        times => format!(", {times} times"),
    };
    let query = record.query().filter(|query| query != "{}");
    let query = query.map_or(String::new(), |query| format!(": {query}"));
    let (action, who) = (record.action(), record.who());
    format!("{action}{result} by {who}{items}{times}{query}")
}

fn counted(events: i64) -> String {
    number(u64::try_from(events).unwrap_or_default(), "event", "events")
}

fn json(entry: &Entry) -> String {
    let change = match entry {
        Entry::Access(record) => return record.json(),
        Entry::Change(Change::Erased {
            erasure,
            erased_at,
            events,
        }) => json!({
            "change": "erased",
            "erased_at": seconds(*erased_at),
            "organization_id": erasure.scope.id(),
            "user_id": erasure.user_id,
            "reason": erasure.reason,
            "events": events,
        }),
        Entry::Change(Change::Removed {
            day,
            cause,
            organization_id,
            events,
        }) => json!({
            "change": "removed",
            "day": day.to_string(),
            "cause": cause,
            "organization_id": organization_id,
            "events": events,
        }),
    };
    Value::to_string(&change)
}

/// What stands below the options.
pub(super) const HELP: &str = "\
Examples:
  audit-layer history --since 2026-11-25
  audit-layer history --action event_read --action events_exported --key key_01999b5d3f0a7c21a4c1f2b3c4d5e6f7
  audit-layer history --action removed --action erased --format json

This access is recorded too. collector/API.md lists all actions.";
