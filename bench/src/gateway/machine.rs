//! Where and when a run was made.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use chrono::Utc;
use tokio::process::Command;

/// A sentence on the day, the machine, and the version of Envoy.
pub async fn sentence(envoy: &Path, processors: u32) -> Result<String> {
    let day = Utc::now().format("%Y-%m-%d");
    let version = envoy_version(envoy).await?;
    let model = processor_model();
    Ok(format!(
        "Measured on {day} with Envoy {version} on a machine with {processors} processors ({model})"
    ))
}

/// The version that Envoy calls itself: `1.40.0` of `/bin/envoy  version: 9e55…/1.40.0/Clean/RELEASE/BoringSSL`.
async fn envoy_version(envoy: &Path) -> Result<String> {
    let output = Command::new(envoy).arg("--version").output().await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let (_, build) = text.split_once("version: ").unwrap_or_default();
    let version = build.split('/').nth(1);
    version
        .map(str::to_owned)
        .with_context(|| format!("Envoy's version is not in {text:?}"))
}

/// What the processor calls itself.
fn processor_model() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let model = lines.find(|(name, _)| name.trim() == "model name");
    model
        .map_or("unknown", |(_, model)| model.trim())
        .to_owned()
}
