//! Servers written with FastAPI, Express and in Go that really read the prompts they are sent, and
//! write down what they read.
//!
//! What a gateway records is compared with that: these read a request as applications do, with all
//! that their parsers let pass.

mod install;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::process::Command;

use crate::process::Process;
use crate::wait::PATIENCE;
use crate::workspace;

/// The names of all servers.
pub const NAMES: [&str; 6] = [
    "fastapi-model",
    "fastapi-raw",
    "express-json",
    "express-any",
    "go-decoder",
    "go-whole",
];

/// What a server read of one request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Read {
    /// The server's name.
    pub server: String,
    /// The request's header `x-way`.
    pub way: String,
    /// The prompt, as the server understood it.
    pub prompt: String,
}

/// Running servers. Dropping them ends them.
#[derive(Debug)]
pub struct Servers {
    ports: BTreeMap<String, u16>,
    reads: PathBuf,
    _processes: Vec<Process>,
    _folder: TempDir,
}

impl Servers {
    /// Installs or builds what is missing, starts all servers and waits until they listen.
    pub async fn start() -> Result<Self> {
        let folder = workspace::scratch()?;
        let reads = folder.path().join("reads");
        let mut servers = Self {
            ports: BTreeMap::new(),
            reads: reads.clone(),
            _processes: Vec::new(),
            _folder: folder,
        };
        let folder = servers._folder.path().to_owned();
        for (name, command) in [
            ("fastapi", install::fastapi().await?),
            ("express", install::express().await?),
            ("go", install::go()?),
        ] {
            let process = servers.run(name, command, &folder).await?;
            servers._processes.push(process);
        }
        Ok(servers)
    }

    /// The loopback port of each server, by its name.
    pub fn ports(&self) -> &BTreeMap<String, u16> {
        &self.ports
    }

    /// Everything that was read so far.
    pub fn reads(&self) -> Result<Vec<Read>> {
        let text = std::fs::read_to_string(&self.reads).unwrap_or_default();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()))
            .collect()
    }

    async fn run(&mut self, name: &str, mut command: Command, folder: &Path) -> Result<Process> {
        let ports = folder.join(format!("{name}-ports"));
        command.arg(&self.reads).arg(&ports);
        let log = folder.join(format!("{name}.log"));
        let mut process = Process::start(name, command, &log)?;
        let mine = NAMES.iter().filter(|server| server.starts_with(name));
        let count = mine.count();
        let listening = process.ready(PATIENCE, async || {
            Ok(Some(ports_in(&ports)).filter(|ports| ports.len() == count))
        });
        self.ports.extend(listening.await?);
        Ok(process)
    }
}

/// The whole lines of a file of names and ports.
fn ports_in(file: &Path) -> BTreeMap<String, u16> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
    let port = |line: &str| {
        let (name, port) = line.split_once(' ')?;
        Some((name.to_owned(), port.parse().ok()?))
    };
    whole.lines().filter_map(port).collect()
}
