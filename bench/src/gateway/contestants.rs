//! What is compared: Envoys that differ in nothing but their filters, and gateways of other kinds.

use std::net::SocketAddr;
use std::ops::Add;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use audit_layer_tests::envoy::{Configuration, Envoy, Options};
use audit_layer_tests::process::{Process, on_processor};
use audit_layer_tests::wait::PATIENCE;
use audit_layer_tests::{python, wasm, workspace};
use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::gateway::others::Others;

/// One of those that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Contestant {
    /// No filter but the router.
    Alone,
    /// A filter of which every callback is called and does nothing.
    Callbacks,
    /// A filter that copies both bodies out of the host.
    Floor,
    /// The plugin, with up to 100 events in a request to the audit API.
    Batched,
    /// The plugin, with a request to the audit API for each event.
    Single,
    /// The plugin, which holds each call back until its record is acknowledged.
    Acknowledged,
    /// The same as batched with its callbacks timed; only at a fixed rate.
    Timed,
    /// A script that posts both bodies of each call.
    Lua,
    /// A service of its own that records what Envoy shows it, with the plugin's core.
    ExtProc,
    /// LiteLLM's proxy, with a callback that posts each call; only at saturation.
    #[value(name = "litellm")]
    #[serde(rename = "litellm")]
    LiteLlm,
    /// Portkey's gateway, which audits nothing; only at saturation.
    Portkey,
}

impl Contestant {
    /// All, in the order of the table.
    pub const ALL: [Self; 11] = [
        Self::Alone,
        Self::Callbacks,
        Self::Floor,
        Self::Batched,
        Self::Single,
        Self::Acknowledged,
        Self::Timed,
        Self::Lua,
        Self::ExtProc,
        Self::LiteLlm,
        Self::Portkey,
    ];

    /// Those that need nothing but Envoy.
    pub fn of_envoy() -> Vec<Self> {
        let all = Self::ALL.into_iter();
        all.filter(|contestant| contestant.is_envoy()).collect()
    }

    /// What it is called in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Alone => "Envoy alone",
            Self::Callbacks => "empty wasm filter",
            Self::Floor => "wasm filter that copies both bodies",
            Self::Batched => "plugin, batched",
            Self::Single => "plugin, single events",
            Self::Acknowledged => "plugin, acknowledged",
            Self::Timed => "plugin, batched, timed",
            Self::Lua => "Lua that posts both bodies",
            Self::ExtProc => "ext_proc service, same core",
            Self::LiteLlm => "LiteLLM with a callback that posts",
            Self::Portkey => "Portkey, no audit",
        }
    }

    /// What is measured of it.
    pub fn measured(self) -> Measured {
        match self {
            Self::LiteLlm | Self::Portkey => Measured::Saturation,
            Self::Timed => Measured::Rate,
            _ => Measured::All,
        }
    }

    /// Whether it is an Envoy.
    pub fn is_envoy(self) -> bool {
        !matches!(self, Self::LiteLlm | Self::Portkey)
    }

    /// Whether each call gives an event.
    pub fn audits(self) -> bool {
        match self {
            Self::Alone | Self::Callbacks | Self::Floor | Self::Portkey => false,
            Self::Batched
            | Self::Single
            | Self::Acknowledged
            | Self::Timed
            | Self::Lua
            | Self::ExtProc
            | Self::LiteLlm => true,
        }
    }
}

/// What is measured of a contestant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    /// Everything.
    All,
    /// CPU and throughput at saturation: it knows no rate that the others keep up with.
    Saturation,
    /// Latencies and durations at a fixed rate.
    Rate,
}

/// The programs that contestants run, built or installed.
#[derive(Debug)]
pub struct Programs {
    envoy: PathBuf,
    plugin: PathBuf,
    timed: PathBuf,
    floor: PathBuf,
    ext_proc: PathBuf,
    others: Others,
}

/// What a contestant's calls and events pass, and where it may run.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Who answers the calls.
    pub provider: SocketAddr,
    /// Who takes the events.
    pub audit_api: SocketAddr,
    /// The number of the only processor that it may run on; any by default.
    pub processor: Option<usize>,
}

