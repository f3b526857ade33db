//! Why a command failed.

use std::io;
use std::path::PathBuf;

use audit_layer_collector::holds::HoldsError;
use audit_layer_collector::keys::KeysError;
use audit_layer_collector::values::ValuesError;
use audit_layer_collector::{
    BackupError, DatabaseError, EraseError, KeyError, RetentionError, StartError, StopError,
    StoreError,
};
use thiserror::Error;

use crate::cli::import::error::ImportError;

/// Why a command failed. The message says what to do.
#[derive(Debug, Error)]
pub(super) enum CliError {
    #[error("cannot write {}: {source}: choose another file with --listen-address-file", path.display())]
    AddressFile { path: PathBuf, source: io::Error },
    #[error("{0}")]
    Backup(#[from] BackupError),
    #[error("the API key {0}")]
    ApiKey(KeyError),
    #[error("{} {reason}", file.display())]
    Configuration { file: PathBuf, reason: String },
    #[error("--database: {0}")]
    Database(#[from] DatabaseError),
    #[error("{0}")]
    Erase(#[from] EraseError),
    #[error("cannot read {}: {source}", file.display())]
    File { file: PathBuf, source: io::Error },
    #[error("{0}")]
    Holds(#[from] HoldsError),
    #[error("{0}")]
    Import(#[from] ImportError),
    #[error("--log: {0:?} is not a valid filter: use a level such as info")]
    Log(String),
    #[error("{0}")]
    Keys(#[from] KeysError),
    #[error(
        "cannot print the key: {source}: {id} is active, revoke it with `audit-layer keys revoke`"
    )]
    KeyLeft { id: String, source: io::Error },
    #[error("cannot print the key: {source}: {id} has been revoked")]
    KeyUnseen { id: String, source: io::Error },
    #[error("cannot print: {0}")]
    Output(io::Error),
    #[error("cannot write manual pages to {}: {source}", folder.display())]
    Pages { folder: PathBuf, source: io::Error },
    #[error("operating system error: {0}")]
    Runtime(io::Error),
    #[error("{0}")]
    Retention(#[from] RetentionError),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("cannot write the private key to {}: {source}", file.display())]
    SealingKey { file: PathBuf, source: io::Error },
    #[error("{0}")]
    Start(#[from] StartError),
    #[error("{0}")]
    Stop(#[from] StopError),
    #[error("{0}")]
    Values(#[from] ValuesError),
}
