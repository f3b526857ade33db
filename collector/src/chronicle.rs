//! The command `history`: what it prints of events that were removed or erased.

use audit_layer_collector::history::{self, Change};
use serde_json::{Value, json};

use crate::MainError;
use crate::cli::{Format, HistoryArgs};
use crate::eraser::number;
use crate::keyring::{print, seconds};

/// Prints the history of a database.
pub(crate) async fn run(arguments: HistoryArgs) -> Result<(), MainError> {
    let changes = history::read(&arguments.database.database()?).await?;
    let text = match arguments.format {
        Format::Human => human(&changes),
        Format::Json => json(&changes),
    };
    print(&text)
}

fn human(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "nothing was removed or erased\n".to_owned();
    }
    changes.iter().map(line).collect()
}

fn line(change: &Change) -> String {
    let (when, what) = match change {
        Change::Erased {
            erasure,
            erased_at,
            events,
        } => {
            let (user, scope, reason) = (&erasure.user_id, &erasure.scope, &erasure.reason);
            let what = format!(
                "content of {} of user {user:?} of {scope}",
                counted(*events)
            );
            (seconds(*erased_at), format!("erased {what}: {reason:?}"))
        }
        Change::Removed {
            day,
            cause,
            organization_id,
            events,
        } => {
            let what = format!("{} of organization {organization_id:?}", counted(*events));
            (day.to_string(), format!("removed {what}: {cause}"))
        }
    };
    format!("{when:<20}  {what}\n")
}

fn counted(events: i64) -> String {
    number(u64::try_from(events).unwrap_or_default(), "event", "events")
}

fn json(changes: &[Change]) -> String {
    let entries = changes.iter().map(|change| match change {
        Change::Erased {
            erasure,
            erased_at,
            events,
        } => json!({
            "change": "erased",
            "erased_at": seconds(*erased_at),
            "organization_id": erasure.scope.id(),
            "user_id": erasure.user_id,
            "reason": erasure.reason,
            "events": events,
        }),
        Change::Removed {
            day,
            cause,
            organization_id,
            events,
        } => json!({
            "change": "removed",
            "day": day.to_string(),
            "cause": cause,
            "organization_id": organization_id,
            "events": events,
        }),
    });
    format!("{}\n", Value::from_iter(entries))
}
