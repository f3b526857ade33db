//! How each server comes to be: packages into the target directory, Go's compiler from Debian.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};

use crate::{debian, npm, python, workspace};

/// The version of Express, from the npm registry.
const EXPRESS: &str = "express@5.3.0";

pub(super) async fn fastapi() -> Result<tokio::process::Command> {
    let mut command = tokio::process::Command::new(python::servers().await?);
    command
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(source("fastapi_servers.py"));
    Ok(command)
}

pub(super) async fn express() -> Result<tokio::process::Command> {
    let modules = npm::install("express", EXPRESS).await?;
    let mut command = tokio::process::Command::new("node");
    command
        .env("NODE_PATH", modules)
        .arg(source("express_servers.js"));
    Ok(command)
}

pub(super) fn go() -> Result<tokio::process::Command> {
    debian::installed(&["golang-go"], || runs_with("go", "version").then_some(()))?;
    let folder = folder()?;
    let _lock = lock()?;
    let program = folder.join("go-servers");
    let mut build = Command::new("go");
    build
        .arg("build")
        .arg("-o")
        .arg(&program)
        .arg(source("go_servers.go"))
        // One file that needs nothing but the standard library.
        .env("GO111MODULE", "off")
        .env("CGO_ENABLED", "0")
        .env("GOCACHE", folder.join("go-cache"))
        .env("GOPATH", folder.join("go-path"));
    succeed(&mut build, "Go could not build the servers")?;
    Ok(tokio::process::Command::new(program))
}

fn source(name: &str) -> PathBuf {
    workspace::root().join("tests/servers").join(name)
}

fn folder() -> Result<PathBuf> {
    let folder = workspace::target()?.join("servers");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Other test processes use the same folder. The lock ends with the file.
fn lock() -> Result<File> {
    let file = File::create(folder()?.join("lock"))?;
    file.lock()?;
    Ok(file)
}

fn runs_with(program: &str, argument: &str) -> bool {
    let output = Command::new(program).arg(argument).output();
    output.is_ok_and(|output| output.status.success())
}

fn succeed(command: &mut Command, failure: &str) -> Result<()> {
    let Output { status, stderr, .. } = command.output().with_context(|| failure.to_owned())?;
    let stderr = String::from_utf8_lossy(&stderr);
    ensure!(status.success(), "{failure}:\n{stderr}");
    Ok(())
}
