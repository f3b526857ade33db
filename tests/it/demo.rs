//! `cargo demo` as a user runs it.

use std::process::{Output, Stdio};

use anyhow::{Context, Result};
use audit_layer_tests::workspace;
use tokio::process::Command;

use crate::fixture::run;

#[test]
fn the_demo_shows_both_providers_plain_and_streamed_with_their_events() -> Result<()> {
    run(async {
        let output = demo(&["--once"], &[]).await?;
        let text = String::from_utf8(output.stdout)?;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}\n{errors}");
        for expected in [
            "OpenAI, plain",
            "OpenAI, streamed",
            "Anthropic, plain",
            "Anthropic, streamed",
        ] {
            assert!(text.contains(expected), "no {expected} in\n{text}");
        }
        for expected in ["sha256:", "loan_underwriting", "SOC2, FCRA", "rejected"] {
            assert!(text.contains(expected), "no {expected} in\n{text}");
        }
        assert!(
            !text.contains('\u{1b}'),
            "colours although the output is no terminal:\n{text}"
        );
        Ok(())
    })
}

#[test]
fn the_demos_help_explains_every_option() -> Result<()> {
    run(async {
        let text = String::from_utf8(demo(&["--help"], &[]).await?.stdout)?;
        for option in ["--once", "--upstream", "--port"] {
            assert!(text.contains(option), "no {option} in\n{text}");
        }
        Ok(())
    })
}

pub(crate) async fn demo(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Output> {
    let artifacts = workspace::cargo_build(&["--package", "audit-layer-demo"]).await?;
    let program = artifacts
        .into_iter()
        .find_map(|artifact| artifact.executable);
    let mut command = Command::new(program.context("cargo named no program")?);
    command
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(workspace::root());
    // Keys of a developer's own must not change what the demo does.
    command
        .env_remove("OPENAI_API_KEY")
        .env_remove("ANTHROPIC_API_KEY");
    Ok(command
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await?)
}
