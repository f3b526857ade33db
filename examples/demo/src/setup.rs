//! Getting everything built, installed and started, and saying what takes long.

use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use audit_layer_tests::stack::{Options, Stack, Upstream};
use audit_layer_tests::{collector, ports, python, wasm, workspace};
use reqwest::Url;

use crate::arguments::Arguments;
use crate::auditor;
use crate::calls::rules;
use crate::progress::{build, step};

/// Builds and installs what is needed, and starts it.
pub(crate) async fn start(arguments: &Arguments) -> Result<Stack> {
    let place = Place::find()?;
    workspace::show_builds();
    build("Building the plugin for WebAssembly", wasm::build()).await?;
    let collector = collector::build_without_pdf();
    build("Building the collector, without PDF reports", collector).await?;
    step("Installing Envoy", python::envoy()).await?;
    auditor::hire(place.key()?).await?;
    let options = place.options(arguments)?;
    let starting = Stack::start(&options);
    step("Starting the collector, the sample LLM and Envoy", starting).await
}

/// Whether this demo may have the usual ports and files.
enum Place {
    /// It may, for as long as the process lives.
    Usual(PathBuf),
    /// Another demo has them.
    Any,
}

impl Place {
    fn find() -> Result<Self> {
        let folder = workspace::target()?.join("demo");
        std::fs::create_dir_all(&folder)?;
        let lock = File::create(folder.join("lock"))?;
        if lock.try_lock().is_err() {
            return Ok(Self::Any);
        }
        // Never closed, so that the lock ends with the process.
        std::mem::forget(lock);
        Ok(Self::Usual(folder))
    }

    /// The file of the auditor's private key, which outlives the demo as the events do.
    fn key(&self) -> Result<PathBuf> {
        let folder = match self {
            Self::Usual(folder) => folder.clone(),
            Self::Any => workspace::scratch()?.keep(),
        };
        Ok(folder.join("auditor.pem"))
    }

    fn options(&self, arguments: &Arguments) -> Result<Options> {
        let upstream = match &arguments.upstream {
            Some(provider) => provider.upstream()?,
            None => Upstream::Sample,
        };
        let mut options = Options {
            pace: PACE,
            upstream,
            // The shipped configuration, and rules for two of the calls.
            change: |configuration| {
                let seal = auditor::seal()?;
                configuration.plugin(|plugin| {
                    plugin["capture"]["hash"] = "sha256".into();
                    plugin["rules"] = rules().to_vec().into();
                    plugin["seal"] = seal.clone();
                })?;
                Ok(())
            },
            ..Options::default()
        };
        if let Self::Usual(folder) = self {
            options.port = ports::usual_or_any(USUAL_PORT);
            options.collector_port = ports::usual_or_any(USUAL_COLLECTOR_PORT);
            // A short visit leaves nothing behind; a long one leaves its events to look at.
            options.database = (!arguments.once).then(|| folder.join("audit.db"));
            options.envoy_log = (!arguments.once).then(|| folder.join("envoy.log"));
        }
        if let Some(port) = arguments.port {
            ensure!(ports::usual_or_any(port) == port, "port {port} is taken");
            options.port = port;
        }
        Ok(options)
    }
}

/// A real provider that answers instead of the sample LLM.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    host: String,
    port: u16,
}

impl Provider {
    /// Whether it is asked in Anthropic's format. Every other provider speaks OpenAI's.
    pub(crate) fn speaks_anthropic(&self) -> bool {
        self.host == "anthropic.com" || self.host.ends_with(".anthropic.com")
    }

    /// The environment variable in which its clients keep their key.
    pub(crate) fn key_variable(&self) -> &'static str {
        if self.speaks_anthropic() {
            "ANTHROPIC_API_KEY"
        } else {
            "OPENAI_API_KEY"
        }
    }

    fn upstream(&self) -> Result<Upstream> {
        let authorities = authorities().context(
            "no certificates of authorities were found on this machine; SSL_CERT_FILE can name a file",
        )?;
        Ok(Upstream::Provider {
            host: self.host.clone(),
            port: self.port,
            authorities,
        })
    }
}

impl FromStr for Provider {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let url = Url::parse(text)?;
        ensure!(
            url.scheme() == "https",
            "a real provider is asked over https://"
        );
        ensure!(
            url.path() == "/",
            "only the host counts; your client's base URL has the path"
        );
        let host = url.host_str().ok_or_else(|| anyhow!("no host"))?.to_owned();
        Ok(Self {
            host,
            port: url.port_or_known_default().unwrap_or(443),
        })
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            443 => write!(formatter, "https://{}", self.host),
            port => write!(formatter, "https://{}:{port}", self.host),
        }
    }
}

/// The file with the authorities that this machine believes; `SSL_CERT_FILE` comes first.
fn authorities() -> Option<PathBuf> {
    openssl_probe::probe().cert_file
}

/// The port of the gateway in envoy/envoy.yaml.
const USUAL_PORT: u16 = 10000;
/// The port of the collector in envoy/envoy.yaml.
const USUAL_COLLECTOR_PORT: u16 = 8080;
/// About as fast as a model writes.
const PACE: Duration = Duration::from_millis(8);
