//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// The audit API: keeps audit events of LLM calls, and answers for them.
#[derive(Debug, Parser)]
#[command(name = "audit-layer", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

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
    pub(crate) log: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the audit API until SIGTERM or Ctrl-C.
    #[command(after_help = SERVE_HELP)]
    Serve(ServeArgs),

    /// Manage the API keys in a database.
    #[command(subcommand)]
    Keys(KeysCommand),
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen. Port 0 takes any free port.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,

    /// SQLite file that holds the events; created if there is none.
    #[arg(long, value_name = "FILE", default_value = "audit.db")]
    pub(crate) database: PathBuf,

    /// Key that clients must send; repeat it for several.
    ///
    /// The keys in the database then do not count. Other users of the machine can see arguments:
    /// prefer the variable.
    #[arg(
        long,
        value_name = "KEY",
        env = "AUDIT_LAYER_API_KEY",
        hide_env_values = true
    )]
    pub(crate) api_key: Vec<String>,

    /// File that gets the address listened on, once ready. For scripts that use port 0.
    #[arg(long, value_name = "FILE")]
    pub(crate) listen_address_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key and print it, once. A running collector accepts it at once.
    Create {
        /// SQLite file that gets the key's hash; created if there is none.
        #[arg(long, value_name = "FILE", default_value = "audit.db")]
        database: PathBuf,
    },
}

const SERVE_HELP: &str = "\
Without a key on the command line or in the environment, the keys in the database count. If there \
are none, one is made and printed, once.

Record an event:   POST /v1/audit/log, or many as NDJSON: POST /v1/audit/log/batch
Read them back:    GET /v1/audit/logs?start_date=2025-01-01&limit=50, GET /v1/audit/logs/ID
Is it up:          GET /healthz, GET /readyz";
