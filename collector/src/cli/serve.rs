//! The command `serve`: runs the collector until it is told to stop.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use audit_layer_collector::{
    ApiKey, Collector, Config, Keep, KeepOf, Retention, RetentionError, Shortest, TlsFiles, limits,
};
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::database::DatabaseArgs;
use crate::cli::error::CliError;
use crate::cli::log::LogFormat;

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Address to listen on. Port 0 selects a free port.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,

    #[command(flatten)]
    pub(crate) database: DatabaseArgs,

    /// API key that clients must send. Can be repeated.
    ///
    /// Keys in the database are then ignored. Other users of this machine can see arguments: prefer the
    /// variable.
    #[arg(
        long,
        value_name = "KEY",
        env = "AUDIT_LAYER_API_KEY",
        hide_env_values = true
    )]
    pub(crate) api_key: Vec<String>,

    /// PEM file with the TLS certificate, followed by its chain.
    ///
    /// It is reloaded when it changes and on SIGHUP.
    #[arg(
        long,
        value_name = "FILE",
        env = "AUDIT_LAYER_TLS_CERT",
        requires = "tls_key"
    )]
    tls_cert: Option<PathBuf>,

    /// PEM file with the certificate's private key.
    #[arg(
        long,
        value_name = "FILE",
        env = "AUDIT_LAYER_TLS_KEY",
        requires = "tls_cert"
    )]
    tls_key: Option<PathBuf>,

    /// Events per second per key, with bursts of up to 10 seconds' worth. Without it, there is no limit.
    ///
    /// Requests beyond the limit get 429 with `retry-after`, and none of their events are stored; the
    /// gateway and the importer send them again.
    #[arg(long, value_name = "EVENTS", value_parser = number_from_1)]
    pub(crate) rate_limit: Option<NonZeroU32>,

    /// Folder with additional fonts for PDF reports, such as Noto Sans CJK. Characters missing from all
    /// fonts are shown as their code points.
    ///
    /// All .ttf, .otf, .ttc and .otc files in it and its subfolders are read.
    #[arg(long, value_name = "FOLDER", env = "AUDIT_LAYER_REPORT_FONTS")]
    pub(crate) report_fonts: Option<PathBuf>,

    /// How long to keep events: a number of days after they happened or arrived, whichever is later, or
    /// forever. Older events are removed, unless they are under a hold: see `audit-layer holds`.
    #[arg(long, value_name = "DAYS", default_value_t = Keep::Days(limits::RETENTION_DAYS_DEFAULT))]
    pub(crate) retention_days: Keep,

    /// The same for one organization. Can be repeated.
    #[arg(long, value_name = "ORGANIZATION=DAYS")]
    pub(crate) retention: Vec<KeepOf>,

    /// How long to keep access records: a number of days, or forever.
    #[arg(long, value_name = "DAYS", default_value_t = Keep::Days(limits::HISTORY_DAYS_DEFAULT))]
    pub(crate) history_days: Keep,

    #[arg(long, help = format!("Allow fewer than {} days", limits::RETENTION_DAYS_MIN))]
    pub(crate) allow_short_retention: bool,

    /// File to write the address to once the server is ready. For scripts that use port 0.
    #[arg(long, value_name = "FILE")]
    pub(crate) listen_address_file: Option<PathBuf>,
}

impl ServeArgs {
    /// Both or neither: the command line has been checked.
    pub(crate) fn tls(&self) -> Option<TlsFiles> {
        let (certificate, key) = self.tls_cert.clone().zip(self.tls_key.clone())?;
        Some(TlsFiles { certificate, key })
    }

    pub(crate) fn retention(&self) -> Result<Retention, RetentionError> {
        let shortest = match self.allow_short_retention {
            true => Shortest::AnyTime,
            false => Shortest::HalfAYear,
        };
        let organizations = self.retention.clone();
        Retention::new(
            self.retention_days,
            organizations,
            self.history_days,
            shortest,
        )
    }
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    let needed = "must be an address and a port, such as 127.0.0.1:8080, or 0.0.0.0:8080 for every address of this machine";
    text.parse().map_err(|_| needed)
}

fn number_from_1(text: &str) -> Result<NonZeroU32, &'static str> {
    text.parse().map_err(|_| "must be a number from 1")
}

/// Runs the collector.
pub(super) async fn run(arguments: ServeArgs, log_format: LogFormat) -> Result<(), CliError> {
    // First, so that a signal during start-up is not missed.
    let mut signals = StopSignals::listen().map_err(CliError::Runtime)?;
    let keys = arguments.api_key.iter().map(|key| ApiKey::parse(key));
    let config = Config {
        retention: arguments.retention()?,
        rate_limit: arguments.rate_limit,
        tls: arguments.tls(),
        report_fonts: arguments.report_fonts.clone(),
        listen: arguments.listen,
        database: arguments.database.database()?,
        api_keys: keys.collect::<Result<_, _>>().map_err(CliError::ApiKey)?,
    };
    let collector = tokio::select! {
        collector = Collector::bind(&config) => collector?,
        // Whatever it was at: each step is a transaction, and the next start goes on.
        () = signals.wait() => {
            log_format.tell("stopped before startup was complete");
            return Ok(());
        }
    };
    let address = collector.address();
    if let Some(key) = collector.created_key() {
        let key = key.reveal();
        // Whatever is logged: it is told only here.
        eprintln!(
            "audit-layer: created admin API key {key} (save it now: it will not be shown again)"
        );
    }
    if !address.ip().is_loopback() && config.tls.is_none() {
        log_format.warn(&format!(
            "{address} is reachable from other machines and traffic is not encrypted: set --tls-cert and --tls-key, or put a TLS proxy in front"
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
        write_address(file, address).map_err(|source| CliError::AddressFile {
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

/// What stands below the options.
pub(super) const HELP: &str = "\
Without a key on the command line or in the environment, the keys in the database are used. If there \
are none, an admin key is created and printed once. Manage keys with `audit-layer keys`.

Record an event:   POST /v1/audit/log, or many as NDJSON: POST /v1/audit/log/batch
Read them back:    GET /v1/audit/logs?start_date=2025-01-01&limit=50, GET /v1/audit/logs/ID
Export all:        GET /v1/audit/logs?format=ndjson, or format=csv
What is missing:   GET /v1/audit/completeness
Browse them:       open / in a browser
API description:   GET /v1/openapi.json
Health:            GET /healthz, GET /readyz, GET /metrics";