/// A running contestant. Dropping it ends it.
#[derive(Debug)]
pub struct Running {
    gateway: Gateway,
    /// What Envoy asks for each call.
    service: Option<Service>,
}

/// What takes the calls.
#[derive(Debug)]
enum Gateway {
    /// An Envoy with one worker.
    Envoy(Envoy),
    Other(Service),
}

/// A program that listens.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) process: Process,
    pub(super) address: SocketAddr,
    /// What is sent to it beside what every request has.
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) _folder: TempDir,
}

impl Gateway {
    fn process(&mut self) -> &mut Process {
        match self {
            Self::Envoy(envoy) => envoy.process(),
            Self::Other(service) => &mut service.process,
        }
    }
}

impl Running {
    /// Where it takes calls.
    pub fn address(&self) -> Result<SocketAddr> {
        match &self.gateway {
            Gateway::Envoy(envoy) => envoy.address("llm"),
            Gateway::Other(service) => Ok(service.address),
        }
    }

    /// What is sent to it beside what every request has.
    pub fn headers(&self) -> &[(&'static str, String)] {
        match &self.gateway {
            Gateway::Envoy(_) => &[],
            Gateway::Other(service) => &service.headers,
        }
    }

    /// The Envoy, if it is one.
    pub fn envoy(&self) -> Option<&Envoy> {
        match &self.gateway {
            Gateway::Envoy(envoy) => Some(envoy),
            Gateway::Other(_) => None,
        }
    }

    /// The end of its log, for messages about failures.
    pub fn log_tail(&self) -> String {
        match &self.gateway {
            Gateway::Envoy(envoy) => envoy.log_tail(),
            Gateway::Other(service) => service.process.log_tail(),
        }
    }

    /// Time that all of its threads have worked.
    pub fn cpu_time(&mut self) -> Result<Duration> {
        self.sum(Process::cpu_time)
    }

    /// Bytes of memory that it has in use.
    pub fn resident_bytes(&mut self) -> Result<u64> {
        self.sum(Process::resident_bytes)
    }

    /// What its processes take together.
    fn sum<T: Add<Output = T>>(&mut self, of: fn(&Process) -> Result<T>) -> Result<T> {
        let gateway = of(self.gateway.process())?;
        match &self.service {
            Some(service) => Ok(gateway + of(&service.process)?),
            None => Ok(gateway),
        }
    }

    /// Ends it, as an operator would.
    pub async fn terminate(mut self) -> Result<()> {
        self.gateway.process().terminate().await?;
        if let Some(service) = &mut self.service {
            service.process.terminate().await?;
        }
        Ok(())
    }
}

impl Programs {
    /// Builds and installs what these need and is missing; with optimization, or to find out only
    /// whether it works.
    pub async fn prepare(is_optimized: bool, contestants: &[Contestant]) -> Result<Self> {
        let release: &[&str] = if is_optimized { &["--release"] } else { &[] };
        let service = ["--package", "audit-layer-bench", "--bin", "bench-ext-proc"];
        let built = workspace::cargo_build(&[&service, release].concat()).await?;
        let mut programs = built.into_iter().filter_map(|artifact| artifact.executable);
        Ok(Self {
            envoy: python::envoy().await?,
            plugin: wasm::build().await?.to_owned(),
            timed: match is_optimized {
                true => wasm::build_timed().await?,
                false => wasm::build_trapping().await?.to_owned(),
            },
            floor: wasm::build_package("audit-layer-bench-floor").await?,
            ext_proc: programs.next().context("cargo named no program")?,
            others: Others::prepare(contestants).await?,
        })
    }

