//! The programs of all contestants, and how each is started.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use audit_layer_tests::envoy::{Configuration, Envoy, Options};
use audit_layer_tests::process::{Process, on_processor};
use audit_layer_tests::wait::PATIENCE;
use audit_layer_tests::{python, wasm, workspace};
use serde_json::{Value, json};

use crate::gateway::contestants::Contestant;
use crate::gateway::others::Others;
use crate::gateway::running::{Gateway, Place, Running, Service};

/// The programs that contestants run, built or installed.
#[derive(Debug)]
pub struct Programs {
    envoy: PathBuf,
    plugin: PathBuf,
    timed: Option<PathBuf>,
    floor: PathBuf,
    ext_proc: PathBuf,
    others: Others,
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
            timed: match (contestants.contains(&Contestant::Timed), is_optimized) {
                (false, _) => None,
                (true, true) => Some(wasm::build_timed().await?),
                (true, false) => Some(wasm::build_trapping().await?.to_owned()),
            },
            floor: wasm::build_package("audit-layer-bench-floor").await?,
            ext_proc: programs.next().context("cargo named no program")?,
            others: Others::prepare(contestants).await?,
        })
    }

    /// The Envoy that all contestants but two are.
    pub fn envoy(&self) -> &Path {
        &self.envoy
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
            let capture = match contestant {
                Contestant::HashOnly => json!({"content": "hash", "hash_key": "key"}),
                Contestant::Redacted => json!({"content": "redacted", "hash_key": "key"}),
                _ => json!({"content": "full"}),
            };
            let configuration = json!({
                "audit_api": {"cluster": "audit_api", "url": url},
                "capture": capture,
                "delivery": delivery,
            });
            let module = match contestant {
                Contestant::Timed => self.timed.as_ref(),
                _ => Some(&self.plugin),
            };
            let module = module.context("the timed plugin was not built")?;
            wasm_filter(module, &configuration.to_string())
        };
        Ok(match contestant {
            Contestant::Alone | Contestant::LiteLlm | Contestant::Portkey => Vec::new(),
            Contestant::Callbacks => vec![wasm_filter(&self.floor, "callbacks")?],
            Contestant::Floor => vec![wasm_filter(&self.floor, "bodies")?],
            Contestant::Batched
            | Contestant::HashOnly
            | Contestant::Redacted
            | Contestant::Single
            | Contestant::Timed => {
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
