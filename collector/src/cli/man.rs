//! The command `man`: manual pages, made of the same text as `--help`.

use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::{Man, generate_to};

use crate::cli::error::CliError;
use crate::cli::output::print;

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// Folder to write a page for each command to. Without it, the main page is written to stdout.
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// Prints a page, or writes all.
pub(super) fn run(arguments: ManArgs, program: Command) -> Result<(), CliError> {
    let Some(folder) = arguments.folder else {
        let mut page = Vec::new();
        let rendered = Man::new(program).render(&mut page);
        rendered.map_err(CliError::Output)?;
        return print(&String::from_utf8_lossy(&page));
    };
    let written = std::fs::create_dir_all(&folder).and_then(|()| generate_to(program, &folder));
    written.map_err(|source| CliError::Pages { folder, source })
}

/// What stands below the options.
pub(super) const HELP: &str = "\
Examples:
  audit-layer man | man -l -
  audit-layer man /usr/local/share/man/man1";
