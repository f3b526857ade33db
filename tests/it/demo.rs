//! `cargo demo` as a user runs it.

use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use audit_layer_tests::sample_llm::SampleLlm;
use audit_layer_tests::{collector, workspace};
use tokio::process::Command;

use crate::fixture::run;
use crate::tls::{self, Certificates};

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
        for expected in [
            "card [CARD:1]",
            "customer_support",
            "GDPR",
            "card 1, email 1",
            "OpenAI, sealed by a rule",
            "with the auditor's key",
            "Summarize for the board",
        ] {
            assert!(text.contains(expected), "no {expected} in\n{text}");
        }
        assert!(
            !text.contains('\u{1b}'),
            "colors although the output is no terminal:\n{text}"
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

#[test]
fn the_demo_asks_a_provider_over_tls_with_the_users_key() -> Result<()> {
    run(async {
        let provider = SampleLlm::start(Duration::ZERO).await?;
        let certificates = Certificates::new()?;
        let tls = tls::in_front_of(provider.address().port(), &certificates).await?;
        let url = format!("https://localhost:{}", tls.address("tls")?.port());
        let authority = certificates.authority();
        let authority = authority.to_str().context("a path that is not UTF-8")?;
        let environment = [("SSL_CERT_FILE", authority), ("OPENAI_API_KEY", "sk-mine")];
        let output = demo(&["--once", "--upstream", &url], &environment).await?;
        let text = String::from_utf8(output.stdout)?;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}\n{errors}");
        assert!(
            text.contains("OpenAI, for real") && text.contains("complete"),
            "{text}"
        );
        assert!(
            !text.contains("sk-mine") && !errors.contains("sk-mine"),
            "{text}\n{errors}"
        );
        Ok(())
    })
}

#[test]
fn the_demo_does_not_believe_a_provider_that_cannot_prove_its_name() -> Result<()> {
    run(async {
        let provider = SampleLlm::start(Duration::ZERO).await?;
        let tls = tls::in_front_of(provider.address().port(), &Certificates::new()?).await?;
        let url = format!("https://localhost:{}", tls.address("tls")?.port());
        let others = Certificates::new()?;
        let authority = others.authority();
        let authority = authority.to_str().context("a path that is not UTF-8")?;
        let environment = [("SSL_CERT_FILE", authority), ("OPENAI_API_KEY", "sk-mine")];
        let output = demo(&["--once", "--upstream", &url], &environment).await?;
        assert!(!output.status.success());
        let text = String::from_utf8(output.stdout)?;
        assert!(
            text.contains("503") && text.contains("local_reply"),
            "{text}"
        );
        Ok(())
    })
}

async fn demo(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Output> {
    let artifacts = workspace::cargo_build(&["--package", "audit-layer-demo"]).await?;
    let mut programs = artifacts
        .into_iter()
        .filter_map(|artifact| artifact.executable);
    let mut command = Command::new(programs.next().context("cargo named no program")?);
    // The collector of the other tests, so that it is not built a second time with other features.
    command.env(collector::PROGRAM_VARIABLE, collector::build().await?);
    // Keys of a developer's own must not change what the demo does.
    command
        .env_remove("OPENAI_API_KEY")
        .env_remove("ANTHROPIC_API_KEY");
    command.args(arguments).envs(environment.iter().copied());
    let command = command.current_dir(workspace::root()).stdin(Stdio::null());
    Ok(command.kill_on_drop(true).output().await?)
}
