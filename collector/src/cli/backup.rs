//! The command `backup`: copies the database while a collector may be running on it.

use std::path::PathBuf;

use audit_layer_collector::back_up;
use clap::Args;

use crate::cli::database::DatabaseArgs;
use crate::cli::error::CliError;

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The new file. It gets this name only when the copy is complete.
    #[arg(value_name = "FILE")]
    target: PathBuf,

    #[command(flatten)]
    database: DatabaseArgs,
}

/// Copies the database.
pub(super) async fn run(arguments: BackupArgs) -> Result<(), CliError> {
    let target = arguments.target;
    let events = back_up(&arguments.database.database()?, &target).await?;
    let target = target.display();
    eprintln!("audit-layer: backed up {events} events to {target}");
    Ok(())
}
