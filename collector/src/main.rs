//! The program `audit-layer`: the collector on a command line.

#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod census;
mod chronicle;
mod cli;
mod custody;
mod eraser;
mod importer;
mod keyring;
mod notice;
mod screen;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use audit_layer_collector::holds::HoldsError;
use audit_layer_collector::keys::KeysError;
use audit_layer_collector::values::ValuesError;
use audit_layer_collector::{
    ApiKey, BackupError, Collector, Config, DatabaseError, EraseError, KeyError, RetentionError,
    StartError, StopError, StoreError,
};
use clap::Parser;
use mimalloc::MiMalloc;
use thiserror::Error;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command, DatabaseArgs, LogFormat, ServeArgs};
use crate::importer::ImportError;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("audit-layer: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, MainError> {
    start_log(&cli.log, cli.log_format)?;
    match cli.command {
        Command::Serve(arguments) => block_on(serve(arguments, cli.log_format)).map(success),
        // It does one thing after another, and needs no runtime.
        Command::Import(arguments) => Ok(importer::run(arguments)?),
        Command::Backup { target, database } => block_on(back_up(&database, &target)).map(success),
        Command::Erase(arguments) => block_on(eraser::run(arguments)),
        Command::History(arguments) => block_on(chronicle::run(arguments)).map(success),
        Command::Holds(command) => block_on(custody::run(command)).map(success),
        Command::Keys(command) => block_on(keyring::run(command)).map(success),
        Command::Values(arguments) => block_on(census::run(arguments)).map(success),
    }
}

fn success((): ()) -> ExitCode {
    ExitCode::SUCCESS
}

/// Runs a command to its end, and not what it has left: the typesetting of a report that nobody waits
/// for any more may take long, and cannot be called off.
fn block_on<T>(command: impl Future<Output = Result<T, MainError>>) -> Result<T, MainError> {
    let runtime = Runtime::new().map_err(MainError::Runtime)?;
    let result = runtime.block_on(command);
    runtime.shutdown_background();
    result
}

fn start_log(filter: &str, format: LogFormat) -> Result<(), MainError> {
    let filter = EnvFilter::try_new(filter).map_err(|_| MainError::Log(filter.to_owned()))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Ok(())
}

async fn serve(arguments: ServeArgs, log_format: LogFormat) -> Result<(), MainError> {
    // First, so that a signal during start-up is not missed.
    let mut signals = StopSignals::listen().map_err(MainError::Runtime)?;
    let keys = arguments.api_key.iter().map(|key| ApiKey::parse(key));
    let config = Config {
        retention: arguments.retention()?,
        rate_limit: arguments.rate_limit,
        tls: arguments.tls(),
        report_fonts: arguments.report_fonts.clone(),
        listen: arguments.listen,
        database: arguments.database.database()?,
        api_keys: keys.collect::<Result<_, _>>().map_err(MainError::ApiKey)?,
    };
    let collector = tokio::select! {
        collector = Collector::bind(&config) => collector?,
        // Whatever it was at: each step is a transaction, and the next start goes on.
        () = signals.wait() => {
            log_format.tell("stopped before it was ready");
            return Ok(());
        }
    };
    let address = collector.address();
    if let Some(key) = collector.created_key() {
        let key = key.reveal();
        // Whatever is logged: it is told only here.
        eprintln!(
            "audit-layer: made the API key {key}, which may do everything: keep it, it is not shown again"
        );
    }
    if !address.ip().is_loopback() && config.tls.is_none() {
        log_format.warn(&format!(
            "{address} is open to other machines, and traffic is not encrypted: give --tls-cert and --tls-key, or put a proxy with TLS in front"
        ));
    }
    let database = &config.database;
    let scheme = if config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    log_format.tell(&format!(
        "listening on {scheme}://{address}, database {database}"
    ));
    if let Some(file) = &arguments.listen_address_file {
        write_address(file, address).map_err(|source| MainError::AddressFile {
            path: file.clone(),
            source,
        })?;
    }
    Ok(collector.serve(signals.wait()).await?)
}

/// Writes beside `path` and renames, so that whoever waits for the file never reads half of it.
fn write_address(path: &Path, address: SocketAddr) -> io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    std::fs::write(&partial, format!("{address}\n"))?;
    std::fs::rename(&partial, path)
}

async fn back_up(database: &DatabaseArgs, target: &Path) -> Result<(), MainError> {
    let events = audit_layer_collector::back_up(&database.database()?, target).await?;
    let target = target.display();
    eprintln!("audit-layer: {events} events are backed up to {target}");
    Ok(())
}

/// The two ways in which a program is asked to stop.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[derive(Debug, Error)]
enum MainError {
    #[error("cannot write {}: {source}: choose another file with --listen-address-file", path.display())]
    AddressFile { path: PathBuf, source: io::Error },
    #[error("{0}")]
    Backup(#[from] BackupError),
    #[error("the API key {0}")]
    ApiKey(KeyError),
    #[error("--database: {0}")]
    Database(#[from] DatabaseError),
    #[error("{0}")]
    Erase(#[from] EraseError),
    #[error("{0}")]
    Holds(#[from] HoldsError),
    #[error("{0}")]
    Import(#[from] ImportError),
    #[error("--log: {0:?} is not a filter: give a level such as info")]
    Log(String),
    #[error("{0}")]
    Keys(#[from] KeysError),
    #[error(
        "cannot print the key: {source}: {id} is good, revoke it with `audit-layer keys revoke`"
    )]
    KeyLeft { id: String, source: io::Error },
    #[error("cannot print the key: {source}: {id} is revoked again")]
    KeyUnseen { id: String, source: io::Error },
    #[error("cannot print: {0}")]
    Output(io::Error),
    #[error("the operating system refused: {0}")]
    Runtime(io::Error),
    #[error("{0}")]
    Retention(#[from] RetentionError),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Start(#[from] StartError),
    #[error("{0}")]
    Stop(#[from] StopError),
    #[error("{0}")]
    Values(#[from] ValuesError),
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn work_that_nobody_waits_for_does_not_keep_a_command_from_ending() {
        let (sender, receiver) = mpsc::channel::<()>();
        let command = async {
            tokio::task::spawn_blocking(move || receiver.recv());
            Ok(())
        };
        block_on(command).unwrap();
        drop(sender);
    }
}
