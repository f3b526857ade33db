//! Why an import came to nothing, or stopped early.

use std::io;

use audit_layer_collector::KeyError;
use audit_layer_collector::import::{DeliveryError, SourceError, TargetError};
use thiserror::Error;

/// Why an import came to nothing, or stopped early.
#[derive(Debug, Error)]
pub(crate) enum ImportError {
    #[error(
        "{error}. The {answered} events before it are stored; fix this and run the import again: stored events count as known"
    )]
    Delivery { error: DeliveryError, answered: u64 },
    #[error(
        "a dead-letter key is empty: set --dead-letter-key or AUDIT_LAYER_DEAD_LETTER_KEY to the gateway's key, or unset the variable to also import what cannot be verified"
    )]
    EmptyLetterKey,
    #[error("the API key {0}")]
    Key(KeyError),
    #[error("nothing to import: name a log file, or pipe a log to standard input")]
    NoFile,
    #[error("no API key: set AUDIT_LAYER_API_KEY to a key for the audit API")]
    NoKey,
    #[error("cannot print the summary: {0}")]
    Output(io::Error),
    #[error("{0}")]
    Source(#[from] SourceError),
    #[error("the address of the audit API {0}")]
    Url(TargetError),
}
