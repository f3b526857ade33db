//! The external processor that `cargo bench-gateway` compares the plugin with.

use std::path::PathBuf;

use anyhow::{Context, Result};
use audit_layer_bench::ext_proc;
use audit_layer_tests::ports::loopback;
use clap::Parser;
use tokio::net::TcpListener;

/// Record the calls that Envoy's ext_proc filter shows, with the plugin's core.
#[derive(Debug, Parser)]
struct Arguments {
    /// A file to write the address to, when it is listened on
    #[arg(long, value_name = "FILE")]
    listen_address_file: PathBuf,

    /// Where the events go, such as http://127.0.0.1:8080/v1
    #[arg(long, value_name = "URL")]
    audit_api: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let listener = TcpListener::bind(loopback(0)).await?;
    let file = &arguments.listen_address_file;
    // Whoever reads it reads all of it.
    let whole = file.with_extension("whole");
    std::fs::write(&whole, listener.local_addr()?.to_string())
        .and_then(|()| std::fs::rename(&whole, file))
        .with_context(|| file.display().to_string())?;
    ext_proc::serve(listener, &arguments.audit_api).await
}
