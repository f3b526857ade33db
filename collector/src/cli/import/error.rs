//! Why an import came to nothing, or stopped early.

use std::io;

use audit_layer_collector::KeyError;
use audit_layer_collector::import::{DeliveryError, SourceError, TargetError};
use thiserror::Error;

/// Why an import came to nothing, or stopped early.
#[derive(Debug, Error)]
pub(crate) enum ImportError {
    #[error(
        "{error}. The {answered} events before it are stored; when this is mended, import the same again: what is stored counts as known"
    )]
    Delivery { error: DeliveryError, answered: u64 },
    #[error(
        "a key of dead letters is empty: give the gateway's key by --dead-letter-key or AUDIT_LAYER_DEAD_LETTER_KEY, or unset the variable to import what cannot be checked too"
    )]
    EmptyLetterKey,
    #[error("the API key {0}")]
    Key(KeyError),
    #[error("there is nothing to import: name a log, or pipe one in")]
    NoFile,
    #[error("there is no API key: set AUDIT_LAYER_API_KEY to a key of the audit API")]
    NoKey,
    #[error("cannot print the summary: {0}")]
    Output(io::Error),
    #[error("{0}")]
    Source(#[from] SourceError),
    #[error("the address of the audit API {0}")]
    Url(TargetError),
}
