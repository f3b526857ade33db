//! The pure code on the plugin's own target, where pointers and sizes have 32 bits.

use anyhow::{Context, Result, ensure};
use audit_layer_tests::{python, wasm, workspace};
use tokio::process::Command;

#[tokio::test]
async fn the_core_passes_its_own_tests_on_wasm() -> Result<()> {
    wasm::add_target_when_missing().await?;
    let arguments = [
        "--package",
        "audit-layer-core",
        "--lib",
        "--target",
        wasm::TARGET,
    ];
    let program = workspace::cargo_build_tests(&arguments)
        .await?
        .into_iter()
        .find_map(|artifact| artifact.executable)
        .context("cargo built no test program")?;
    let [interpreter, script] = python::wasi_runner().await?;
    let output = Command::new(interpreter)
        .arg(script)
        .arg(program)
        .kill_on_drop(true)
        .output()
        .await?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let summary = printed
        .lines()
        .find(|line| line.starts_with("test result: ok."));
    ensure!(
        output.status.success() && summary.is_some_and(|line| !line.contains(" 0 passed")),
        "{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
