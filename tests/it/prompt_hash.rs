//! The program in `core/PROMPT.md` that computes the hash of a conversation from its event, run by a
//! real Python on the event of every fixture.

use std::process::Stdio;

use anyhow::{Context, Result};
use audit_layer_tests::workspace;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Reads events, one a line, and says of how many the hash is what the program computes.
const CHECK: &str = r#"
import json, sys
checked = 0
for line in sys.stdin:
    event = json.loads(line)
    told = event["metadata"]["audit_layer"].get("prompt")
    if told and told["hash"]:
        assert prompt_hash(event) == told["hash"], event
        checked += 1
print(checked)
"#;

#[tokio::test]
async fn the_documented_program_computes_the_hash_of_every_fixture() -> Result<()> {
    let document = std::fs::read_to_string(workspace::root().join("core/PROMPT.md"))?;
    let (_, code) = document.split_once("```python\n").context("no program")?;
    let (code, _) = code.split_once("```").context("the program has no end")?;
    let mut python = Command::new("python3")
        .args(["-c", &[code, CHECK].concat()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut input = python.stdin.take().context("no standard input")?;
    input.write_all(events()?.as_bytes()).await?;
    drop(input);
    let output = python.wait_with_output().await?;
    assert!(output.status.success());
    let checked: usize = String::from_utf8(output.stdout)?.trim().parse()?;
    assert!(checked > 200, "{checked}");
    Ok(())
}

fn events() -> Result<String> {
    let mut events = String::new();
    for format in std::fs::read_dir(workspace::root().join("core/fixtures"))? {
        for file in std::fs::read_dir(format?.path())? {
            let path = file?.path();
            if path.extension().is_some_and(|it| it == "json") {
                let event: serde_json::Value =
                    serde_json::from_str(&std::fs::read_to_string(path)?)?;
                events.push_str(&event.to_string());
                events.push('\n');
            }
        }
    }
    Ok(events)
}
