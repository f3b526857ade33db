//! What every test needs: the built guests, compiled once, and a VM with one of them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use proxy_wasm_host_test::{Engine, Host, Level, Module, Plugin, Profile, Thread, Vm};

/// A host with one VM in it.
pub(crate) struct Setup {
    pub(crate) host: Host,
    pub(crate) vm: Vm,
}

impl Setup {
    /// The lines that guests wrote in this VM's thread, without those of canaries.
    pub(crate) fn said(&self) -> Vec<String> {
        said(&self.host)
    }

    /// The lines since the last time.
    pub(crate) fn says(&self) -> Vec<String> {
        let lines = said(&self.host);
        drop(self.host.take_log());
        lines
    }
}

/// Starts a guest, named in its configuration, in Envoy.
pub(crate) fn start(configuration: &str) -> Result<Setup> {
    start_in(Profile::envoy(), configuration)
}

/// Starts a guest in another kind of host.
pub(crate) fn start_in(profile: Profile, configuration: &str) -> Result<Setup> {
    let host = Host::new(profile);
    let vm = host.start(&plugin(configuration)?)?;
    Ok(Setup { host, vm })
}

/// The guests as a plugin, with one of them chosen.
pub(crate) fn plugin(configuration: &str) -> Result<Plugin> {
    Ok(Plugin::new(&guests()?).configuration(configuration))
}

/// Everything that was logged, except in canaries.
pub(crate) fn said(host: &Host) -> Vec<String> {
    let lines = host.log().into_iter();
    let lines = lines.filter(|line| line.thread != Thread::Canary && line.level <= Level::Error);
    lines.map(|line| line.text()).collect()
}

/// A module written as text.
pub(crate) fn module(text: &str) -> Result<Module> {
    Ok(engine()?.module(&wat::parse_str(text)?)?)
}

pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) const REQUEST: [(&str, &str); 3] =
    [(":method", "POST"), (":path", "/"), ("x", "request")];
pub(crate) const RESPONSE: [(&str, &str); 2] = [(":status", "200"), ("x", "response")];

/// The one engine of this test binary.
pub(crate) fn engine() -> Result<&'static Engine> {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    match ENGINE.get() {
        Some(engine) => Ok(engine),
        None => {
            let engine = Engine::new()?;
            Ok(ENGINE.get_or_init(|| engine))
        }
    }
}

fn guests() -> Result<Module> {
    static BYTES: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();
    let bytes = BYTES.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    let bytes = bytes
        .as_ref()
        .map_err(|error| anyhow::anyhow!(error.clone()))?;
    Ok(engine()?.module(bytes)?)
}

/// Builds the guests' crate, after adding its target if that is missing.
fn build() -> Result<Vec<u8>> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests");
    let target_folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("guests");
    if !run(&crate_folder, &target_folder)? {
        let added = Command::new("rustup")
            .args(["target", "add", TARGET])
            .status();
        ensure!(
            added.is_ok_and(|added| added.success()),
            "rustup target add {TARGET} failed"
        );
        ensure!(
            run(&crate_folder, &target_folder)?,
            "the guests do not build"
        );
    }
    let file = target_folder.join(TARGET).join("release/guests.wasm");
    std::fs::read(&file).with_context(|| file.display().to_string())
}

fn run(crate_folder: &Path, target_folder: &Path) -> Result<bool> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "build",
        "--quiet",
        "--release",
        "--locked",
        "--target",
        TARGET,
        "--target-dir",
    ]);
    cargo.arg(target_folder).current_dir(crate_folder);
    for flags in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(flags);
    }
    Ok(cargo.status().context("cargo does not start")?.success())
}

const TARGET: &str = "wasm32-wasip1";
