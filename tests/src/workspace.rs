//! This workspace as files and as things that cargo builds.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Once, OnceLock};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, test_kill_process};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::process::Command;

/// The folder that holds the workspace's `Cargo.toml`.
pub fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// Cargo's target directory, wherever the environment or a configuration puts it.
pub fn target() -> Result<&'static Path> {
    static TARGET: OnceLock<PathBuf> = OnceLock::new();
    if let Some(target) = TARGET.get() {
        return Ok(target);
    }
    let output = std::process::Command::new(cargo_program())
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .context("cargo metadata")?;
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).context("the answer of cargo metadata")?;
    Ok(TARGET.get_or_init(|| metadata.target_directory))
}

/// A folder in the target directory that goes when it is dropped.
///
/// What a process leaves there because it was killed, the next one clears away.
pub fn scratch() -> Result<TempDir> {
    static CLEARED: Once = Once::new();
    let folder = target()?.join("scratch");
    std::fs::create_dir_all(&folder)?;
    CLEARED.call_once(|| clear_abandoned(&folder));
    let owner = format!("{}-", std::process::id());
    Ok(tempfile::Builder::new().prefix(&owner).tempdir_in(folder)?)
}

/// What cargo built: a program or a library.
#[derive(Debug, Deserialize)]
pub struct Artifact {
    /// The target it belongs to.
    pub target: Target,
    /// Everything that was written for it.
    pub filenames: Vec<PathBuf>,
    /// The program, when it is one.
    pub executable: Option<PathBuf>,
}

/// A target as cargo names it.
#[derive(Debug, Deserialize)]
pub struct Target {
    /// Such as `audit-layer` or `audit_layer_plugin`.
    pub name: String,
}

/// Runs `cargo build` with these arguments and returns what it built, or found already built.
pub async fn cargo_build(arguments: &[&str]) -> Result<Vec<Artifact>> {
    cargo("build", arguments).await
}

/// Builds tests with these arguments, without running them, and returns what it built.
pub async fn cargo_build_tests(arguments: &[&str]) -> Result<Vec<Artifact>> {
    cargo("test", &[&["--no-run"], arguments].concat()).await
}

/// Has cargo show on stderr what it does, from now on: someone is watching.
pub fn show_builds() {
    ARE_BUILDS_SHOWN.store(true, Ordering::Relaxed);
}

static ARE_BUILDS_SHOWN: AtomicBool = AtomicBool::new(false);

async fn cargo(subcommand: &str, arguments: &[&str]) -> Result<Vec<Artifact>> {
    let mut command = Command::new(cargo_program());
    command
        .args([subcommand, "--message-format", "json-render-diagnostics"])
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(match ARE_BUILDS_SHOWN.load(Ordering::Relaxed) {
            true => Stdio::inherit(),
            false => Stdio::piped(),
        })
        .kill_on_drop(true);
    for name in inherited_from_the_outer_cargo() {
        command.env_remove(name);
    }
    let output = command.spawn().context("cargo")?.wait_with_output().await?;
    if !output.status.success() {
        let log = String::from_utf8_lossy(&output.stderr);
        bail!("cargo {subcommand} {} failed:\n{log}", arguments.join(" "));
    }
    let lines = output.stdout.split(|byte| *byte == b'\n');
    Ok(lines.filter_map(artifact).collect())
}

#[derive(Deserialize)]
struct Metadata {
    target_directory: PathBuf,
}

/// Removes the folders of processes that are no more. They are named by the process's id.
fn clear_abandoned(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.split('-').next()?.parse().ok());
        if owner
            .and_then(Pid::from_raw)
            .is_some_and(|id| test_kill_process(id).is_err())
        {
            // Another process may clear at the same time; then there is nothing left to do.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// The cargo that runs us, or the one on the path.
fn cargo_program() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Cargo tells a test or a program that it runs about its package. Build scripts of the nested
/// build would take that for their own and rebuild.
fn inherited_from_the_outer_cargo() -> Vec<std::ffi::OsString> {
    const PREFIXES: [&str; 4] = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
    ];
    std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| {
            let name = name.to_string_lossy();
            PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        })
        .collect()
}

fn artifact(line: &[u8]) -> Option<Artifact> {
    #[derive(Deserialize)]
    struct Reason<'a> {
        reason: &'a str,
    }
    let message: Reason<'_> = serde_json::from_slice(line).ok()?;
    if message.reason != "compiler-artifact" {
        return None;
    }
    serde_json::from_slice(line).ok()
}
