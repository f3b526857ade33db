//! All of it together: sample LLM, collector, and Envoy with a shipped configuration between them.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;
use tempfile::TempDir;

use crate::collector::{self, Collector};
use crate::envoy::{self, Configuration, Envoy};
use crate::ports::loopback;
use crate::sample_llm::SampleLlm;
use crate::wait::{PATIENCE, wait_until};
use crate::{python, wasm, workspace};

/// The organization that every event of a stack belongs to.
pub const ORGANIZATION: &str = "org_local_demonstration";

/// The listener of the shipped configurations to which applications talk.
pub const LISTENER: &str = "llm";

/// How to start a stack.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port that applications talk to, 0 for any.
    pub port: u16,
    /// The collector's port, 0 for any.
    pub collector_port: u16,
    /// The collector's database; a file that goes with the stack by default.
    pub database: Option<PathBuf>,
    /// Envoy's log; a file that goes with Envoy by default.
    pub envoy_log: Option<PathBuf>,
    /// The pause between the pieces of the sample LLM's streams.
    pub pace: Duration,
    /// Who answers the calls.
    pub upstream: Upstream,
    /// What else is changed of the shipped configuration.
    pub change: fn(&mut Configuration) -> Result<()>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            collector_port: 0,
            database: None,
            envoy_log: None,
            pace: Duration::ZERO,
            upstream: Upstream::Sample,
            change: |_| Ok(()),
        }
    }
}

/// Who answers the calls of a stack.
#[derive(Debug, Clone)]
pub enum Upstream {
    /// The sample LLM, for both providers.
    Sample,
    /// One real provider over TLS, believed by the certificates of this file.
    Provider {
        /// Its name, which its certificate must prove.
        host: String,
        /// Its port.
        port: u16,
        /// Certificates of authorities, in PEM.
        authorities: PathBuf,
    },
}

/// A running stack on loopback. Dropping it ends all of it.
#[derive(Debug)]
pub struct Stack {
    /// What applications talk to.
    pub envoy: Envoy,
    /// Where the events go.
    pub collector: Collector,
    /// Who answers.
    pub sample: SampleLlm,
    _folder: TempDir,
}

impl Stack {
    /// Starts everything with the configuration an operator copies, `envoy/envoy.yaml`.
    pub async fn start(options: &Options) -> Result<Self> {
        let folder = workspace::scratch()?;
        let database = options.database.clone();
        let database = database.unwrap_or_else(|| folder.path().join("audit.db"));
        let collector = Collector::start(&database, options.collector_port).await?;
        let sample = SampleLlm::start(options.pace).await?;
        let mut configuration = Configuration::shipped("envoy.yaml")?;
        connect(&mut configuration, &collector).await?;
        configuration.listen(LISTENER, options.port)?;
        match &options.upstream {
            Upstream::Sample => ask_sample(&mut configuration, &sample)?,
            Upstream::Provider {
                host,
                port,
                authorities,
            } => {
                configuration
                    .trusted_authorities(authorities)?
                    .rewrite_host(host)?;
                for provider in PROVIDERS {
                    configuration.tls_endpoint(provider, host, *port)?;
                }
            }
        }
        (options.change)(&mut configuration)?;
        let envoy_options = envoy::Options {
            log: options.envoy_log.clone(),
            ..envoy_options()
        };
        let envoy = Envoy::start(&python::envoy().await?, &configuration, &envoy_options).await?;
        Ok(Self {
            envoy,
            collector,
            sample,
            _folder: folder,
        })
    }

    /// Such as `http://127.0.0.1:10000`: where applications find their model.
    pub fn url(&self) -> Result<String> {
        Ok(format!("http://{}", self.envoy.address(LISTENER)?))
    }

    /// Ends everything as an operator would: first the gateway, then who takes its events.
    pub async fn stop(mut self) -> Result<()> {
        self.envoy.process().terminate().await?;
        self.collector.terminate().await
    }

    /// The stored event of a call, as soon as it is there.
    pub async fn event(&self, request_id: &str) -> Result<Value> {
        event(&self.collector, &self.envoy, request_id).await
    }
}

/// The stored event of a call that went through `envoy`, as soon as it is there.
pub async fn event(collector: &Collector, envoy: &Envoy, request_id: &str) -> Result<Value> {
    let what = format!("event {request_id} in the collector");
    let stored = wait_until(&what, PATIENCE, async || {
        collector.api().event(request_id).await
    });
    stored.await.with_context(|| envoy.log_tail())
}

/// Builds or installs whatever a stack needs, so that starting one is quick.
pub async fn prepare() -> Result<()> {
    wasm::build().await?;
    collector::build().await?;
    python::envoy().await?;
    Ok(())
}

/// Puts a shipped configuration on free ports, with our module and our collector.
pub async fn connect(configuration: &mut Configuration, collector: &Collector) -> Result<()> {
    let url = collector.api().url();
    configuration
        .listen_anywhere()?
        .module(wasm::build().await?)?
        .endpoint("audit_api", collector.address())?
        .plugin(|plugin| plugin["audit_api"]["url"] = url.clone().into())?;
    Ok(())
}

/// Has the sample LLM answer for every provider.
pub fn ask_sample(configuration: &mut Configuration, sample: &SampleLlm) -> Result<()> {
    ask_port(configuration, sample.address().port())
}

/// Has whatever listens on this loopback port answer for every provider.
pub fn ask_port(configuration: &mut Configuration, port: u16) -> Result<()> {
    for provider in PROVIDERS {
        configuration.endpoint(provider, loopback(port))?;
    }
    Ok(())
}

/// Envoy's options with what the plugin reads from the environment.
pub fn envoy_options() -> envoy::Options {
    let environment = [
        ("AUDIT_LAYER_API_KEY", collector::KEY),
        ("AUDIT_LAYER_ORG_ID", ORGANIZATION),
    ];
    envoy::Options {
        environment: environment
            .map(|(name, value)| (name.into(), value.into()))
            .into(),
        ..envoy::Options::default()
    }
}

/// The clusters of `envoy/envoy.yaml` that stand for providers.
pub const PROVIDERS: [&str; 2] = ["openai", "anthropic"];
