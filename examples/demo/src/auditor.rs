//! The auditor of the demo, who alone can read what is sealed.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use audit_layer_tests::collector;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

static AUDITOR: OnceLock<Auditor> = OnceLock::new();

/// Where the private key is, and what the gateway is told of the public one.
#[derive(Debug)]
struct Auditor {
    key: PathBuf,
    seal: Value,
}

/// Makes the auditor's keys, or takes those of an earlier visit.
pub(crate) async fn hire(key: PathBuf) -> Result<()> {
    let mut command = audit_layer().await?;
    command.arg("sealing-key").arg(&key);
    if key.exists() {
        command.arg("--existing");
    }
    let output = command.output().await?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{errors}");
    let printed: Value = serde_json::from_slice(&output.stdout)?;
    let seal = printed["seal"].clone();
    // A process has one auditor.
    let _is_first = AUDITOR.set(Auditor { key, seal });
    Ok(())
}

/// For whom the gateway seals.
pub(crate) fn seal() -> Result<Value> {
    Ok(AUDITOR.get().context("no auditor")?.seal.clone())
}

/// The event with its content; `None` if nothing of it is sealed.
pub(crate) async fn open(event: &Value) -> Result<Option<Value>> {
    if event.pointer("/metadata/audit_layer/sealed").is_none() {
        return Ok(None);
    }
    let key: &Path = &AUDITOR.get().context("no auditor")?.key;
    let mut child = audit_layer()
        .await?
        .arg("open")
        .arg("--key")
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("no stdin")?;
    stdin.write_all(event.to_string().as_bytes()).await?;
    drop(stdin);
    let output = child.wait_with_output().await?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{errors}");
    Ok(Some(serde_json::from_slice(&output.stdout)?))
}

async fn audit_layer() -> Result<Command> {
    Ok(Command::new(collector::build_without_pdf().await?))
}
