//! The plugin as the WebAssembly module that ships.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::workspace;

/// The compiler's name for what proxies run.
pub const TARGET: &str = "wasm32-wasip1";

/// Builds the module, once in a process, and returns its path.
pub async fn build() -> Result<&'static Path> {
    static MODULE: OnceCell<PathBuf> = OnceCell::const_new();
    let module = MODULE.get_or_try_init(|| build_module(PLUGIN, "wasm", &[]));
    Ok(module.await?)
}

/// Builds the module of another package of the workspace as the plugin is built, and returns its path.
pub async fn build_package(package: &str) -> Result<PathBuf> {
    build_module(package, "wasm", &[]).await
}

/// Builds the module with the means to have it trap and with its callbacks timed, beside the one that
/// ships and quicker, and returns its path.
pub async fn build_trapping() -> Result<&'static Path> {
    static MODULE: OnceCell<PathBuf> = OnceCell::const_new();
    let module = MODULE.get_or_try_init(|| build_beside("trap", "release", "trap,timing"));
    Ok(module.await?)
}

/// Builds the module as it ships, but for its callbacks being timed, beside the one that ships, and
/// returns its path.
pub async fn build_timed() -> Result<PathBuf> {
    build_beside("timing", "wasm", "timing").await
}

async fn build_beside(folder: &str, profile: &str, features: &str) -> Result<PathBuf> {
    let folder = workspace::target()?.join(folder);
    let folder = folder.to_str().context("a path that is not UTF-8")?;
    let arguments = ["--features", features, "--target-dir", folder];
    build_module(PLUGIN, profile, &arguments).await
}

const PLUGIN: &str = "audit-layer-plugin";

async fn build_module(package: &str, profile: &str, further: &[&str]) -> Result<PathBuf> {
    add_target_when_missing().await?;
    let arguments = [
        "--profile",
        profile,
        "--target",
        TARGET,
        "--package",
        package,
    ];
    let artifacts = workspace::cargo_build(&[&arguments, further].concat()).await?;
    artifacts
        .into_iter()
        .flat_map(|artifact| artifact.filenames)
        .find(|path| {
            path.extension()
                .is_some_and(|extension| extension == "wasm")
        })
        .with_context(|| format!("cargo built {package} but named no .wasm file"))
}

/// Makes sure that the compiler can build for [`TARGET`].
///
/// rustup's automatic installation may be off, so the target is asked for by name.
pub async fn add_target_when_missing() -> Result<()> {
    if target_is_installed().await? {
        return Ok(());
    }
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .current_dir(workspace::root())
        .output()
        .await;
    let hint =
        format!("install the Rust target {TARGET}, for instance by `rustup target add {TARGET}`");
    let output = added.with_context(|| format!("rustup could not be run; {hint}"))?;
    if !output.status.success() {
        bail!(
            "{hint}; rustup said:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// Looks where the compiler itself would, so that toolchains without rustup count too.
async fn target_is_installed() -> Result<bool> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(workspace::root())
        .output()
        .await
        .context("rustc could not be run")?;
    let folder = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    Ok(output.status.success() && folder.is_dir())
}
