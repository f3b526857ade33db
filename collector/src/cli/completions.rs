//! The command `completions`: what a shell needs to complete commands.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::cli::error::CliError;
use crate::cli::output::print;

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    shell: Shell,
}

/// Prints the script for a shell.
pub(super) fn run(arguments: &CompletionsArgs, mut program: Command) -> Result<(), CliError> {
    let name = program.get_name().to_owned();
    let mut script = Vec::new();
    generate(arguments.shell, &mut program, name, &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// What stands below the options.
pub(super) const HELP: &str = "\
Examples:
  source <(audit-layer completions bash)
  audit-layer completions fish > ~/.config/fish/completions/audit-layer.fish";
