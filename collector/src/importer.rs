//! The command `import`: arguments in, a summary and an exit status out.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use audit_layer_collector::import::{
    DeliveryError, Source, SourceError, Target, TargetError, Trust, Unproven, import,
};
use audit_layer_collector::{ApiKey, KeyError};
use audit_layer_core::dead_letter::LetterKey;
use thiserror::Error;

use crate::cli::{Format, ImportArgs};
use crate::screen::{Screen, Summary};

/// Imports and prints the summary, which is printed also when it ends early.
pub(crate) fn run(arguments: ImportArgs) -> Result<ExitCode, ImportError> {
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
