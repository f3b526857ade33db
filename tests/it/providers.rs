//! Who serves a model is told by where the gateway sends the call, as one address has them all.

use anyhow::{Context, Result};
use audit_layer_tests::collector::Collector;
use audit_layer_tests::envoy::{Configuration, Envoy};
use audit_layer_tests::sample_llm::SampleLlm;
use audit_layer_tests::stack::{self, LISTENER};
use audit_layer_tests::{python, workspace};
use serde_json::Value;

use crate::call::{ANTHROPIC, Call, OPENAI};
use crate::expected::notes;
use crate::fixture::run;

/// The header by which calls of `openai-anthropic-vllm.yaml` go to the local server.
const SERVER: &str = "x-model-server";

const ASK: &str = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#;

/// A path that is in no table.
const OTHER: &str = "/v1/files";

#[test]
fn two_providers_and_a_local_server_behind_one_address_are_told_apart() -> Result<()> {
    run(async {
        let gateway = Gateway::start().await?;
        for (path, header, provider, api) in [
            (OPENAI, None, "openai", "openai.chat_completions"),
            (ANTHROPIC, None, "anthropic", "anthropic.messages"),
            (
                OPENAI,
                Some((SERVER, "vllm")),
                "vllm",
                "openai.chat_completions",
            ),
            (
                ANTHROPIC,
                Some((SERVER, "vllm")),
                "vllm",
                "anthropic.messages",
            ),
            // What no path tells, the cluster does, as soon as the headers have come.
            (OTHER, None, "openai", "unknown"),
            (
                OTHER,
                Some(("anthropic-version", "2023-06-01")),
                "anthropic",
                "unknown",
            ),
            (OTHER, Some((SERVER, "vllm")), "vllm", "unknown"),
        ] {
            let mut call = Call::new(path, ASK);
            if let Some((name, value)) = header {
                call = call.header(name, value);
            }
            let event = gateway.event(&call).await?;
            let place = format!("{path} with {header:?}: {event:#}");
            assert_eq!(event["model_provider"], provider, "{place}");
            let read_as = event.pointer("/metadata/audit_layer/capture/api");
            assert_eq!(read_as.context("no api")?, api, "{place}");
            let is_unknown = notes(&event).contains(&"api_unknown");
            assert_eq!(is_unknown, api == "unknown", "{place}");
        }
        Ok(())
    })
}

/// The shipped configuration, with the sample LLM in the place of all three.
struct Gateway {
    envoy: Envoy,
    collector: Collector,
    _sample: SampleLlm,
    _folder: tempfile::TempDir,
}

impl Gateway {
    async fn start() -> Result<Self> {
        let folder = workspace::scratch()?;
        let collector = Collector::start(folder.path().join("audit.db"), 0).await?;
        let sample = SampleLlm::start(std::time::Duration::ZERO).await?;
        let mut configuration = Configuration::shipped("openai-anthropic-vllm.yaml")?;
        stack::connect(&mut configuration, &collector).await?;
        stack::ask_sample(&mut configuration, &sample)?;
        configuration.endpoint("vllm", sample.address())?;
        let options = stack::envoy_options();
        let envoy = Envoy::start(&python::envoy().await?, &configuration, &options).await?;
        Ok(Self {
            envoy,
            collector,
            _sample: sample,
            _folder: folder,
        })
    }

    async fn event(&self, call: &Call) -> Result<Value> {
        let url = format!("http://{}", self.envoy.address(LISTENER)?);
        let answer = call.make(&url).await?;
        stack::event(&self.collector, &self.envoy, answer.request_id()?).await
    }
}
