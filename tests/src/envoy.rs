//! A real Envoy, started with a configuration from `envoy/` on ports of its own choosing.

pub mod configuration;
pub mod discovery;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use reqwest::Client;
use serde::Deserialize;
use tempfile::TempDir;
use tokio::process::Command;

pub use self::configuration::Configuration;
use crate::process::{Process, on_processor};
use crate::wait::PATIENCE;
use crate::workspace;

/// How to start Envoy.
#[derive(Debug, Clone)]
pub struct Options {
    /// Number of worker threads, each with a VM of its own.
    pub concurrency: u32,
    /// What the plugin may read through `host_env_keys`. Nothing else of ours reaches Envoy.
    pub environment: Vec<(String, String)>,
    /// Where to write Envoy's log and access log; in a folder of its own by default.
    pub log: Option<PathBuf>,
    /// Further arguments of its command line.
    pub arguments: Vec<String>,
    /// The number of the processor that it is to run on; on any of ours by default.
    pub processor: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            concurrency: 2,
            environment: Vec::new(),
            log: None,
            arguments: Vec::new(),
            processor: None,
        }
    }
}

/// A running Envoy. Dropping it kills it.
#[derive(Debug)]
pub struct Envoy {
    process: Process,
    admin: SocketAddr,
    listeners: BTreeMap<String, SocketAddr>,
    _folder: TempDir,
}

impl Envoy {
    /// Starts Envoy and waits until it accepts calls.
    pub async fn start(
        program: &Path,
        configuration: &Configuration,
        options: &Options,
    ) -> Result<Self> {
        let folder = workspace::scratch()?;
        let admin_file = folder.path().join("admin");
        let mut command = command(program, configuration, options, &folder)?;
        command.arg("--admin-address-path").arg(&admin_file);
        let log = options
            .log
            .clone()
            .unwrap_or_else(|| folder.path().join("envoy.log"));
        let mut process = Process::start("Envoy", command, &log)?;
        let admin = process
            .ready(PATIENCE, async || Ok(address_in(&admin_file)))
            .await?;
        let live = async || Ok(when_live(admin).await.then_some(()));
        process.ready(PATIENCE, live).await?;
        let listeners = listeners(admin).await.with_context(|| process.log_tail())?;
        Ok(Self {
            process,
            admin,
            listeners,
            _folder: folder,
        })
    }

    /// Where a listener of the configuration accepts calls.
    pub fn address(&self, listener: &str) -> Result<SocketAddr> {
        let address = self.listeners.get(listener);
        address
            .copied()
            .with_context(|| format!("Envoy has no listener {listener}"))
    }

    /// Where the admin interface answers.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// The process, to be ended before its time.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The file of the log.
    pub fn log(&self) -> &Path {
        self.process.log()
    }

    /// Everything Envoy has logged so far, access log included.
    pub fn log_text(&self) -> String {
        self.process.log_text()
    }

    /// The end of the log, for messages about failures.
    pub fn log_tail(&self) -> String {
        self.process.log_tail()
    }

    /// Envoy's counters and gauges whose name holds `part`.
    pub async fn stats(&self, part: &str) -> Result<BTreeMap<String, u64>> {
        let url = format!("http://{}/stats?filter={part}", self.admin);
        let text = Client::new().get(url).send().await?.text().await?;
        let number = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        Ok(text.lines().filter_map(number).collect())
    }

    /// Envoy's statistics as Prometheus reads them.
    pub async fn prometheus(&self) -> Result<String> {
        let url = format!("http://{}/stats/prometheus", self.admin);
        Ok(Client::new().get(url).send().await?.text().await?)
    }

    /// The plugin's statistics by the names that OPERATING.md has; 0 for one that is not there.
    pub async fn plugin_stat(&self, name: &str) -> Result<u64> {
        let name = format!("wasmcustom.audit_layer.{name}");
        Ok(self.stats(&name).await?.get(&name).copied().unwrap_or(0))
    }

    /// Tells Envoy to do something, such as `drain_listeners?graceful`.
    pub async fn command(&self, path: &str) -> Result<()> {
        let url = format!("http://{}/{path}", self.admin);
        let answer = Client::new().post(url).send().await?;
        answer.error_for_status()?;
        Ok(())
    }
}

/// What `envoy --mode validate` says of a configuration.
#[derive(Debug)]
pub struct Verdict {
    /// Whether Envoy would start with it.
    pub accepted: bool,
    /// What it wrote, the plugin's own words included.
    pub output: String,
}

/// Asks Envoy whether it would accept a configuration. The plugin reads its part of it for real.
pub async fn validate(
    program: &Path,
    configuration: &Configuration,
    options: &Options,
) -> Result<Verdict> {
    let folder = workspace::scratch()?;
    let mut command = command(program, configuration, options, &folder)?;
    let output = command
        .args(["--mode", "validate"])
        .kill_on_drop(true)
        .output()
        .await?;
    let text = [output.stdout, output.stderr].concat();
    Ok(Verdict {
        accepted: output.status.success(),
        output: String::from_utf8_lossy(&text).into_owned(),
    })
}

/// The command line common to running and validating.
fn command(
    program: &Path,
    configuration: &Configuration,
    options: &Options,
    folder: &TempDir,
) -> Result<Command> {
    let file = folder.path().join("envoy.json");
    std::fs::write(&file, configuration.to_json()?)?;
    let mut command = on_processor(options.processor, program);
    command
        .arg("--config-path")
        .arg(&file)
        .args(["--concurrency", &options.concurrency.to_string()])
        // Several Envoys share this machine; without this they would meet in shared memory.
        .arg("--disable-hot-restart")
        // Statistics and logs without delay: a test that waits for them should not wait long.
        .args(["--file-flush-interval-msec", "50"])
        .args(&options.arguments)
        .env_clear()
        .envs(options.environment.iter().cloned());
    Ok(command)
}

/// The admin interface's address, once Envoy has written it whole.
fn address_in(file: &Path) -> Option<SocketAddr> {
    std::fs::read_to_string(file).ok()?.trim().parse().ok()
}

async fn when_live(admin: SocketAddr) -> bool {
    let answer = Client::new()
        .get(format!("http://{admin}/ready"))
        .send()
        .await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

async fn listeners(admin: SocketAddr) -> Result<BTreeMap<String, SocketAddr>> {
    let url = format!("http://{admin}/listeners?format=json");
    let answer: Listeners = Client::new().get(url).send().await?.json().await?;
    let address = |listener: Listener| {
        let SocketAddress {
            address,
            port_value,
        } = listener.local_address.socket_address;
        Ok((listener.name, SocketAddr::new(address.parse()?, port_value)))
    };
    answer.listener_statuses.into_iter().map(address).collect()
}

#[derive(Deserialize)]
struct Listeners {
    #[serde(default)]
    listener_statuses: Vec<Listener>,
}

#[derive(Deserialize)]
struct Listener {
    name: String,
    local_address: Address,
}

#[derive(Deserialize)]
struct Address {
    socket_address: SocketAddress,
}

#[derive(Deserialize)]
struct SocketAddress {
    address: String,
    port_value: u16,
}
