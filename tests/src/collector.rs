//! The collector, built from this workspace and started as its users start it.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::ports::loopback;
use crate::process::Process;
use crate::wait::PATIENCE;
use crate::workspace;

/// Builds the program, once in a process, and returns its path.
pub async fn build() -> Result<&'static Path> {
    // As fast as we are, so that a long run is not one of the collector alone. In tests, by way of its
    // own tests: that is how `cargo test` has built it, features of dependencies included, and nothing
    // is built twice.
    built(if cfg!(debug_assertions) {
        &["--workspace", "--test", "api"]
    } else {
        &["--package", "audit-layer-collector", "--release"]
    })
    .await
}

/// Builds the program without PDF reports, in a fraction of the time, unless the environment names one
/// that is built already. What is built first is used throughout the process.
pub async fn build_without_pdf() -> Result<&'static Path> {
    built(&[
        "--package",
        "audit-layer-collector",
        "--bin",
        "audit-layer",
        "--no-default-features",
    ])
    .await
}

/// The variable that names a program to use in the place of one that is built.
pub const PROGRAM_VARIABLE: &str = "AUDIT_LAYER_PROGRAM";

async fn built(arguments: &[&str]) -> Result<&'static Path> {
    static PROGRAM: OnceCell<PathBuf> = OnceCell::const_new();
    let program = PROGRAM.get_or_try_init(async || {
        if let Some(program) = std::env::var_os(PROGRAM_VARIABLE) {
            return Ok(program.into());
        }
        let artifacts = workspace::cargo_build(arguments).await?;
        let program = artifacts
            .into_iter()
            .find(|artifact| artifact.target.name == "audit-layer");
        program
            .and_then(|artifact| artifact.executable)
            .context("cargo built the collector but named no program")
    });
    Ok(program.await?)
}

/// A running collector. Dropping it kills it; its database stays.
#[derive(Debug)]
pub struct Collector {
    process: Process,
    database: PathBuf,
    api: Api,
    folder: TempDir,
}

impl Collector {
    /// Starts the collector on this database, a file or an address, on a loopback port or on 0 for
    /// any.
    pub async fn start(database: impl AsRef<OsStr>, port: u16) -> Result<Self> {
        let folder = workspace::scratch()?;
        let database = database.as_ref();
        let (process, address) = start(database, port, folder.path()).await?;
        let api = Api::new(address, KEY);
        Ok(Self {
            process,
            database: database.into(),
            api,
            folder,
        })
    }

    /// Where it listens, before and after a restart.
    pub fn address(&self) -> SocketAddr {
        self.api.address
    }

    /// The file the events are in.
    pub fn database(&self) -> &Path {
        &self.database
    }

    /// Its API, with a key that may use all of it.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Its process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Asks it to end, as an operator would, and waits until it has.
    pub async fn terminate(&mut self) -> Result<()> {
        self.process.terminate().await?;
        Ok(())
    }

    /// Ends it without a chance to tidy up.
    pub async fn kill(&mut self) -> Result<()> {
        self.process.kill().await?;
        Ok(())
    }

    /// Imports the dead letters in a proxy's log, as an operator would.
    pub async fn import(&self, log: &Path) -> Result<Imported> {
        let mut command = Command::new(build().await?);
        let command = without_settings(&mut command);
        let output = self.importing(command).arg(log).output().await?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "the import failed: {stderr}");
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// Imports a log of which the importer has to complain.
    pub async fn import_suspect(&self, log: &Path) -> Result<Imported> {
        let mut command = Command::new(build().await?);
        let command = without_settings(&mut command);
        // Only what the gateway has signed.
        let command = self.importing(command);
        command.env("AUDIT_LAYER_DEAD_LETTER_KEY", self.api.key());
        let output = command.arg(log).output().await?;
        ensure!(
            output.status.code() == Some(1),
            "the import is content with {}",
            log.display()
        );
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    fn importing<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .args(["import", "--format", "json", "--url", &self.api.url()])
            .env("AUDIT_LAYER_API_KEY", self.api.key())
            .kill_on_drop(true)
    }

    /// Starts it again after [`kill`](Self::kill), on the same database and the same port.
    pub async fn restart(&mut self) -> Result<()> {
        let port = self.address().port();
        let (process, _) = start(self.database.as_os_str(), port, self.folder.path()).await?;
        self.process = process;
        Ok(())
    }
}

