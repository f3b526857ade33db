//! Packages of the npm registry, in folders of the target directory.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use tokio::process::Command;
use tokio::task::spawn_blocking;

use crate::{debian, workspace};

/// Makes sure that a package of this version is in the folder `name` of the target directory; gives
/// the folder of modules there. Scripts of packages are not run.
pub async fn install(name: &str, package: &str) -> Result<PathBuf> {
    let folder = workspace::target()?.join(name);
    std::fs::create_dir_all(&folder)?;
    let stamp = folder.join("installed");
    let lock = folder.join("lock");
    // The lock ends with the file.
    let _lock = spawn_blocking(move || {
        let lock = File::create(lock)?;
        lock.lock()?;
        Ok::<_, anyhow::Error>(lock)
    })
    .await??;
    let modules = folder.join("node_modules");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == package) {
        return Ok(modules);
    }
    spawn_blocking(|| debian::installed(&["nodejs", "npm"], || both_run().then_some(()))).await??;
    let output = Command::new("npm")
        .args(["install", "--no-save", "--no-audit", "--no-fund"])
        .args(["--ignore-scripts", "--prefix"])
        .arg(&folder)
        .arg(package)
        .kill_on_drop(true)
        .output()
        .await
        .context("npm could not be run")?;
    if !output.status.success() {
        bail!(
            "npm could not install {package}; a registry must be reachable. It said:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    std::fs::write(&stamp, package)?;
    Ok(modules)
}

fn both_run() -> bool {
    ["node", "npm"].into_iter().all(|program| {
        let output = std::process::Command::new(program)
            .arg("--version")
            .output();
        output.is_ok_and(|output| output.status.success())
    })
}
