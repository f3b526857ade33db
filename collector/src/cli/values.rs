//! The command `values`: what it prints of the values that events have.

use audit_layer_collector::values::{self, Counts};
use audit_layer_collector::{Scope, limits};
use chrono::{DateTime, Utc};
use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::cli::database::DatabaseArgs;
use crate::cli::dates::{since, until};
use crate::cli::error::CliError;
use crate::cli::output::{Format, harmless, number, print};

#[derive(Debug, Args)]
pub(crate) struct ValuesArgs {
    /// The member.
    #[arg(value_name = "FIELD", value_parser = PossibleValuesParser::new(values::MEMBERS))]
    field: String,

    /// Only events from this day (UTC), such as 2026-11-25, or RFC 3339 time.
    #[arg(long, value_name = "DATE", value_parser = since)]
    from: Option<DateTime<Utc>>,

    /// Only events up to and including this day or time.
    #[arg(long, value_name = "DATE", value_parser = until)]
    to: Option<DateTime<Utc>>,

    /// Only events of this organization. Without it, all organizations.
    #[arg(long, value_name = "ID", value_parser = Scope::organization)]
    organization: Option<Scope>,

    /// Maximum number of values: those with the most events.
    #[arg(long, value_name = "NUMBER", default_value_t = limits::VALUES_DEFAULT, value_parser = values_limit)]
    limit: usize,

    #[command(flatten)]
    pub(crate) database: DatabaseArgs,

    /// Output format.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

impl ValuesArgs {
    pub(crate) fn wanted(&self) -> values::Wanted {
        values::Wanted {
            member: self.field.clone(),
            from: self.from,
            until: self.to,
            scope: self.organization.clone().unwrap_or(Scope::All),
            limit: self.limit,
        }
    }
}

fn values_limit(text: &str) -> Result<usize, String> {
    let max = limits::VALUES_MAX;
    let limit = text.parse().ok().filter(|limit| (1..=max).contains(limit));
    limit.ok_or_else(|| format!("must be a number from 1 to {max}"))
}

/// Prints the values of a member, and how many events have each.
pub(crate) async fn run(arguments: ValuesArgs) -> Result<(), CliError> {
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
        false => format!("of the newest {events}: use --from and --to for others"),
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

/// What stands below the options.
pub(super) const HELP: &str = "\
Examples:
  audit-layer values model_name --from 2026-11-01 --to 2026-11-30
  audit-layer values user_id --organization org_1 --limit 100 --format json";
