//! The command `open`: sealed events, opened by the key of one they are sealed for.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::iter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstyle::AnsiColor;
use audit_layer_collector::sealed::{self, Opened};
use audit_layer_core::sealing::PrivateKey;
use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::cli::error::CliError;
use crate::cli::output::{harmless, number, print};

pub(super) const HELP: &str = "\
Events are JSON as the audit API returns them: one event, a page of events, or an export with one event
per line. Each is printed on a line of its own: with its content if it could be opened, or as it is.
Nothing is sent anywhere.

Where a member is stored otherwise than it was sealed, somebody changed the event; that is told, and what
was sealed is printed. Whoever knows a public key can seal an event for it: that one opens does not prove
that the gateway wrote it.

Exit status: 0 if every sealed event was opened and none was changed; 1 otherwise.

Examples:
  audit-layer open --key auditor.pem event.json
  curl -H \"authorization: Bearer $KEY\" \"$URL/audit/logs?format=ndjson\" | audit-layer open --key auditor.pem";

#[derive(Debug, Args)]
pub(crate) struct OpenArgs {
    /// A file with a private key, as `audit-layer sealing-key` or OpenSSL makes it. Can be repeated, for events
    /// that are sealed for different keys.
    #[arg(long = "key", value_name = "FILE", required = true)]
    keys: Vec<PathBuf>,

    /// The file with the events; - is stdin.
    #[arg(value_name = "EVENTS", default_value = "-")]
    events: PathBuf,
}

/// How many events there were of each kind.
#[derive(Debug, Default)]
struct Counts {
    opened: u64,
    not_sealed: u64,
    changed: u64,
    failed: u64,
}

/// A page of events.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

pub(crate) fn run(arguments: &OpenArgs) -> Result<ExitCode, CliError> {
    let keys = arguments.keys.iter().map(|file| key_of(file));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let failed = |source| CliError::File {
        file: arguments.events.clone(),
        source,
    };
    let mut events: Box<dyn BufRead> = match arguments.events.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(BufReader::new(
            File::open(&arguments.events).map_err(failed)?,
        )),
    };
    let mut counts = Counts::default();
    let mut first = String::new();
    events.read_line(&mut first).map_err(failed)?;
    // Only JSON that is laid out for people has its first bracket alone on a line.
    if matches!(first.trim(), "{" | "[") {
        events.read_to_string(&mut first).map_err(failed)?;
        counts.take_all(&first, "the input", &keys)?;
    } else {
        let lines = iter::once(Ok(first)).chain(events.lines());
        for (number, line) in (1..).zip(lines) {
            let line = line.map_err(failed)?;
            if !line.trim().is_empty() {
                counts.take_all(&line, &format!("line {number}"), &keys)?;
            }
        }
    }
    counts.tell();
    Ok(match counts.failed == 0 && counts.changed == 0 {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// The private key in a file.
pub(super) fn key_of(file: &Path) -> Result<PrivateKey, CliError> {
    let text = fs::read_to_string(file).map_err(|source| CliError::File {
        file: file.to_owned(),
        source,
    })?;
    PrivateKey::parse(&text).map_err(|error| CliError::Configuration {
        file: file.to_owned(),
        reason: error.to_string(),
    })
}

impl Counts {
    /// Takes an event, or all of a page or of a list.
    fn take_all(&mut self, text: &str, place: &str, keys: &[PrivateKey]) -> Result<(), CliError> {
        let page = serde_json::from_str::<Page<'_>>(text).map(|page| page.data);
        let several = page.or_else(|_| serde_json::from_str::<Vec<&RawValue>>(text));
        let Ok(several) = several else {
            return self.take(text.trim(), place, keys);
        };
        for (number, event) in several.iter().enumerate() {
            let place = format!("{place}, event {}", number.saturating_add(1));
            self.take(event.get(), &place, keys)?;
        }
        Ok(())
    }

    fn take(&mut self, event: &str, place: &str, keys: &[PrivateKey]) -> Result<(), CliError> {
        let red = AnsiColor::Red.on_default();
        match sealed::open(event, keys) {
            Ok(None) => {
                self.not_sealed = self.not_sealed.saturating_add(1);
                print_line(event)
            }
            Ok(Some(Opened {
                event,
                key_id: _,
                changed,
            })) => {
                self.opened = self.opened.saturating_add(1);
                if !changed.is_empty() {
                    self.changed = self.changed.saturating_add(1);
                    let changed = harmless(&changed.join(", "));
                    anstream::eprintln!(
                        "audit-layer: {red}{place} was changed{red:#} after it was sealed: {changed}"
                    );
                }
                print_line(&event)
            }
            Err(error) => {
                self.failed = self.failed.saturating_add(1);
                let error = harmless(&error.to_string());
                anstream::eprintln!("audit-layer: {red}{place}{red:#} {error}");
                print_line(event)
            }
        }
    }

    fn tell(&self) {
        let Self {
            opened,
            not_sealed,
            changed,
            failed,
        } = self;
        let events = number(*opened, "event", "events");
        anstream::eprintln!(
            "audit-layer: {events} opened, {changed} of them changed; {not_sealed} not sealed, {failed} not opened"
        );
    }
}

/// An event on one line, whatever spaces it was written with.
fn print_line(event: &str) -> Result<(), CliError> {
    match event.contains(['\n', '\r']) {
        false => print(&format!("{event}\n")),
        true => print(&format!("{}\n", event.replace(['\n', '\r'], " "))),
    }
}
