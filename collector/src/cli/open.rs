//! The command `open`: sealed events, opened by the key of one they are sealed for.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
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

Exit status: 0 if there are events, every sealed one was opened and none was changed; 1 otherwise.

Examples:
  audit-layer open --key auditor.pem event.json
  curl -H \"authorization: Bearer $KEY\" \"$URL/audit/logs?format=ndjson\" | audit-layer open --key auditor.pem";

/// What some editors and spreadsheets put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

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
    let mut first = Vec::new();
    events.read_until(b'\n', &mut first).map_err(failed)?;
    let mut line = first
        .strip_prefix(BYTE_ORDER_MARK)
        .unwrap_or(&first)
        .to_vec();
    // Only JSON that is laid out for people has its first bracket alone on a line.
    if matches!(line.trim_ascii(), b"{" | b"[") {
        events.read_to_end(&mut line).map_err(failed)?;
        counts.take_values(&line, &keys)?;
    } else {
        let mut number: u64 = 1;
        while !line.is_empty() {
            counts.take_line(&line, &format!("line {number}"), &keys)?;
            line.clear();
            events.read_until(b'\n', &mut line).map_err(failed)?;
            number = number.saturating_add(1);
        }
    }
    counts.tell();
    Ok(match counts.is_good() {
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
    /// Whether there were events, and nothing is wrong with them.
    fn is_good(&self) -> bool {
        let good = self.opened.saturating_add(self.not_sealed);
        good > 0 && self.failed == 0 && self.changed == 0
    }

    /// Takes a line; what is no text is printed as it is.
    fn take_line(&mut self, line: &[u8], place: &str, keys: &[PrivateKey]) -> Result<(), CliError> {
        match str::from_utf8(line) {
            Ok(text) if text.trim().is_empty() => Ok(()),
            Ok(text) => self.take_all(text, place, keys),
            Err(_) => {
                self.fail(place, "is not UTF-8");
                let line = line.trim_ascii_end();
                io::stdout()
                    .write_all(&[line, b"\n"].concat())
                    .map_err(CliError::Output)
            }
        }
    }

    /// Takes one JSON value after another, laid out over lines.
    fn take_values(&mut self, text: &[u8], keys: &[PrivateKey]) -> Result<(), CliError> {
        let values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
        for (number, value) in (1_u64..).zip(values) {
            let place = format!("value {number}");
            match value {
                Ok(value) => self.take_all(value.get(), &place, keys)?,
                Err(error) => self.fail(&place, &format!("is no JSON: {error}")),
            }
        }
        Ok(())
    }

    fn fail(&mut self, place: &str, reason: &str) {
        let red = AnsiColor::Red.on_default();
        self.failed = self.failed.saturating_add(1);
        anstream::eprintln!("audit-layer: {red}{place}{red:#} {}", harmless(reason));
    }

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
                self.fail(place, &error.to_string());
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
