//! The command line: each command has a file of its own, named as it is.

mod backup;
mod check;
mod completions;
mod database;
mod dates;
mod erase;
mod error;
mod explain;
mod history;
mod holds;
mod import;
mod keys;
mod log;
mod man;
mod open;
mod output;
mod sealing_key;
mod serve;
mod values;

use std::process::ExitCode;

use anstyle::AnsiColor;
use clap::{CommandFactory, Parser, Subcommand};
use tokio::runtime::Runtime;

use crate::cli::backup::BackupArgs;
use crate::cli::check::CheckArgs;
use crate::cli::completions::CompletionsArgs;
use crate::cli::erase::EraseArgs;
use crate::cli::error::CliError;
use crate::cli::explain::ExplainArgs;
use crate::cli::history::HistoryArgs;
use crate::cli::holds::HoldsCommand;
use crate::cli::import::ImportArgs;
use crate::cli::keys::KeysCommand;
use crate::cli::log::LogFormat;
use crate::cli::man::ManArgs;
use crate::cli::open::OpenArgs;
use crate::cli::sealing_key::SealingKeyArgs;
use crate::cli::serve::ServeArgs;
use crate::cli::values::ValuesArgs;

/// The audit API: stores audit events of LLM calls and answers queries about them.
#[derive(Debug, Parser)]
#[command(name = "audit-layer", version, arg_required_else_help = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,

    /// What to log to stderr. Event content is never logged.
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

    /// Log format. A generated key and startup errors are always plain text.
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
    /// instead. Other lines are ignored. The audit API stores each event once, so a log can be
    /// imported twice, or while it is still being written.
    #[command(after_help = import::HELP)]
    Import(ImportArgs),

    /// Check configurations of the gateway plugin: what they mean, and what to know of them.
    #[command(after_help = check::HELP)]
    Check(CheckArgs),

    /// Show the event that a saved call would give with a configuration of the gateway plugin.
    #[command(after_help = explain::HELP)]
    Explain(ExplainArgs),

    /// Open sealed events with an auditor's private key.
    #[command(after_help = open::HELP)]
    Open(OpenArgs),

    /// Make a pair of keys for sealed content.
    #[command(after_help = sealing_key::HELP)]
    SealingKey(SealingKeyArgs),

    /// Copy the database to a new file. The collector can keep running.
    ///
    /// The copy is a consistent snapshot that a collector can be started on.
    Backup(BackupArgs),

    /// Permanently erase the content of one user's events.
    ///
    /// Prompt, answer, reasoning, parameters, metadata and their hashes are overwritten. A record that
    /// the call took place remains. Events under a legal hold are not changed: see `audit-layer
    /// holds`. Backups and exports are not affected.
    Erase(EraseArgs),

    /// Show who accessed recorded events, and which events were removed or erased.
    #[command(after_help = history::HELP)]
    History(HistoryArgs),

    /// Manage legal holds, which protect events from removal.
    #[command(subcommand)]
    Holds(HoldsCommand),

    /// Manage the API keys in a database.
    #[command(subcommand)]
    Keys(KeysCommand),

    /// List the values of a member, such as models or users, with the number of events for each.
    ///
    /// Counts the newest 20,000 events in the period. This access is recorded: see `audit-layer history`.
    #[command(after_help = values::HELP)]
    Values(ValuesArgs),

    /// Print a script that completes commands in a shell.
    #[command(after_help = completions::HELP)]
    Completions(CompletionsArgs),

    /// Print the manual page, or write one for each command.
    #[command(after_help = man::HELP)]
    Man(ManArgs),
}

/// Reads the command line, does what it says, and tells why it could not.
pub(crate) fn run() -> ExitCode {
    dispatch(Cli::parse()).unwrap_or_else(|error| {
        let red = AnsiColor::Red.on_default();
        anstream::eprintln!("audit-layer: {red}{error}{red:#}");
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
        Command::Check(arguments) => check::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Open(arguments) => open::run(&arguments),
        Command::SealingKey(arguments) => sealing_key::run(arguments).map(success),
        Command::Backup(arguments) => block_on(backup::run(arguments)).map(success),
        Command::Erase(arguments) => block_on(erase::run(arguments)),
        Command::History(arguments) => block_on(history::run(arguments)).map(success),
        Command::Holds(command) => block_on(holds::run(command)).map(success),
        Command::Keys(command) => block_on(keys::run(command)).map(success),
        Command::Values(arguments) => block_on(values::run(arguments)).map(success),
        Command::Completions(arguments) => {
            completions::run(&arguments, Cli::command()).map(success)
        }
        Command::Man(arguments) => man::run(arguments, Cli::command()).map(success),
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
