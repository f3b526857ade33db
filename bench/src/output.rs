//! Where a benchmark writes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use audit_layer_tests::workspace;

/// The folder that was asked for, or the one of this name in the target directory; made if it is not
/// there.
pub fn folder(asked_for: Option<&Path>, name: &str) -> Result<PathBuf> {
    let folder = match asked_for {
        Some(folder) => folder.to_owned(),
        None => workspace::target()?.join(name),
    };
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(folder)
}
