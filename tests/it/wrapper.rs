//! The prompt that the gateway records is the one that the client wrappers record.

use anyhow::{Context, Result};
use audit_layer_tests::sample_llm::script::Script;
use audit_layer_tests::{python, workspace};
use serde::Deserialize;
use serde_json::json;

use crate::call::{ANTHROPIC, Call, OPENAI};
use crate::fixture::{run, stack};

#[test]
fn prompts_are_those_that_the_wrappers_record() -> Result<()> {
    run(async {
        let stack = stack().await?;
        let script = stack
            .sample
            .script(Script::plain(200, "application/json", "{}"));
        for vector in vectors()? {
            let call = Call::new(vector.path()?, vector.body.clone()).scripted(&script);
            let event = call.through(stack).await?.event(stack).await?;
            assert_eq!(
                event["prompt_content"], vector.prompt_content,
                "{}",
                vector.name
            );
            let hash = format!("sha256:{}", vector.prompt_sha256);
            assert_eq!(event["prompt_hash"], hash, "{}", vector.name);
        }
        Ok(())
    })
}

#[test]
fn the_vectors_are_what_the_wrappers_expressions_compute() -> Result<()> {
    run(async {
        let computed = python::run("wrapper_vectors.py", &[]).await?;
        let same = computed == fixture()?;
        assert!(
            same,
            "tests/fixtures/wrapper-vectors.json is stale; tests/fixtures says how to write it"
        );
        Ok(())
    })
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    api: String,
    body: String,
    prompt_content: String,
    prompt_sha256: String,
}

impl Vector {
    fn path(&self) -> Result<&'static str> {
        let paths = json!({ "openai_chat": OPENAI, "anthropic_messages": ANTHROPIC });
        let known = [OPENAI, ANTHROPIC]
            .into_iter()
            .find(|path| paths[&self.api] == *path);
        known.with_context(|| format!("a vector of the unknown format {}", self.api))
    }
}

fn vectors() -> Result<Vec<Vector>> {
    Ok(serde_json::from_str(&fixture()?)?)
}

fn fixture() -> Result<String> {
    let path = workspace::root().join("tests/fixtures/wrapper-vectors.json");
    Ok(std::fs::read_to_string(path)?)
}
