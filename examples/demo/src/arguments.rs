//! The command line.

use std::ffi::OsString;

use anyhow::{Result, ensure};
use clap::Parser;

use crate::calls::{self, Call};
use crate::setup::Provider;

/// See LLM calls through a real Envoy become stored audit events, on this machine only.
///
/// Builds the plugin and the collector, installs Envoy under target/ on first use, starts all of it
/// with the configuration that ships in envoy/envoy.yaml, makes a few calls and shows the event
/// recorded for each. Then it stays, for your own client, until Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "cargo demo", bin_name = "cargo demo --", version)]
pub(crate) struct Arguments {
    /// Make the calls, show their events and exit; status 1 if an event is missing or incomplete
    #[arg(long)]
    pub(crate) once: bool,

    /// The port of the gateway on 127.0.0.1 [default: 10000, or any free one when that is taken]
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,

    /// Ask a real provider over TLS instead of the sample LLM
    ///
    /// Such as `https://api.openai.com`.
    ///
    /// Your client's own key goes through to the provider and is never recorded. The demo itself
    /// makes one small call if OPENAI_API_KEY (for Anthropic: ANTHROPIC_API_KEY) is set, and none
    /// otherwise. Certificates are checked against this machine's authorities, or those of
    /// SSL_CERT_FILE.
    #[arg(long, value_name = "URL")]
    pub(crate) upstream: Option<Provider>,

    /// The model that the demo's own call to a real provider asks for
    #[arg(long, value_name = "NAME", requires = "upstream")]
    pub(crate) model: Option<String>,
}

impl Arguments {
    /// Reads the command line, or explains itself and exits.
    pub(crate) fn read() -> Self {
        // `cargo demo --once` and `cargo demo -- --once` are the same; cargo passes the dashes on.
        let dashes = |(place, argument): &(usize, OsString)| *place == 1 && argument == "--";
        let arguments = std::env::args_os()
            .enumerate()
            .filter(|argument| !dashes(argument));
        Self::parse_from(arguments.map(|(_, argument)| argument))
    }

    /// The calls that the demo makes by itself.
    pub(crate) fn calls(&self) -> Result<Vec<Call>> {
        let Some(provider) = &self.upstream else {
            return Ok(calls::samples());
        };
        let key = std::env::var(provider.key_variable())
            .ok()
            .filter(|key| !key.is_empty());
        ensure!(
            key.is_some() || !self.once,
            "--once with --upstream makes one call and needs {}",
            provider.key_variable(),
        );
        let model = self.model.as_deref();
        Ok(key
            .map(|key| calls::to_provider(provider, &key, model))
            .into_iter()
            .collect())
    }
}
