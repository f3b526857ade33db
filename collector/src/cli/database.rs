//! Which database a command works on.

use audit_layer_collector::{Database, DatabaseError};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct DatabaseArgs {
    /// The database: an SQLite file, or postgres://USER@HOST/DATABASE.
    ///
    /// `serve` and `keys create` create the file if it does not exist, and migrate a database of an
    /// older version. Other users of this machine can see arguments: put a password into the variable,
    /// or into PGPASSWORD.
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