    /// Starts a contestant there.
    pub async fn start(&self, contestant: Contestant, place: Place) -> Result<Running> {
        if !contestant.is_envoy() {
            let service = self.others.start(contestant, place).await;
            return Ok(Running {
                gateway: Gateway::Other(service.with_context(|| contestant.name())?),
                service: None,
            });
        }
        let mut configuration = Configuration::parse(include_str!("envoy.yaml"))?;
        configuration
            .endpoint("provider", place.provider)?
            .endpoint("audit_api", place.audit_api)?
            .filters_first(&self.filters(contestant, place.audit_api)?)?;
        let service = match contestant {
            Contestant::ExtProc => Some(self.service(place).await?),
            _ => None,
        };
        if let Some(service) = &service {
            configuration.endpoint("ext_proc", service.address)?;
        }
        let environment = [
            ("AUDIT_LAYER_API_KEY", "key"),
            ("AUDIT_LAYER_ORG_ID", "org_measured"),
        ];
        let options = Options {
            concurrency: 1,
            environment: environment
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            arguments: ["--log-level", "warning"].map(str::to_owned).into(),
            processor: place.processor,
            ..Options::default()
        };
        let envoy = Envoy::start(&self.envoy, &configuration, &options);
        Ok(Running {
            gateway: Gateway::Envoy(envoy.await.with_context(|| contestant.name())?),
            service,
        })
    }

    /// Starts the service on the same processor: its work is the contestant's too.
    async fn service(&self, place: Place) -> Result<Service> {
        let folder = workspace::scratch()?;
        let file = folder.path().join("address");
        let mut command = on_processor(place.processor, &self.ext_proc);
        command
            .arg("--listen-address-file")
            .arg(&file)
            .arg("--audit-api")
            .arg(format!("http://{}/v1", place.audit_api));
        let log = folder.path().join("log");
        let mut process = Process::start("the ext_proc service", command, &log)?;
        let address = process.ready(PATIENCE, async || {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            Ok(text.parse().ok())
        });
        Ok(Service {
            address: address.await?,
            process,
            headers: Vec::new(),
            _folder: folder,
        })
    }

    fn filters(&self, contestant: Contestant, audit_api: SocketAddr) -> Result<Vec<Value>> {
        let plugin = |mut delivery: Value| {
            if contestant != Contestant::Single {
                delivery["batch"] = json!({"path": "/audit/log/batch"});
            }
            let url = format!("http://{audit_api}/v1");
            let configuration = json!({
                "audit_api": {"cluster": "audit_api", "url": url},
                "delivery": delivery,
            });
            let module = match contestant {
                Contestant::Timed => &self.timed,
                _ => &self.plugin,
            };
            wasm_filter(module, &configuration.to_string())
        };
        Ok(match contestant {
            Contestant::Alone | Contestant::LiteLlm | Contestant::Portkey => Vec::new(),
            Contestant::Callbacks => vec![wasm_filter(&self.floor, "callbacks")?],
            Contestant::Floor => vec![wasm_filter(&self.floor, "bodies")?],
            Contestant::Batched | Contestant::Single | Contestant::Timed => {
                vec![plugin(json!({}))?]
            }
            Contestant::Acknowledged => vec![plugin(json!({"guarantee": "acknowledged"}))?],
            Contestant::Lua => vec![lua_filter()],
            Contestant::ExtProc => vec![ext_proc_filter()],
        })
    }
}

fn wasm_filter(module: &Path, configuration: &str) -> Result<Value> {
    let module = module.to_str().context("a path that is not UTF-8")?;
    Ok(json!({
        "name": "wasm",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": "wasm",
                "root_id": "wasm",
                "fail_open": true,
                "vm_config": {
                    "vm_id": "measured",
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": module}},
                    "environment_variables": {
                        "host_env_keys": ["AUDIT_LAYER_API_KEY", "AUDIT_LAYER_ORG_ID"],
                    },
                },
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": configuration,
                },
            },
        },
    }))
}

fn lua_filter() -> Value {
    json!({
        "name": "lua",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            "default_source_code": {"inline_string": include_str!("post.lua")},
        },
    })
}

fn ext_proc_filter() -> Value {
    json!({
        "name": "ext_proc",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor",
            "grpc_service": {"envoy_grpc": {"cluster_name": "ext_proc"}},
            "observability_mode": true,
            "processing_mode": {
                "request_header_mode": "SEND",
                "response_header_mode": "SEND",
                "request_body_mode": "STREAMED",
                "response_body_mode": "STREAMED",
            },
        },
    })
}
