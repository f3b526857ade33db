//! The command `import`: arguments in, a summary and an exit status out.

pub(super) mod error;
mod progress;
mod summary;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use audit_layer_collector::ApiKey;
use audit_layer_collector::import::{Source, Target, Trust, Unproven, import};
use audit_layer_core::dead_letter::LetterKey;
use clap::Args;

use crate::cli::error::CliError;
use crate::cli::import::error::ImportError;
use crate::cli::import::progress::Screen;
use crate::cli::import::summary::Summary;
use crate::cli::output::Format;

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Proxy logs, plain or gzipped: text, JSON lines, or container runtime logs (split lines are
    /// joined). A folder means all files below it; quoted names may contain `*` and `?`. Rotated files
    /// are read oldest first. `-` is standard input, which is also the default if input is piped.
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// Base URL of the audit API.
    #[arg(
        long,
        value_name = "URL",
        env = "AUDIT_LAYER_API_URL",
        default_value = "http://127.0.0.1:8080/v1"
    )]
    pub(crate) url: String,

    /// API key for the audit API.
    ///
    /// Other users of this machine can see arguments: prefer the variable.
    #[arg(
        long,
        value_name = "KEY",
        env = "AUDIT_LAYER_API_KEY",
        hide_env_values = true
    )]
    pub(crate) api_key: Option<String>,

    /// Import only dead letters written by a gateway with this key. Can be repeated, for several gateways
    /// or after a key change.
    ///
    /// Without it, dead letters are verified with `--api-key`; those that cannot be verified are reported,
    /// and imported only if no dead letter can be. The key is the gateway's `delivery.dead_letter.key`,
    /// or its API key if that is not set. Separate several keys in the variable by blanks. Other users of
    /// this machine can see arguments: prefer the variable.
    #[arg(
        long = "dead-letter-key",
        value_name = "KEY",
        env = "AUDIT_LAYER_DEAD_LETTER_KEY",
        hide_env_values = true
    )]
    pub(crate) dead_letter_keys: Vec<String>,

    /// Also import dead letters that cannot be verified: without a MAC (as earlier versions wrote them),
    /// with another key, or damaged. Anyone who can write a log line can then create events.
    #[arg(long)]
    pub(crate) unchecked: bool,

    /// Count dead letters and check that they are valid events, but send nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// How long to retry a batch while the audit API is down or busy.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) retry_for: u64,

    /// Output format of the summary.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// Imports and prints the summary, which is printed also when it ends early.
pub(super) fn run(arguments: ImportArgs) -> Result<ExitCode, CliError> {
    Ok(import_logs(arguments)?)
}

fn import_logs(arguments: ImportArgs) -> Result<ExitCode, ImportError> {
    let (format, dry_run) = (arguments.format, arguments.dry_run);
    let target = match dry_run {
        true => None,
        false => Some(target(&arguments)?),
    };
    let trust = trust(&arguments)?;
    let sources = sources(arguments.files)?;
    let mut screen = Screen::stderr();
    let (counts, result) = import(&sources, target.as_ref(), &trust, &mut screen);
    screen.finish();
    let summary = Summary {
        counts,
        dry_run,
        complete: result.is_ok(),
    };
    let text = match format {
        Format::Human => summary.human(),
        Format::Json => summary.json(),
    };
    writeln!(io::stdout(), "{text}").map_err(ImportError::Output)?;
    result.map_err(|error| ImportError::Delivery {
        error,
        answered: counts.new.saturating_add(counts.known),
    })?;
    Ok(match summary.is_success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn target(arguments: &ImportArgs) -> Result<Target, ImportError> {
    let key = arguments.api_key.as_ref().ok_or(ImportError::NoKey)?;
    let key = ApiKey::parse(key).map_err(ImportError::Key)?;
    let retry_for = Duration::from_secs(arguments.retry_for);
    Target::new(&arguments.url, key, retry_for).map_err(ImportError::Url)
}

/// The key of the audit API is that of dead letters too, unless gateways have one of its own for them.
fn trust(arguments: &ImportArgs) -> Result<Trust, ImportError> {
    let mut keys = Vec::new();
    for given in &arguments.dead_letter_keys {
        let before = keys.len();
        keys.extend(given.split_ascii_whitespace().filter_map(LetterKey::new));
        // Most of all a variable that was meant to have one: as no key it would let in what it was to
        // keep out.
        if keys.len() == before {
            return Err(ImportError::EmptyLetterKey);
        }
    }
    let unproven = match (arguments.unchecked, keys.is_empty()) {
        (true, _) => Unproven::Wanted,
        (false, true) => Unproven::Taken,
        (false, false) => Unproven::Withheld,
    };
    if keys.is_empty() {
        let api_key = arguments.api_key.as_deref();
        keys.extend(api_key.and_then(LetterKey::new));
    }
    Ok(Trust { keys, unproven })
}

fn sources(files: Vec<PathBuf>) -> Result<Vec<Source>, ImportError> {
    if !files.is_empty() {
        let sources = files.into_iter().map(Source::parse);
        let sources = sources.collect::<Result<Vec<_>, _>>()?;
        return Ok(sources.into_iter().flatten().collect());
    }
    match io::stdin().is_terminal() {
        true => Err(ImportError::NoFile),
        false => Ok(vec![Source::StandardInput]),
    }
}

/// What stands below the options.
pub(super) const HELP: &str = "\
Examples:
  kubectl logs deploy/gateway | audit-layer import -
  audit-layer import --dry-run envoy.log envoy.log.1.gz
  audit-layer import '/var/log/pods/*gateway*/envoy'
  audit-layer import --url https://audit.example.com/v1 --format json envoy.log

The summary counts events that are new to the audit API, known ones, and broken ones, whose lines \
are reported on stderr. A dead letter with a wrong MAC is forged and never imported. One that cannot be \
verified is imported only if no key was given and no dead letter in this import can be verified, or with \
--unchecked. Both are counted and reported. The exit status is 1 if any dead letter was broken, \
forged, not imported or could not be sent, otherwise 0.

If dead letters cannot be verified, import only the log of the proxy itself, not access logs: those \
quote callers, who could otherwise forge dead letters.";
