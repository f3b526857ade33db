//! Packages of Debian and Ubuntu: what neither the registry of Rust nor that of Python has.

use std::fs::File;
use std::process::Command;

use anyhow::{Context, Result};

/// What `find` finds on this machine. Where it finds nothing, root installs `packages` first.
///
/// # Errors
/// It is not there, and could not be installed.
pub fn installed<T>(packages: &[&str], find: impl Fn() -> Option<T>) -> Result<T> {
    // Several test programs may come here at the same time. Before looking, since a package is there
    // before it is installed.
    let lock = File::create(std::env::temp_dir().join("audit-layer-packages.lock"));
    let _lock = lock.and_then(|file| file.lock().map(|()| file));
    if find().is_none() {
        apt_get(&["update"]);
        apt_get(&[&["install", "--yes", "--no-install-recommends"], packages].concat());
    }
    let packages = packages.join(" ");
    find().with_context(|| {
        format!("not here, and could not be installed: `apt-get install {packages}`")
    })
}

/// Whether it succeeded shows in whether the thing is there then.
fn apt_get(arguments: &[&str]) {
    let _ = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .output();
}
