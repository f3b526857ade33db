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
    /// Where to listen. Port 0 takes any free port.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,

    #[command(flatten)]
    pub(crate) database: DatabaseArgs,

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

    /// PEM file with the certificate to speak TLS with, and those of its authorities after it.
    ///
    /// It is read again when it changes, and at SIGHUP.
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

    /// Events that each key may record in a second, those of ten seconds at once. Without it, as
    /// many as can be stored.
    ///
    /// Beyond it requests get 429 with `retry-after`, and nothing of them is stored until they are
    /// sent again, as the gateway and the importer do.
    #[arg(long, value_name = "EVENTS", value_parser = number_from_1)]
    pub(crate) rate_limit: Option<NonZeroU32>,

    /// Folder with fonts for reports as PDF in scripts of Asia and others that the fonts of the
    /// program lack, such as Noto Sans CJK. Characters without a font stand as their numbers.
    ///
    /// All files .ttf, .otf, .ttc and .otc in it are read, also in folders in it.
    #[arg(long, value_name = "FOLDER", env = "AUDIT_LAYER_REPORT_FONTS")]
    pub(crate) report_fonts: Option<PathBuf>,

    /// How long events are kept: days after they happened or arrived, whichever is later; or
    /// forever. Older ones are removed, unless they are held: see `audit-layer holds`.
    #[arg(long, value_name = "DAYS", default_value_t = Keep::Days(limits::RETENTION_DAYS_DEFAULT))]
    pub(crate) retention_days: Keep,

    /// The same for one organization; repeat it for several.
    #[arg(long, value_name = "ORGANIZATION=DAYS")]
    pub(crate) retention: Vec<KeepOf>,

    /// How long access records are kept, which tell who looked: days, or forever.
    #[arg(long, value_name = "DAYS", default_value_t = Keep::Days(limits::HISTORY_DAYS_DEFAULT))]
    pub(crate) history_days: Keep,

    #[arg(long, help = format!("Allow less than {} days", limits::RETENTION_DAYS_MIN))]
    pub(crate) allow_short_retention: bool,

    /// File that gets the address listened on, once ready. For scripts that use port 0.
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
Without a key on the command line or in the environment, the keys in the database count. If there \
are none, one is made that may do everything, and printed, once. `audit-layer keys` makes others.

Record an event:   POST /v1/audit/log, or many as NDJSON: POST /v1/audit/log/batch
Read them back:    GET /v1/audit/logs?start_date=2025-01-01&limit=50, GET /v1/audit/logs/ID
All of them:       GET /v1/audit/logs?format=ndjson, or format=csv
What is missing:   GET /v1/audit/completeness
Look at them:      open / in a browser
All of the API:    GET /v1/openapi.json
Is it up:          GET /healthz, GET /readyz, GET /metrics";
