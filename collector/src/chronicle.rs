//! The command `history`: what it prints of who looked, and of events that were removed or erased.

use std::io::{self, Write};

use audit_layer_collector::Shown;
use audit_layer_collector::history::{Change, Entry, History};
use serde_json::{Value, json};

use crate::MainError;
use crate::cli::{Format, HistoryArgs};
use crate::eraser::number;
use crate::keyring::seconds;

/// Prints the history of a database.
pub(crate) async fn run(arguments: HistoryArgs) -> Result<(), MainError> {
    let database = arguments.database.database()?;
    let mut history = History::open(&database, &arguments.wanted()).await?;
    let written = write(&mut history, arguments.format).await;
    let closed = history.close().await;
    written?;
    Ok(closed?)
}

/// Writes one entry after the other, so that a long history takes no more memory than a short one.
async fn write(history: &mut History, format: Format) -> Result<(), MainError> {
    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut is_first = true;
    while let Some(entry) = history.next().await? {
        let (before, text) = match format {
            Format::Human => ("", human(&entry)),
            Format::Json => (if is_first { "[" } else { "," }, json(&entry)),
        };
        write!(output, "{before}{text}").map_err(MainError::Output)?;
        is_first = false;
    }
    let end = match (format, is_first) {
        (Format::Human, true) => "there is nothing of this in the history\n",
        (Format::Human, false) => "",
        (Format::Json, true) => "[]\n",
        (Format::Json, false) => "]\n",
    };
    let end = write!(output, "{end}").and_then(|()| output.flush());
    end.map_err(MainError::Output)
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
