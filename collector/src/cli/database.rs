//! Which database a command works on.

use audit_layer_collector::{Database, DatabaseError};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct DatabaseArgs {
    /// Where the events are: an SQLite file, or postgres://USER@HOST/DATABASE.
    ///
    /// `serve` and `keys create` create a file that is not there, and bring one of an older version up
    /// to date. Other users of the machine can see
    /// arguments: a password belongs in the variable, or in PGPASSWORD.
    // Not parsed by clap, whose message would repeat the address with its password.
    #[arg(
        long = "database",
        value_name = "FILE|URL",
        env = "AUDIT_LAYER_DATABASE",
        hide_env_values = true,
        default_value = "audit.db"
    )]
    address: String,
}

impl DatabaseArgs {
    pub(crate) fn database(&self) -> Result<Database, DatabaseError> {
        self.address.parse()
    }
}
