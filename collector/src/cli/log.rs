//! The log, and what `serve` tells those who started it: sentences for people, or lines for programs.

use std::io;

use clap::ValueEnum;
use tracing::{info, warn};
use tracing_subscriber::EnvFilter;

use crate::cli::error::CliError;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Text.
    Text,
    /// One JSON object per line, with `timestamp`, `level`, `message` and more.
    Json,
}

/// Has the log written to stderr.
pub(super) fn start(filter: &str, format: LogFormat) -> Result<(), CliError> {
    let filter = EnvFilter::try_new(filter).map_err(|_| CliError::Log(filter.to_owned()))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Ok(())
}

impl LogFormat {
    pub(crate) fn tell(self, sentence: &str) {
        match self {
            Self::Text => eprintln!("audit-layer: {sentence}"),
            Self::Json => info!("{sentence}"),
        }
    }

    pub(crate) fn warn(self, sentence: &str) {
        match self {
            Self::Text => eprintln!("audit-layer: warning: {sentence}"),
            Self::Json => warn!("{sentence}"),
        }
    }
}
