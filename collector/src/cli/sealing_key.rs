//! The command `sealing-key`: a pair of keys for sealed content.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use audit_layer_core::limits::KEY_ID_BYTES_MAX;
use audit_layer_core::sealing::PrivateKey;
use clap::Args;
use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::open::key_of;
use crate::cli::output::print;

pub(super) const HELP: &str = "\
The private key is written to FILE, which must not exist, readable by its owner alone. What is printed belongs in
the plugin's configuration; it is no secret. Keep the private key, and a copy of it, where neither gateway
nor collector can read it: content that is sealed for a lost key is lost.

OpenSSL makes such keys too: openssl genpkey -algorithm X25519 -out auditor.pem

Examples:
  audit-layer sealing-key auditor.pem
  audit-layer sealing-key --existing --key-id auditor-2026 auditor.pem";

#[derive(Debug, Args)]
pub(crate) struct SealingKeyArgs {
    /// The file for the private key.
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Only print what belongs in the configuration: FILE has a private key already.
    #[arg(long)]
    existing: bool,

    /// The key's name in events. Default: the first 16 digits of its SHA-256.
    #[arg(long, value_name = "NAME", value_parser = name)]
    key_id: Option<String>,
}

pub(crate) fn run(arguments: SealingKeyArgs) -> Result<(), CliError> {
    let SealingKeyArgs {
        file,
        existing,
        key_id,
    } = arguments;
    let key = match existing {
        true => key_of(&file)?,
        false => new_key(&file)?,
    };
    let public_key = key.public_key();
    let recipient = json!({
        "key_id": key_id.unwrap_or_else(|| public_key.id()),
        "public_key": public_key.to_string(),
    });
    let configuration = json!({
        "capture": {"content": "sealed", "hash_key": {"env": "AUDIT_LAYER_HASH_KEY"}},
        "seal": {"recipients": [recipient]},
    });
    print(&format!("{configuration:#}\n"))
}

/// A name that the plugin takes.
fn name(text: &str) -> Result<String, String> {
    match (1..=KEY_ID_BYTES_MAX).contains(&text.len()) {
        true => Ok(text.to_owned()),
        false => Err(format!("must have from 1 to {KEY_ID_BYTES_MAX} bytes")),
    }
}

/// Writes a new key to a file that does not exist.
fn new_key(file: &Path) -> Result<PrivateKey, CliError> {
    let failed = |source| CliError::SealingKey {
        file: file.to_owned(),
        source,
    };
    let key = PrivateKey::generate(|bytes| getrandom::fill(bytes).is_ok())
        .ok_or_else(|| failed(io::Error::other("the system has no random bytes")))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(file).map_err(failed)?;
    if let Err(error) = written.write_all(key.to_pem().as_bytes()) {
        // Half a key is none, and would be in the way of the next.
        let _is_removed = fs::remove_file(file);
        return Err(failed(error));
    }
    Ok(key)
}
