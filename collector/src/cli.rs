//! The command line: each command has a file of its own, named as it is.

mod backup;
mod database;
mod dates;
mod erase;
mod error;
mod history;
mod holds;
mod import;
mod keys;
mod log;
mod output;
mod serve;
mod values;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::runtime::Runtime;

use crate::cli::backup::BackupArgs;
use crate::cli::erase::EraseArgs;
use crate::cli::error::CliError;
use crate::cli::history::HistoryArgs;
use crate::cli::holds::HoldsCommand;
use crate::cli::import::ImportArgs;
use crate::cli::keys::KeysCommand;
use crate::cli::log::LogFormat;
use crate::cli::serve::ServeArgs;
use crate::cli::values::ValuesArgs;

/// The audit API: keeps audit events of LLM calls, and answers for them.
#[derive(Debug, Parser)]
#[command(name = "audit-layer", version, arg_required_else_help = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,

    /// What to log to stderr. Content of events is never logged.
    ///
    /// One of off, error, warn, info, debug, trace; or a filter such as
    /// "info,audit_layer_collector=debug".
    #[arg(
        long,
        global = true,
        value_name = "FILTER",
        env = "RUST_LOG",
        default_value = "info"
    )]
    pub(super) log: String,

    /// How it is logged. A key that is made, and why `serve` does not start, are text either way.
    #[arg(
        long,
        global = true,
        value_enum,
        env = "AUDIT_LAYER_LOG_FORMAT",
        default_value_t = LogFormat::Text
    )]
    pub(super) log_format: LogFormat,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the audit API until SIGTERM or Ctrl-C.
    #[command(after_help = serve::HELP)]
    Serve(ServeArgs),

    /// Send the dead letters in a proxy's log to the audit API.
    ///
    /// A dead letter is an event that the gateway could not deliver and wrote to the proxy's log
    /// instead. Other lines are passed over. The audit API keeps each event once: importing a log
    /// twice, or while it is still written, does no harm.
    #[command(after_help = import::HELP)]
    Import(ImportArgs),

    /// Copy the database to a new file, while the collector may be running.
    ///
    /// The copy is whole, as of one moment, and a collector can be started on it.
    Backup(BackupArgs),

    /// Erase the content of one user's events for good.
    ///
    /// Prompt, answer, reasoning, parameters, metadata and hashes of them are overwritten. That the call
    /// took place stays. What is held stays as it is: see `audit-layer
    /// holds`. Backups and exports are not reached.
    Erase(EraseArgs),

    /// Show who looked at what is recorded, and which events were removed or erased.
    #[command(after_help = history::HELP)]
    History(HistoryArgs),

    /// Keep events from being removed, for a court or an investigation.
    #[command(subcommand)]
    Holds(HoldsCommand),

    /// Manage the API keys in a database.
    #[command(subcommand)]
    Keys(KeysCommand),

    /// List the values that events have in a member, such as models or users, with how many events have each.
    ///
    /// Counts the newest 20,000 events of the period. Reading them is recorded: see `audit-layer history`.
    #[command(after_help = values::HELP)]
    Values(ValuesArgs),
}

/// Reads the command line, does what it says, and tells why it could not.
pub(crate) fn run() -> ExitCode {
    dispatch(Cli::parse()).unwrap_or_else(|error| {
        eprintln!("audit-layer: {error}");
        ExitCode::FAILURE
    })
}

/// Does what the command line says.
fn dispatch(cli: Cli) -> Result<ExitCode, CliError> {
    log::start(&cli.log, cli.log_format)?;
    match cli.command {
        Command::Serve(arguments) => block_on(serve::run(arguments, cli.log_format)).map(success),
        // It does one thing after another, and needs no runtime.
        Command::Import(arguments) => import::run(arguments),
        Command::Backup(arguments) => block_on(backup::run(arguments)).map(success),
        Command::Erase(arguments) => block_on(erase::run(arguments)),
        Command::History(arguments) => block_on(history::run(arguments)).map(success),
        Command::Holds(command) => block_on(holds::run(command)).map(success),
        Command::Keys(command) => block_on(keys::run(command)).map(success),
        Command::Values(arguments) => block_on(values::run(arguments)).map(success),
    }
}

fn success((): ()) -> ExitCode {
    ExitCode::SUCCESS
}

/// Runs a command to its end, and not what it has left: the typesetting of a report that nobody waits
/// for any more may take long, and cannot be called off.
fn block_on<T>(command: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = Runtime::new().map_err(CliError::Runtime)?;
    let result = runtime.block_on(command);
    runtime.shutdown_background();
    result
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn work_that_nobody_waits_for_does_not_keep_a_command_from_ending() {
        let (sender, receiver) = mpsc::channel::<()>();
        let command = async {
            tokio::task::spawn_blocking(move || receiver.recv());
            Ok(())
        };
        block_on(command).unwrap();
        drop(sender);
    }
}
