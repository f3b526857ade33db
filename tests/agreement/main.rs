//! The fake host of `host-test` agrees with Envoy: the same guests in both, through the same
//! scenario, say the same lines and leave clients and upstreams with the same messages.

mod bodies;
mod callouts;
mod ends;
mod fake;
mod faults;
mod headers;
mod real;
mod scenario;
mod wire;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use audit_layer_tests::{wasm, workspace};
use tokio::sync::OnceCell;

use crate::scenario::{Lines, Scenario, Shown};

/// Plays a scenario in both hosts, and gives what both showed. Fails where they differ.
fn check(scenario: &Scenario) -> Result<Shown> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let module = guests().await?;
        let (mut fake, counts) = fake::play(scenario, module)?;
        let real = real::play(scenario, module, &counts).await;
        let mut real = real.with_context(|| format!("the fake showed {fake:#?}"))?;
        if matches!(scenario.lines, Lines::DependOnChunks) {
            for shown in [&mut fake, &mut real] {
                shown.worker.clear();
                // Envoy may answer before it has reached the upstream.
                for exchange in &mut shown.exchanges {
                    exchange.upstream = None;
                }
            }
        }
        assert_eq!(fake, real, "fake on the left, Envoy on the right");
        Ok(real)
    })
}

/// The module with the guests that show the fake's facts, built once in a process.
async fn guests() -> Result<&'static Path> {
    static MODULE: OnceCell<PathBuf> = OnceCell::const_new();
    let module = MODULE.get_or_try_init(async || {
        wasm::add_target_when_missing().await?;
        let folder = workspace::target()?.join("guests");
        let folder = folder.to_str().context("a path that is not UTF-8")?;
        let manifest = workspace::root().join("host-test/guests/Cargo.toml");
        let manifest = manifest.to_str().context("a path that is not UTF-8")?;
        let arguments = ["--release", "--locked", "--target", wasm::TARGET];
        let places = ["--manifest-path", manifest, "--target-dir", folder];
        let artifacts = workspace::cargo_build(&[arguments, places].concat()).await?;
        let mut files = artifacts
            .into_iter()
            .flat_map(|artifact| artifact.filenames);
        let module = files.find(|path| {
            path.extension()
                .is_some_and(|extension| extension == "wasm")
        });
        module.context("cargo built the guests but named no .wasm file")
    });
    Ok(module.await?)
}
