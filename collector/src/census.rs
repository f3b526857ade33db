//! The command `values`: what it prints of the values that events have.

use audit_layer_collector::values::{self, Counts};

use crate::MainError;
use crate::cli::{Format, ValuesArgs};
use crate::eraser::number;
use crate::keyring::print;

/// Prints the values of a member, and how many events have each.
pub(crate) async fn run(arguments: ValuesArgs) -> Result<(), MainError> {
    let database = arguments.database.database()?;
    let wanted = arguments.wanted();
    let counts = values::count(&database, &wanted).await?;
    print(&match arguments.format {
        Format::Human => human(&wanted.member, &counts),
        Format::Json => format!("{}\n", counts.json()),
    })
}

fn human(member: &str, counts: &Counts) -> String {
    let events = number(counts.counted_events(), "event", "events");
    let of = match counts.is_all() {
        true => format!("of {events}"),
        false => format!("of the newest {events}: give --from and --to for others"),
    };
    if counts.values().next().is_none() {
        return format!("no value of {member} {of}\n");
    }
    let head = format!("{:>8}  {member}\n", "events");
    let rows = counts
        .values()
        .map(|(value, events)| format!("{events:>8}  {}\n", harmless(value)));
    let rows: String = rows.collect();
    format!("{head}{rows}{of}\n")
}

/// A text that a terminal shows and does not obey.
fn harmless(value: &str) -> String {
    let chars = value.chars().flat_map(|c| {
        let is_plain = matches!(c, '"' | '\'' | '\\');
        let escaped = (!is_plain).then(|| c.escape_debug());
        escaped.into_iter().flatten().chain(is_plain.then_some(c))
    });
    chars.collect()
}
