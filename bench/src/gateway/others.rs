//! Gateways that are no Envoys, installed on demand: LiteLLM from the Python index, Portkey from the npm
//! registry.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use audit_layer_tests::process::{Process, on_processor};
use audit_layer_tests::wait::PATIENCE;
use audit_layer_tests::{npm, python, workspace};
use reqwest::Client;
use tempfile::TempDir;
use tokio::process::Command;

use crate::gateway::contestants::Contestant;
use crate::gateway::running::{Place, Service};

/// What is installed of them.
#[derive(Debug, Default)]
pub(super) struct Others {
    litellm: Option<PathBuf>,
    portkey: Option<PathBuf>,
}

/// Portkey's package, with its version.
const PORTKEY: &str = "@portkey-ai/gateway@1.15.2";

impl Others {
    /// Installs those that are to be measured.
    pub(super) async fn prepare(contestants: &[Contestant]) -> Result<Self> {
        let mut others = Self::default();
        if contestants.contains(&Contestant::LiteLlm) {
            others.litellm = Some(python::litellm().await?);
        }
        if contestants.contains(&Contestant::Portkey) {
            let folder = npm::install("portkey", PORTKEY).await?;
            others.portkey = Some(folder.join("@portkey-ai/gateway/build/start-server.js"));
        }
        Ok(others)
    }

    /// Starts one of them there, as a single process.
    pub(super) async fn start(&self, contestant: Contestant, place: Place) -> Result<Service> {
        let folder = workspace::scratch()?;
        // Neither tells on which port it listens.
        let address = free_address()?;
        let port = address.port().to_string();
        let provider = format!("http://{}/v1", place.provider);
        match (contestant, &self.litellm, &self.portkey) {
            (Contestant::LiteLlm, Some(program), _) => {
                let configuration = folder.path().join("litellm.yaml");
                let text = LITELLM.replace("PROVIDER", &provider);
                std::fs::write(&configuration, text)?;
                // The callback is looked for beside the configuration.
                let callback = include_str!("litellm_post.py");
                std::fs::write(folder.path().join("litellm_post.py"), callback)?;
                let mut command = on_processor(place.processor, program);
                command
                    .arg("--config")
                    .arg(&configuration)
                    .args(["--host", "127.0.0.1", "--port", &port, "--num_workers", "1"])
                    .env(
                        "AUDIT_URL",
                        format!("http://{}/v1/audit/log", place.audit_api),
                    )
                    // It would ask for prices in the internet.
                    .env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
                let started = Starting {
                    command,
                    folder,
                    address,
                    headers: Vec::new(),
                };
                started.ready("health/liveliness").await
            }
            (Contestant::Portkey, _, Some(script)) => {
                let mut command = on_processor(place.processor, "node".as_ref());
                command
                    .arg(script)
                    .args([&format!("--port={port}"), "--headless"])
                    .env("NODE_ENV", "production")
                    .env("TRUSTED_CUSTOM_HOSTS", "127.0.0.1,localhost");
                let headers = vec![
                    ("x-portkey-provider", "openai".to_owned()),
                    ("x-portkey-custom-host", provider),
                ];
                let started = Starting {
                    command,
                    folder,
                    address,
                    headers,
                };
                started.ready("").await
            }
            _ => bail!("{} is not installed", contestant.name()),
        }
    }
}

struct Starting {
    command: Command,
    folder: TempDir,
    address: SocketAddr,
    headers: Vec<(&'static str, String)>,
}

impl Starting {
    /// Starts it, and waits until it answers on this path.
    async fn ready(self, path: &str) -> Result<Service> {
        let log = self.folder.path().join("log");
        let mut process = Process::start("the gateway", self.command, &log)?;
        let url = format!("http://{}/{path}", self.address);
        let client = Client::new();
        let answers = async || {
            let answer = client.get(&url).send().await;
            Ok(answer
                .is_ok_and(|answer| answer.status().is_success())
                .then_some(()))
        };
        process.ready(PATIENCE, answers).await?;
        Ok(Service {
            process,
            address: self.address,
            headers: self.headers,
            _folder: self.folder,
        })
    }
}

fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("a free port")?;
    Ok(listener.local_addr()?)
}

/// Every model of the provider, and the callback.
const LITELLM: &str = "\
model_list:
  - model_name: '*'
    litellm_params: { model: 'openai/*', api_base: 'PROVIDER', api_key: sk-measured }
litellm_settings:
  callbacks: litellm_post.post
  telemetry: false
";
