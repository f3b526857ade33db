//! The command `check`: what a configuration of the gateway plugin means, before a gateway runs with it.

pub(super) mod documents;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use anstyle::AnsiColor;
use audit_layer_core::host::Host;
use audit_layer_core::policy::{ConfigError, Policy, Warning};
use clap::Args;
use serde_json::{Value, json};

use self::documents::Configuration;
use crate::cli::error::CliError;
use crate::cli::output::{Format, harmless, number, print};

pub(super) const HELP: &str = "\
A file is the plugin's JSON, or YAML or JSON with one or more plugin configurations: an Envoy
configuration, an Istio WasmPlugin or EnvoyFilter, or an EnvoyExtensionPolicy of Envoy Gateway.

A configuration that a gateway would refuse is refused here in the same words. Where a file passes a
variable of the gateway's environment to the plugin, its value is unknown here and counts as set; the
variables of the plugin's own JSON are read from the environment of this command.

Exit status: 0 if the gateway would accept every configuration; 1 if it would refuse one; with --strict,
1 also for a warning.

Examples:
  audit-layer check envoy.yaml
  audit-layer check --strict --format json wasmplugin.yaml";

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Files to check; - is stdin.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Fail on warnings too.
    #[arg(long)]
    strict: bool,

    /// Output format.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// What is said of one configuration.
struct Judged {
    place: String,
    result: Result<Taken, ConfigError>,
}

struct Taken {
    effective: Value,
    warnings: Vec<String>,
}

pub(crate) fn run(arguments: &CheckArgs) -> Result<ExitCode, CliError> {
    let mut all = Vec::new();
    let mut is_unread = false;
    for file in &arguments.files {
        match configurations(file) {
            Ok(configurations) => all.extend(configurations.iter().map(|configuration| Judged {
                place: format!("{}{}", file.display(), configuration.place),
                result: judged(configuration),
            })),
            // The others are judged nevertheless.
            Err(error) => {
                let red = AnsiColor::Red.on_default();
                anstream::eprintln!("audit-layer: {red}{error}{red:#}");
                is_unread = true;
            }
        }
    }
    match arguments.format {
        Format::Human => print_text(&all)?,
        Format::Json => {
            let all: Vec<_> = all.iter().map(Judged::json).collect();
            print(&format!("{:#}\n", Value::from(all)))?;
        }
    }
    let is_wrong = |judged: &Judged| match &judged.result {
        Err(_) => true,
        Ok(taken) => arguments.strict && !taken.warnings.is_empty(),
    };
    Ok(match is_unread || all.iter().any(is_wrong) {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

fn configurations(file: &Path) -> Result<Vec<Configuration>, CliError> {
    documents::configurations(&read(file)?).map_err(|reason| CliError::Configuration {
        file: file.to_owned(),
        reason,
    })
}

/// The text of a file, or of stdin, without the mark that some editors put before it.
pub(super) fn read(file: &Path) -> Result<String, CliError> {
    let text = match file.to_str() {
        Some("-") => io::read_to_string(io::stdin()),
        _ => fs::read_to_string(file),
    };
    let text = text.map_err(|source| CliError::File {
        file: file.to_owned(),
        source,
    })?;
    Ok(text
        .strip_prefix('\u{feff}')
        .map(str::to_owned)
        .unwrap_or(text))
}

fn judged(configuration: &Configuration) -> Result<Taken, ConfigError> {
    let policy = policy(configuration)?;
    let own = policy.warnings().into_iter().map(|warning| told(&warning));
    let cluster = &policy.audit_api.cluster;
    let is_unknown = |clusters: &Vec<String>| !clusters.contains(cluster);
    let unknown = configuration
        .clusters
        .as_ref()
        .filter(|clusters| is_unknown(clusters));
    let unknown = unknown.map(|clusters| {
        let known = clusters.join(", ");
        format!("audit_api.cluster: {cluster:?} is no cluster of this file, which has {known}")
    });
    Ok(Taken {
        effective: policy.effective(),
        warnings: own.chain(unknown).collect(),
    })
}

/// The policy that a gateway would make of it.
pub(super) fn policy(configuration: &Configuration) -> Result<Policy, ConfigError> {
    let variable = |name: &str| configuration.environment.value(name);
    let mut host = Host::envoy(|bytes| getrandom::fill(bytes).is_ok());
    host.variable_hint = configuration.variable_hint.unwrap_or(host.variable_hint);
    Policy::read(configuration.json.as_bytes(), &variable, &host)
}

fn told(warning: &Warning) -> String {
    format!("{} {}", warning.at, warning.text)
}

impl Judged {
    fn json(&self) -> Value {
        match &self.result {
            Err(error) => json!({"place": self.place, "refused": error.to_string()}),
            Ok(Taken {
                effective,
                warnings,
            }) => {
                json!({"place": self.place, "effective": effective, "warnings": warnings})
            }
        }
    }
}

fn print_text(all: &[Judged]) -> Result<(), CliError> {
    let (red, yellow) = (AnsiColor::Red.on_default(), AnsiColor::Yellow.on_default());
    let (green, dim) = (
        AnsiColor::Green.on_default(),
        anstyle::Style::new().dimmed(),
    );
    for Judged { place, result } in all {
        match result {
            Err(error) => anstream::println!("{place}: {red}refused{red:#}: {error}"),
            Ok(Taken {
                effective,
                warnings,
            }) => {
                let count = u64::try_from(warnings.len()).unwrap_or(u64::MAX);
                let count = number(count, "warning", "warnings");
                anstream::println!("{place}: {green}accepted{green:#}, with {count}");
                for warning in warnings {
                    anstream::println!("  {yellow}warning{yellow:#}: {}", harmless(warning));
                }
                let mut lines = String::new();
                lay_out(effective, "", &mut lines);
                anstream::println!("{dim}{}{dim:#}", lines.trim_end());
            }
        }
    }
    Ok(())
}

/// Each member on a line of its own, by its path.
fn lay_out(value: &Value, path: &str, lines: &mut String) {
    let mut line = |value: &Value| {
        // Writing to a string cannot fail.
        let _written = writeln!(lines, "  {path} = {}", harmless(&value.to_string()));
    };
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let dot = if path.is_empty() { "" } else { "." };
                lay_out(value, &format!("{path}{dot}{name}"), lines);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (number, value) in items.iter().enumerate() {
                match path {
                    "rules" => lay_out(value, &format!("{path}[{number}]"), lines),
                    _ => {
                        let _written = writeln!(
                            lines,
                            "  {path}[{number}] = {}",
                            harmless(&value.to_string())
                        );
                    }
                }
            }
        }
        value => line(value),
    }
}
