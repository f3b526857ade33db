//! The command `erase`: asks first, and says what it came to.

use std::process::ExitCode;

use audit_layer_collector::{Erasable, Erased, Erasure, Left, Scope, count_erasable, erase};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::cli::database::DatabaseArgs;
use crate::cli::error::CliError;
use crate::cli::output::number;

#[derive(Debug, Args)]
#[group(id = "erased", required = true, multiple = false, args = ["organization", "all_organizations"])]
pub(crate) struct EraseArgs {
    /// The organization whose user this is.
    #[arg(long, value_name = "ID", value_parser = Scope::organization)]
    organization: Option<Scope>,

    /// Erase the user with this id in every organization.
    #[arg(long)]
    all_organizations: bool,

    /// The user whose content to erase.
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    user: String,

    /// The reason, such as a reference to the user's request. It is stored.
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    reason: String,

    /// Erase. Without this option, events are only counted.
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

impl EraseArgs {
    pub(crate) fn erasure(self) -> Erasure {
        Erasure {
            scope: self.organization.unwrap_or(Scope::All),
            user_id: self.user,
            reason: self.reason,
        }
    }
}

/// Erases, or only counts while nobody has said yes.
pub(crate) async fn run(arguments: EraseArgs) -> Result<ExitCode, CliError> {
    let (database, is_certain) = (arguments.database.database()?, arguments.yes);
    let erasure = arguments.erasure();
    if is_certain {
        Ok(report(erase(&database, &erasure).await?))
    } else {
        announce(count_erasable(&database, &erasure).await?);
        Ok(ExitCode::FAILURE)
    }
}

fn announce(count: Erasable) {
    let Erasable {
        events,
        held,
        erased,
    } = count;
    if erased > 0 {
        let erased = number(erased, "event", "events");
        eprintln!("audit-layer: the content of {erased} has already been erased");
    }
    if held > 0 {
        tell_held(held);
    }
    if events > 0 {
        let events = number(events, "event", "events");
        eprintln!(
            "audit-layer: the content of {events} would be permanently erased: run again with --yes"
        );
    } else {
        eprintln!("audit-layer: nothing would be erased");
    }
}

fn report(erased: Erased) -> ExitCode {
    let Erased {
        events,
        held,
        reports,
        left,
    } = erased;
    if events > 0 {
        let events = number(events, "event", "events");
        eprintln!("audit-layer: erased the content of {events}");
    } else {
        eprintln!("audit-layer: there was nothing to erase");
    }
    if reports > 0 {
        let are = number(
            reports,
            "report that showed it is",
            "reports that showed it are",
        );
        eprintln!("audit-layer: {are} removed");
    }
    match left {
        Left::FilesOfServer => eprintln!(
            "audit-layer: the server's files have it until their space is used again: VACUUM (FULL) events; writes them anew"
        ),
        Left::Log => eprintln!(
            "audit-layer: the write-ahead log still has it, as somebody is reading: it goes when the collector stops, or run this again"
        ),
        Left::Nowhere => {}
    }
    if held > 0 {
        tell_held(held);
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn tell_held(held: u64) {
    let held = number(
        held,
        "event is held and stays as it is",
        "events are held and stay as they are",
    );
    eprintln!("audit-layer: {held}: `audit-layer holds list` shows why");
}
