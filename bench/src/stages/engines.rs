//! Who runs the stages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use audit_layer_bench_stages::{Job, Measured, Report, Stage, Workload};
use audit_layer_tests::envoy::{Configuration, Envoy, Options};
use audit_layer_tests::{python, wasm, workspace};
use proxy_wasm_host_test::{Host, Level, Module, Plugin, Profile};
use serde::Serialize;
use serde_json::json;
use tokio::process::Command;

/// Where the stages run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// On this processor, with all that it has.
    Native,
    /// The same without its instructions for SHA-256.
    NativeSoft,
    /// In Envoy's V8.
    V8,
}

impl Engine {
    /// All, in the order of the table.
    pub const ALL: [Self; 3] = [Self::Native, Self::NativeSoft, Self::V8];

    /// What the table calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::NativeSoft => "native, no SHA instructions",
            Self::V8 => "Envoy's V8",
        }
    }
}

/// The programs, built or installed.
#[derive(Debug)]
pub struct Engines {
    native: PathBuf,
    soft: Option<PathBuf>,
    module: PathBuf,
    envoy: PathBuf,
}

impl Engines {
    /// Builds and installs what is missing, with optimization.
    pub async fn prepare() -> Result<Self> {
        let folder = workspace::target()?.join("soft");
        let folder = folder.to_str().context("a path that is not UTF-8")?;
        let soft = [
            "--release",
            "--target-dir",
            folder,
            "--config",
            r#"build.rustflags = ["--cfg", "sha2_backend=\"soft\""]"#,
        ];
        Ok(Self {
            native: native(&["--release"]).await?,
            soft: Some(native(&soft).await?),
            module: wasm::build_package(PACKAGE).await?,
            envoy: python::envoy().await?,
        })
    }

    /// The same without optimization, and without [`Engine::NativeSoft`]: to find out only whether it
    /// works.
    pub async fn prepare_some() -> Result<Self> {
        Ok(Self {
            native: native(&[]).await?,
            soft: None,
            module: wasm::build_package(PACKAGE).await?,
            envoy: python::envoy().await?,
        })
    }

    /// Does the jobs; nothing where the engine was not prepared.
    pub async fn run(&self, engine: Engine, jobs: &[Job]) -> Result<Vec<Measured>> {
        let measured = match engine {
            Engine::Native => run_program(&self.native, jobs).await,
            Engine::NativeSoft => match &self.soft {
                Some(program) => run_program(program, jobs).await,
                None => return Ok(Vec::new()),
            },
            Engine::V8 => self.run_in_envoy(jobs).await,
        };
        measured.with_context(|| engine.name())
    }

    async fn run_in_envoy(&self, jobs: &[Job]) -> Result<Vec<Measured>> {
        let module = self.module.to_str().context("a path that is not UTF-8")?;
        let filter = json!({
            "name": "wasm",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "config": {
                    "name": "stages",
                    "vm_config": {
                        "runtime": "envoy.wasm.runtime.v8",
                        "code": {"local": {"filename": module}},
                    },
                    "configuration": {
                        "@type": "type.googleapis.com/google.protobuf.StringValue",
                        "value": serde_json::to_string(jobs)?,
                    },
                },
            },
        });
        let mut configuration = Configuration::parse(include_str!("../gateway/envoy.yaml"))?;
        configuration.filters_first(&[filter])?;
        let options = Options {
            concurrency: 1,
            arguments: ["--log-level", "warning"].map(str::to_owned).into(),
            ..Options::default()
        };
        // It does the jobs before it accepts calls.
        let mut envoy = Envoy::start(&self.envoy, &configuration, &options).await?;
        let log = envoy.log_text();
        envoy.process().terminate().await?;
        reports(&log)
    }

    /// The fuel of doing each stage of each call once, of those that there are.
    pub fn fuel(&self) -> Result<BTreeMap<(Workload, Stage), u64>> {
        let engine = proxy_wasm_host_test::Engine::new()?;
        let module = engine.module(&std::fs::read(&self.module)?)?;
        let mut fuel = BTreeMap::new();
        for workload in Workload::ALL {
            for stage in Stage::ALL {
                let once = fuel_of(&module, stage, workload, 1)?;
                let twice = fuel_of(&module, stage, workload, 2)?;
                if twice > once {
                    fuel.insert((workload, stage), twice - once);
                }
            }
        }
        Ok(fuel)
    }
}

const PACKAGE: &str = "audit-layer-bench-stages";

async fn native(arguments: &[&str]) -> Result<PathBuf> {
    let package = ["--package", PACKAGE, "--bin", "bench-stages"];
    let built = workspace::cargo_build(&[&package, arguments].concat()).await?;
    let mut programs = built.into_iter().filter_map(|artifact| artifact.executable);
    programs.next().context("cargo named no program")
}

async fn run_program(program: &Path, jobs: &[Job]) -> Result<Vec<Measured>> {
    let output = Command::new(program)
        .arg(serde_json::to_string(jobs)?)
        .kill_on_drop(true)
        .output()
        .await?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{error}");
    reports(&String::from_utf8_lossy(&output.stdout))
}

/// What was reported up to the end of all jobs: Envoy has the filter in more than one thread.
fn reports(log: &str) -> Result<Vec<Measured>> {
    let mut all = Vec::new();
    for report in log.lines().filter_map(Report::read) {
        match report {
            Report::Measured(measured) => all.push(measured),
            Report::Done => return Ok(all),
            Report::Failed(error) => bail!(error),
        }
    }
    bail!("the jobs were not done; the log ends with:\n{log}")
}

fn fuel_of(module: &Module, stage: Stage, workload: Workload, times: u32) -> Result<u64> {
    let job = Job {
        stage,
        workload,
        times,
        repeats: 1,
    };
    let configuration = serde_json::to_string(&[job])?;
    let host = Host::new(Profile::envoy());
    let vm = host.start(&Plugin::new(module).configuration(configuration))?;
    let log = host.log_text(Level::Warn).join("\n");
    reports(&log)?;
    Ok(vm.fuel())
}
