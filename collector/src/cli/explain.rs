//! The command `explain`: the event that a call would give with a configuration, and where each member comes from.

mod exchanges;
mod origin;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anstyle::AnsiColor;
use audit_layer_core::completion::{Cause, End};
use audit_layer_core::event::AuditEvent;
use audit_layer_core::exchange::Exchange;
use audit_layer_core::headers::Headers;
use audit_layer_core::policy::Policy;
use audit_layer_core::time::Timestamp;
use clap::Args;
use serde_json::{Value, json};

use self::exchanges::Call;
use self::origin::Origins;
use crate::cli::check::{documents, policy, read};
use crate::cli::error::CliError;
use crate::cli::output::{Format, harmless, print};

pub(super) const HELP: &str = "\
The calls are the entries of a HAR file, as browsers and proxies export it; or one call, whose request
and response are saved as HTTP/1.1 messages: a first line, headers, an empty line, and the body.

What only a gateway knows is not in such a file: verified tokens, client certificates, routes and
clusters. Sources and rules that need it find nothing.

Exit status: 0 if each call gives an event; 1 if one gives none.

Examples:
  audit-layer explain envoy.yaml < exchange.har
  audit-layer explain plugin.json --request request.http --response response.http";

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The configuration: a file as for `audit-layer check`; the first configuration in it counts.
    configuration: PathBuf,

    /// The HAR file; - is stdin.
    #[arg(default_value = "-", conflicts_with_all = ["request", "response"])]
    exchange: PathBuf,

    /// A request as an HTTP/1.1 message, instead of a HAR file.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,

    /// The response to it. Without one, the call breaks off.
    #[arg(long, value_name = "FILE", requires = "request")]
    response: Option<PathBuf>,

    /// Output format.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// What became of a call.
struct Explained {
    call: String,
    /// The event and where its members come from, or why there is none.
    event: Result<(Value, Origins), String>,
}

pub(crate) fn run(arguments: &ExplainArgs) -> Result<ExitCode, CliError> {
    let file = &arguments.configuration;
    let wrong = |file: &PathBuf, reason: String| CliError::Configuration {
        file: file.clone(),
        reason,
    };
    let found = documents::configurations(&read(file)?).map_err(|reason| wrong(file, reason))?;
    let first = found
        .first()
        .ok_or_else(|| wrong(file, "is empty".to_owned()))?;
    let policy = policy(first).map_err(|error| wrong(file, format!("is refused: {error}")))?;
    let policy = Arc::new(policy);
    let calls = match &arguments.request {
        None => exchanges::of_har(&read(&arguments.exchange)?)
            .map_err(|reason| wrong(&arguments.exchange, reason))?,
        Some(request) => {
            let response = arguments
                .response
                .as_ref()
                .map(|file| read(file))
                .transpose()?;
            let call = exchanges::of_messages(&read(request)?, response.as_deref());
            vec![call.map_err(|reason| wrong(request, reason))?]
        }
    };
    let all: Vec<_> = calls.iter().map(|call| explained(&policy, call)).collect();
    match arguments.format {
        Format::Human => all.iter().for_each(print_text),
        Format::Json => {
            let all: Vec<_> = all.iter().map(Explained::json).collect();
            print(&format!("{:#}\n", Value::from(all)))?;
        }
    }
    Ok(match all.iter().all(|explained| explained.event.is_ok()) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn explained(policy: &Arc<Policy>, call: &Call) -> Explained {
    let event = event(policy, call).map(|event| {
        let value = serde_json::to_value(&event).unwrap_or_default();
        let origins = origin::of_members(&event, &value);
        (value, origins)
    });
    Explained {
        call: call.name.clone(),
        event,
    }
}

/// The event of a call; or why there is none.
fn event(policy: &Arc<Policy>, call: &Call) -> Result<AuditEvent, String> {
    let began = Timestamp::from_unix_ms(call.began_ms);
    let ended = Timestamp::from_unix_ms(call.began_ms.saturating_add(call.took_ms));
    // Nobody else has this event, so that its id need not be its own.
    let mut exchange = Exchange::begin(policy, Headers(&call.request_head), [0; 10], began)
        .ok_or_else(|| {
            "the request is for no path of a known API, and for no host that the configuration names: \
             see providers"
                .to_owned()
        })?;
    exchange.request_body(&call.request_body);
    exchange.request_end();
    let mut cause = Cause::ConnectionBroke;
    if let Some(response) = &call.response {
        match response.is_decoded {
            true => exchange.response_head_of_decoded(Headers(&response.head)),
            false => exchange.response_head(Headers(&response.head)),
        }
        exchange.response_body(&response.body, ended);
        exchange.response_end();
        cause = Cause::Finished;
    }
    let end = End {
        cause,
        ..End::default()
    };
    let none = "the bodies show that it is no call of a model";
    exchange.end(end, ended).ok_or_else(|| none.to_owned())
}

impl Explained {
    fn json(&self) -> Value {
        match &self.event {
            Err(reason) => json!({"call": self.call, "no_event": reason}),
            Ok((event, origins)) => {
                let origins = origins
                    .iter()
                    .map(|(member, origin)| (member.clone(), json!(origin)));
                let origins: serde_json::Map<_, _> = origins.collect();
                json!({"call": self.call, "event": event, "origins": origins})
            }
        }
    }
}

fn print_text(explained: &Explained) {
    let (red, bold) = (AnsiColor::Red.on_default(), anstyle::Style::new().bold());
    let dim = anstyle::Style::new().dimmed();
    anstream::println!("{bold}{}{bold:#}", harmless(&explained.call));
    match &explained.event {
        Err(reason) => anstream::println!("  {red}no event{red:#}: {reason}"),
        Ok((event, origins)) => {
            for (member, origin) in origins {
                let value = event.get(member).unwrap_or(&Value::Null);
                let value = shortened(&harmless(&value.to_string()));
                anstream::println!("  {member} = {value}  {dim}({origin}){dim:#}");
            }
            let capture = event.pointer("/metadata/audit_layer/capture");
            for member in ["content", "rules", "redacted", "notes"] {
                let value = capture.and_then(|capture| capture.get(member));
                if let Some(value) =
                    value.filter(|value| !value.as_array().is_some_and(Vec::is_empty))
                {
                    let value = harmless(&value.to_string());
                    anstream::println!("  metadata.audit_layer.capture.{member} = {value}");
                }
            }
        }
    }
}

/// As much of a value as a line has room for.
fn shortened(text: &str) -> String {
    const CHARACTERS: usize = 80;
    let mut characters = text.chars();
    let short: String = characters.by_ref().take(CHARACTERS).collect();
    match characters.next() {
        None => short,
        Some(_) => format!("{short}…"),
    }
}