/// Starts the collector with these further arguments, its files in `folder`, and waits until it
/// listens.
pub async fn spawn(
    database: &OsStr,
    port: u16,
    folder: &Path,
    arguments: &[&OsStr],
) -> Result<(Process, SocketAddr)> {
    let address_file = folder.join("address");
    let _ = std::fs::remove_file(&address_file);
    let mut command = Command::new(build().await?);
    without_settings(&mut command)
        .arg("serve")
        .args(["--listen", &loopback(port).to_string()])
        .arg("--database")
        .arg(database)
        .args(["--api-key", KEY, "--api-key", OTHER_KEY])
        .arg("--listen-address-file")
        .arg(&address_file)
        .args(arguments);
    let mut process = Process::start("the collector", command, &folder.join("collector.log"))?;
    let address = process.ready(PATIENCE, async || Ok(address_in(&address_file)));
    let address = address.await?;
    Ok((process, address))
}

/// The program as it is without the settings of whoever runs it, which are all variables that begin
/// alike.
pub fn without_settings(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"AUDIT_LAYER_") {
            command.env_remove(name);
        }
    }
    command.env_remove("RUST_LOG")
}

async fn start(database: &OsStr, port: u16, folder: &Path) -> Result<(Process, SocketAddr)> {
    let (mut process, address) = spawn(database, port, folder, &[]).await?;
    let ready = process.ready(PATIENCE, async || {
        let health = Client::new()
            .get(format!("http://{address}/healthz"))
            .send()
            .await;
        Ok(health
            .is_ok_and(|answer| answer.status().is_success())
            .then_some(()))
    });
    ready.await?;
    Ok((process, address))
}

fn address_in(file: &Path) -> Option<SocketAddr> {
    std::fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// What came of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Imported {
    /// Dead letters that the collector lacked.
    pub new: usize,
    /// Those that it had.
    pub known: usize,
    /// Those that no event can be read of.
    pub broken: usize,
    /// Those whose MAC is wrong.
    pub forged: usize,
    /// Those that cannot be checked, and were left out.
    pub withheld: usize,
}

/// The audit API as a client sees it.
#[derive(Debug, Clone)]
pub struct Api {
    address: SocketAddr,
    key: &'static str,
    client: Client,
}

impl Api {
    fn new(address: SocketAddr, key: &'static str) -> Self {
        Self {
            address,
            key,
            client: Client::new(),
        }
    }

    /// Such as `http://127.0.0.1:8080/v1`.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The address of the page for people.
    pub fn page_address(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The Bearer key that opens it.
    pub fn key(&self) -> &str {
        self.key
    }

    /// One event by its log id or request_id; `None` when it is not there.
    pub async fn event(&self, id: &str) -> Result<Option<Value>> {
        let answer = self.get(&format!("/audit/logs/{id}")).send().await?;
        match answer.status() {
            StatusCode::OK => Ok(Some(answer.json().await?)),
            StatusCode::NOT_FOUND => Ok(None),
            status => bail!("the collector answered {status}: {}", answer.text().await?),
        }
    }

    /// The newest events that match a query such as `user_id=ana&limit=10`, newest first.
    pub async fn events(&self, query: &str) -> Result<Vec<Value>> {
        Ok(self.page(query).await?.data)
    }

    /// All events that match a query, each given to `take`, newest first.
    pub async fn each_event(&self, query: &str, mut take: impl FnMut(Value)) -> Result<()> {
        let mut page = self.page(&format!("{query}&limit=500")).await?;
        loop {
            page.data.drain(..).for_each(&mut take);
            let Some(cursor) = page.next_cursor else {
                return Ok(());
            };
            let query = format!("{query}&limit=500&cursor={cursor}");
            page = self.page(&query).await?;
        }
    }

    async fn page(&self, query: &str) -> Result<Page> {
        let answer = self.get(&format!("/audit/logs?{query}")).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(
            status.is_success(),
            "the collector answered {status}: {text}"
        );
        Ok(serde_json::from_str(&text)?)
    }

    fn get(&self, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.url());
        self.client.get(url).bearer_auth(self.key)
    }
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Value>,
    next_cursor: Option<String>,
}

/// Opens collectors that we start, on loopback and for as long as we run.
pub const KEY: &str = "al_sk_local_demonstration_key";

/// Opens them as well, for whoever must not have the same key.
pub const OTHER_KEY: &str = "al_sk_another_demonstration_key";
