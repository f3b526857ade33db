//! The command `holds`: what it does to the legal holds of a database, and what it prints.

use audit_layer_collector::Scope;
use audit_layer_collector::holds::{self, Hold, HoldEntry};
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::database::DatabaseArgs;
use crate::cli::error::CliError;
use crate::cli::output::{Format, print, seconds};

#[derive(Debug, Subcommand)]
pub(crate) enum HoldsCommand {
    /// Protect events from retention and erasure from now on. Prints the hold's id.
    Create(HoldArgs),

    /// List legal holds, active and released.
    List {
        #[command(flatten)]
        database: DatabaseArgs,

        /// Output format.
        #[arg(long, value_enum, default_value_t = Format::Human)]
        format: Format,
    },

    /// Release a hold. Expired events are then removed within an hour.
    Release {
        /// The hold's id, which begins with `hold_`: see `audit-layer holds list`.
        id: String,

        #[command(flatten)]
        database: DatabaseArgs,
    },
}

#[derive(Debug, Args)]
#[group(id = "held", required = true, multiple = false, args = ["organization", "all_organizations"])]
pub(crate) struct HoldArgs {
    /// The organization whose events to hold.
    #[arg(long, value_name = "ID", value_parser = Scope::organization)]
    organization: Option<Scope>,

    /// Hold the events of every organization.
    #[arg(long)]
    all_organizations: bool,

    /// The user whose events to hold. Without it, all users.
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    user: Option<String>,

    /// The reason, such as a court reference. It is shown in the list.
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    reason: String,

    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

impl HoldArgs {
    pub(crate) fn hold(self) -> Hold {
        Hold {
            scope: self.organization.unwrap_or(Scope::All),
            user_id: self.user,
            reason: self.reason,
        }
    }
}

/// Does one of the things that can be done with holds.
pub(crate) async fn run(command: HoldsCommand) -> Result<(), CliError> {
    match command {
        HoldsCommand::Create(arguments) => {
            let database = arguments.database.database()?;
            let hold = arguments.hold();
            let id = holds::create(&database, &hold).await?;
            print(&format!("{id}\n"))?;
            let scope = hold.scope;
            let whose = hold
                .user_id
                .map_or(String::new(), |user| format!("user {user:?} of "));
            eprintln!(
                "audit-layer: events of {whose}{scope} are not removed until this hold is released"
            );
            Ok(())
        }
        HoldsCommand::List { database, format } => {
            let holds = holds::list(&database.database()?).await?;
            let text = match format {
                Format::Human => human(&holds),
                Format::Json => json(&holds),
            };
            print(&text)
        }
        HoldsCommand::Release { id, database } => {
            let released_at = holds::release(&database.database()?, &id).await?;
            eprintln!(
                "audit-layer: {id} has been released since {}",
                seconds(released_at)
            );
            Ok(())
        }
    }
}

fn human(holds: &[HoldEntry]) -> String {
    if holds.is_empty() {
        return "there are no holds: create one with `audit-layer holds create`\n".to_owned();
    }
    holds.iter().map(line).collect()
}

fn line(entry: &HoldEntry) -> String {
    let (id, scope, reason) = (&entry.id, &entry.hold.scope, &entry.hold.reason);
    let user = match &entry.hold.user_id {
        Some(user) => format!("user {user:?} of "),
        None => String::new(),
    };
    let created_at = seconds(entry.created_at);
    let state = match entry.released_at {
        None => "active".to_owned(),
        Some(released_at) => format!("released {}", seconds(released_at)),
    };
    format!("{id}  {user}{scope}, created {created_at}, {state}: {reason:?}\n")
}

fn json(holds: &[HoldEntry]) -> String {
    let entries = holds.iter().map(|entry| {
        json!({
            "id": entry.id,
            "organization_id": entry.hold.scope.id(),
            "user_id": entry.hold.user_id,
            "reason": entry.hold.reason,
            "created_at": seconds(entry.created_at),
            "released_at": entry.released_at.map(seconds),
        })
    });
    format!("{}\n", Value::from_iter(entries))
}
