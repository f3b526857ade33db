//! An Envoy with two workers and everything around it, for one situation.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use audit_layer_tests::collector::Collector;
use audit_layer_tests::envoy::discovery::{Discovered, Discovery};
use audit_layer_tests::envoy::{self, Configuration, Envoy};
use audit_layer_tests::ports::{self, Reserved};
use audit_layer_tests::sample_llm::SampleLlm;
use audit_layer_tests::wait::{PATIENCE, wait_until};
use audit_layer_tests::{python, stack, workspace};
use tempfile::TempDir;

use crate::load::{CALL_HEADER, Load, Manner};
use crate::unruly::UnrulyApi;

/// A change of the shipped configuration.
pub type Change = Box<dyn Fn(&mut Configuration) -> Result<()> + Send + Sync>;

/// What is particular about a scene.
pub struct Setting {
    /// Whether an [`UnrulyApi`] stands in front of the collector.
    pub unruly: bool,
    /// What can change while Envoy runs.
    pub discovered: Option<Discovered>,
    /// The pause between the pieces of the sample LLM's streams.
    pub pace: Duration,
    /// Further arguments of Envoy's command line.
    pub arguments: &'static [&'static str],
    /// What else is changed of the shipped configuration.
    pub change: Change,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            unruly: false,
            discovered: None,
            pace: Duration::from_millis(1),
            arguments: &[],
            change: Box::new(|_| Ok(())),
        }
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Setting").finish_non_exhaustive()
    }
}

/// A running scene. Dropping it ends all of it.
#[derive(Debug)]
pub struct Scene {
    /// What the clients call.
    pub envoy: Envoy,
    /// Where the events end up.
    pub collector: Collector,
    url: String,
    unruly: Option<UnrulyApi>,
    configuration: Configuration,
    discovery: Option<Discovery>,
    access_log: PathBuf,
    sample: SampleLlm,
    /// The port stays its own while Envoys come and go.
    _listener: Reserved,
    _folder: TempDir,
}

impl Scene {
    /// Starts it with the configuration an operator copies, and two workers.
    pub async fn start(setting: Setting) -> Result<Self> {
        let folder = workspace::scratch()?;
        let collector = Collector::start(&folder.path().join("audit.db"), 0).await?;
        let sample = SampleLlm::start(setting.pace).await?;
        let unruly = match setting.unruly {
            true => Some(UnrulyApi::start(collector.address()).await?),
            false => None,
        };
        let access_log = folder.path().join("access.log");
        let listener = Reserved::new()?;
        let mut configuration = Configuration::shipped("envoy.yaml")?;
        stack::connect(&mut configuration, &collector).await?;
        stack::ask_sample(&mut configuration, &sample)?;
        configuration
            .listen(stack::LISTENER, listener.port())?
            .access_log(&access_log, &line_format())?;
        if let Some(unruly) = &unruly {
            configuration.endpoint("audit_api", unruly.address())?;
        }
        (setting.change)(&mut configuration)?;
        let discovery = setting.discovered;
        let discovery = discovery.map(|part| Discovery::new(part, folder.path()));
        let begun = match &discovery {
            Some(discovery) => discovery.begin(&configuration)?,
            None => configuration.clone(),
        };
        let options = envoy::Options {
            arguments: setting.arguments.iter().map(|&text| text.into()).collect(),
            ..stack::envoy_options()
        };
        let envoy = Envoy::start(&python::envoy().await?, &begun, &options).await?;
        Ok(Self {
            envoy,
            collector,
            url: format!("http://{}", ports::loopback(listener.port())),
            unruly,
            configuration,
            discovery,
            access_log,
            sample,
            _listener: listener,
            _folder: folder,
        })
    }

    /// Who answers them.
    pub fn sample(&self) -> &SampleLlm {
        &self.sample
    }

    /// Where clients call.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The access log, in which each call that ended has a line that begins with its name.
    pub fn access_log(&self) -> &Path {
        &self.access_log
    }

    /// Clients that make ordinary calls.
    pub fn load(&self) -> Load {
        self.load_of(&Manner::default())
    }

    /// Clients that call in this manner.
    pub fn load_of(&self, manner: &Manner) -> Load {
        Load::start(&self.url, manner)
    }

    /// The audit API in front of the collector.
    pub fn unruly(&self) -> Result<&UnrulyApi> {
        self.unruly
            .as_ref()
            .context("the scene has no unruly audit API")
    }

    /// Changes what can change while Envoy runs, and waits until Envoy has taken it.
    pub async fn publish(
        &mut self,
        change: impl Fn(&mut Configuration) -> Result<()>,
    ) -> Result<()> {
        change(&mut self.configuration)?;
        let updates = self.updates().await?;
        self.discovery()?.publish(&self.configuration)?;
        self.updated(updates).await
    }

    /// Takes the listener away, and waits until Envoy has seen it.
    pub async fn withdraw(&self) -> Result<()> {
        let updates = self.updates().await?;
        self.discovery()?.withdraw()?;
        self.updated(updates).await
    }

    /// Waits until no VM is left, as when nothing uses the plugin any more.
    pub async fn vms_gone(&self) -> Result<()> {
        wait_until("end of the plugin's VMs", PATIENCE, async || {
            let active = self.envoy.stats("wasm.runtime.v8.active").await?;
            Ok(active.values().all(|count| *count == 0).then_some(()))
        })
        .await
    }

    fn discovery(&self) -> Result<&Discovery> {
        let discovery = self.discovery.as_ref();
        discovery.context("nothing of the scene can change")
    }

    async fn updated(&self, before: u64) -> Result<()> {
        wait_until("update of Envoy", PATIENCE, async || {
            Ok((self.updates().await? > before).then_some(()))
        })
        .await
        .with_context(|| self.envoy.log_tail())
    }

    /// How often Envoy has taken something new from a file.
    async fn updates(&self) -> Result<u64> {
        let all = self.envoy.stats("update_success").await?;
        let discovered = all.iter().filter(|(name, _)| {
            name.contains("listener_manager.lds") || name.contains("extension_config_discovery")
        });
        Ok(discovered.map(|(_, value)| value).sum())
    }

    /// Waits until the plugin holds no event any more.
    pub async fn delivered(&self) -> Result<()> {
        wait_until("empty queue", DELIVERY_MAX, async || {
            let waiting = self.envoy.plugin_stat("queue_events").await?;
            Ok((waiting == 0).then_some(()))
        })
        .await
        .with_context(|| self.envoy.log_tail())
    }
}

fn line_format() -> String {
    let header = CALL_HEADER.to_uppercase();
    format!("%REQ({header})% %RESPONSE_CODE% %RESPONSE_FLAGS%\n")
}

/// After an outage of half a minute a retry may be half a minute away, and a held delivery more.
const DELIVERY_MAX: Duration = Duration::from_secs(120);
