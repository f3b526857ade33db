//! The README is run: what it tells a newcomer to type works, and what it shows is so.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use audit_layer_core::event::CompletionState;
use audit_layer_core::host::Host;
use audit_layer_core::policy::Policy;
use audit_layer_tests::stack::Stack;
use audit_layer_tests::wait::{PATIENCE, wait_until};
use audit_layer_tests::{collector, python, workspace};
use serde_json::{Map, Value, json};
use tokio::process::Command;

use crate::call::{Call, OPENAI};
use crate::fixture::{run, stack, unique};

/// Where each of the README's commands is run.
const COMMANDS: [(&str, &str); 9] = [
    ("cargo demo", "demo.rs, with --once"),
    ("cargo test", "by whoever reads this"),
    (
        "rustup target add wasm32-wasip1",
        "wasm.rs, when it is missing",
    ),
    (
        "cargo build --profile wasm --target wasm32-wasip1 -p audit-layer-plugin",
        "here",
    ),
    (
        "cargo run --release -p audit-layer-collector -- serve",
        "collector.rs, without --release",
    ),
    (
        "cargo run --release -p audit-layer-collector -- keys create --role ingest --kind gateway --organization acme",
        "by the collector's own tests",
    ),
    (
        "export OPENAI_BASE_URL=http://127.0.0.1:10000/v1 ANTHROPIC_BASE_URL=http://127.0.0.1:10000",
        "sdk.rs, as the clients' base URL",
    ),
    (
        "curl \"http://127.0.0.1:8080/v1/audit/logs?user_id=alice&limit=10\" -H \"Authorization: Bearer $AUDIT_LAYER_API_KEY\"",
        "here",
    ),
    (
        "cargo run --release -p audit-layer-collector -- import envoy.log",
        "import.rs of the collector's tests, with its own log",
    ),
];

#[test]
fn every_command_of_the_readme_is_run_by_a_test() -> Result<()> {
    let known: Vec<&str> = COMMANDS.iter().map(|(command, _)| *command).collect();
    let readme = readme()?;
    let written: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("$ "))
        .collect();
    assert_eq!(written, known);
    Ok(())
}

#[test]
fn the_plugin_is_built_where_the_readme_says() -> Result<()> {
    run(async {
        shell(COMMANDS[3].0).await?;
        let module = "wasm32-wasip1/wasm/audit_layer_plugin.wasm";
        assert!(readme()?.contains(&format!("target/{module}")));
        assert!(workspace::target()?.join(module).exists());
        Ok(())
    })
}

#[test]
fn the_query_of_the_readme_finds_the_users_events() -> Result<()> {
    run(async {
        let stack = stack().await?;
        let user = unique("alice");
        let body = r#"{"model":"sample","messages":[{"role":"user","content":"Hello"}]}"#;
        let answer = Call::new(OPENAI, body)
            .header("x-audit-user-id", &user)
            .through(stack)
            .await?;
        answer.event(stack).await?;
        let url = stack.collector.api().url();
        let command = COMMANDS[7]
            .0
            .replace("http://127.0.0.1:8080/v1", &url)
            .replace("user_id=alice", &format!("user_id={user}"));
        let page: Value = serde_json::from_str(&shell(&command).await?)?;
        let events = page["data"].as_array().context("data is a list")?;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["user_id"], user.as_str());
        Ok(())
    })
}

#[test]
fn users_in_any_script_are_recorded_as_the_readme_says() -> Result<()> {
    run(async {
        let stack = stack().await?;
        let url = format!("{}/v1", stack.url()?);
        for (language, program) in [("python", python::clients().await?), ("js", "node".into())] {
            let folder = workspace::scratch()?;
            let script = folder.path().join(format!(
                "readme.{}",
                if language == "js" { "mjs" } else { "py" }
            ));
            std::fs::write(&script, block(language)?)?;
            let before = users(stack).await?;
            let output = Command::new(&program)
                .arg(&script)
                .env("OPENAI_BASE_URL", &url)
                .env("OPENAI_API_KEY", "sk-readme")
                .env("no_proxy", "127.0.0.1")
                .kill_on_drop(true)
                .output()
                .await?;
            let stderr = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "{language}: {stderr}");
            let what = format!("the users of the README's {language}");
            wait_until(&what, PATIENCE, async || {
                let now = users(stack).await?;
                Ok((now == before.map(|count| count + 1)).then_some(()))
            })
            .await?;
        }
        Ok(())
    })
}

/// How many events there are of each user of the README.
async fn users(stack: &Stack) -> Result<[usize; 2]> {
    let mut counts = [0; 2];
    for (count, user) in counts.iter_mut().zip(["Jos%C3%A9", "%E6%9D%8E"]) {
        let query = format!("user_id={user}");
        *count = stack.collector.api().events(&query).await?.len();
    }
    Ok(counts)
}

/// The README's one block of code in a language.
fn block(language: &str) -> Result<String> {
    let readme = readme()?;
    let (_, after) = readme
        .split_once(&format!("```{language}\n"))
        .context("a block of code")?;
    let (code, _) = after.split_once("```").context("its end")?;
    Ok(code.to_owned())
}

#[test]
fn the_sample_event_has_the_members_of_a_real_one() -> Result<()> {
    run(async {
        let stack = stack().await?;
        let body =
            r#"{"model":"sample","temperature":0.3,"messages":[{"role":"user","content":"Hi"}]}"#;
        let call = Call::new(OPENAI, body).header("x-audit-user-id", "alice");
        let call = call.header("x-audit-session-id", "loan_application_12345");
        let answer = call.through(stack).await?;
        let mut real = answer.event(stack).await?;
        let members = real.as_object_mut().context("an event is an object")?;
        // What the collector adds.
        members.remove("id");
        members.remove("received_at");
        members.remove("recorded_by");
        assert_eq!(paths(&sample_event()?), paths(&real));
        Ok(())
    })
}

#[test]
fn the_configuration_table_names_every_member_and_its_default() -> Result<()> {
    let readme = readme()?;
    let schema = serde_json::to_value(audit_layer_core::policy::schema())?;
    for (path, default) in members(&schema) {
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", &path));
        let row = readme
            .lines()
            .filter(|line| line.starts_with("| `"))
            .find(|line| {
                line.contains(&format!("`{path}`"))
                    || (line.contains(&format!("`{parent}."))
                        && line.contains(&format!("`.{name}`")))
            })
            .with_context(|| format!("the README's table has no {path}"))?;
        if let Some(default) = default {
            ensure!(
                row.contains(&default),
                "{path} is {default} by default, but the README says {row}"
            );
        }
    }
    Ok(())
}

#[test]
fn every_example_of_a_configuration_is_one() -> Result<()> {
    let readme = readme()?;
    let (_, section) = readme
        .split_once("\n## Configuration\n")
        .context("no section")?;
    let (section, _) = section.split_once("\n## ").context("no next section")?;
    let mut blocks = section.split("```json\n").skip(1);
    let mut count = 0;
    blocks.try_for_each(|block| -> Result<()> {
        let (block, _) = block.split_once("```").context("no end")?;
        let mut configuration: Value = serde_json::from_str(block)?;
        configuration["audit_api"] = json!({"cluster": "audit_api"});
        count += 1;
        read(&configuration).with_context(|| block.to_owned())
    })?;
    ensure!(count >= 5, "only {count} examples were found");
    Ok(())
}

#[test]
fn every_option_is_in_an_example_that_is_accepted() -> Result<()> {
    let file = workspace::root().join("envoy/every-option.json");
    let example: Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    read(&example)?;
    let schema = serde_json::to_value(audit_layer_core::policy::schema())?;
    let mut used = BTreeMap::new();
    options(&schema, &schema, &[&example], "", &mut used);
    ensure!(used.len() > 90, "only {} options were found", used.len());
    let missing = used.iter().filter(|(_, is_used)| !**is_used);
    let missing: Vec<_> = missing.map(|(path, _)| path).collect();
    ensure!(
        missing.is_empty(),
        "envoy/every-option.json has no {missing:?}"
    );
    Ok(())
}

#[test]
fn no_object_of_a_configuration_can_be_a_list() -> Result<()> {
    let file = workspace::root().join("envoy/every-option.json");
    let example: Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    let mut objects = Vec::new();
    places(&example, "", &mut objects);
    ensure!(
        objects.len() > 30,
        "only {} objects were found",
        objects.len()
    );
    for place in objects {
        let mut changed = example.clone();
        let value = changed.pointer_mut(&place).context("no such place")?;
        let members = value.as_object().context("no object")?;
        *value = members.values().cloned().collect();
        ensure!(read(&changed).is_err(), "{place} may be a list");
    }
    Ok(())
}

/// Where objects are, but for those that may have any member.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if !at.is_empty() && !members.contains_key("env") {
                found.push(at.to_owned());
            }
            for (name, value) in members {
                if name != "metadata" {
                    places(value, &format!("{at}/{name}"), found);
                }
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{number}"), found);
            }
        }
        _ => {}
    }
}

/// Reads a configuration as a gateway does whose environment has every variable.
fn read(configuration: &Value) -> Result<()> {
    let env = |name: &str| Some(format!("https://a-long-value-of-{name}"));
    let host = Host::envoy(|_| true);
    let json = serde_json::to_vec(configuration)?;
    Policy::read(&json, &env, &host)?;
    Ok(())
}

/// Goes through a schema beside the values that stand in its place in an example; tells of each member of each
/// definition whether some value has it.
fn options(
    root: &Value,
    schema: &Value,
    examples: &[&Value],
    path: &str,
    used: &mut BTreeMap<String, bool>,
) {
    if let Some(reference) = schema["$ref"].as_str() {
        let named = root.pointer(reference.trim_start_matches('#'));
        options(
            root,
            named.unwrap_or(&Value::Null),
            examples,
            reference,
            used,
        );
    }
    for branch in ["anyOf", "oneOf", "allOf"] {
        for branch in schema[branch].as_array().into_iter().flatten() {
            options(root, branch, examples, path, used);
        }
    }
    if schema["items"].is_object() {
        let items = examples.iter().filter_map(|example| example.as_array());
        let items: Vec<&Value> = items.flatten().collect();
        options(root, &schema["items"], &items, path, used);
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let values: Vec<&Value> = examples.iter().filter_map(|it| it.get(name)).collect();
        let path = format!("{path}.{name}");
        *used.entry(path.clone()).or_default() |= !values.is_empty();
        if !values.is_empty() {
            options(root, member, &values, &path, used);
        }
    }
}

#[test]
fn the_readme_says_of_each_state_what_it_means() -> Result<()> {
    let readme = readme()?;
    for state in CompletionState::ALL {
        let row = format!("\n| `{}` | {} |\n", state.name(), state.meaning());
        ensure!(readme.contains(&row), "the README has no row {row}");
    }
    Ok(())
}

#[test]
fn the_published_schemas_are_those_of_the_code() -> Result<()> {
    for (file, schema) in [
        ("core/event.schema.json", audit_layer_core::event::schema()),
        (
            "envoy/plugin.schema.json",
            audit_layer_core::policy::schema(),
        ),
    ] {
        let path = workspace::root().join(file);
        let schema = serde_json::to_string_pretty(&schema)? + "\n";
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(&path, &schema)?;
        }
        let published = std::fs::read_to_string(&path).unwrap_or_default();
        ensure!(
            published == schema,
            "{file} is out of date; UPDATE_SCHEMA=1 cargo test -p audit-layer-tests rewrites it"
        );
    }
    Ok(())
}

fn readme() -> Result<String> {
    Ok(std::fs::read_to_string(
        workspace::root().join("README.md"),
    )?)
}

/// Runs a command as it is written, and returns what it printed.
async fn shell(command: &str) -> Result<String> {
    let output = Command::new("sh")
        .args(["-c", command])
        .env("AUDIT_LAYER_API_KEY", collector::KEY)
        .env("no_proxy", "127.0.0.1")
        .current_dir(workspace::root())
        .kill_on_drop(true)
        .output()
        .await?;
    ensure!(
        output.status.success(),
        "{command}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

fn sample_event() -> Result<Value> {
    let readme = readme()?;
    let (_, after) = readme
        .split_once("\n## The event\n")
        .context("the section")?;
    let (_, after) = after.split_once("```json\n").context("a JSON block")?;
    let (json, _) = after.split_once("```").context("its end")?;
    Ok(serde_json::from_str(json)?)
}

/// The paths of all members, so that two events can be compared by their shape.
fn paths(value: &Value) -> BTreeSet<String> {
    fn walk(object: &Map<String, Value>, prefix: &str, paths: &mut BTreeSet<String>) {
        for (name, value) in object {
            let path = format!("{prefix}/{name}");
            if let Value::Object(inner) = value {
                walk(inner, &path, paths);
            }
            paths.insert(path);
        }
    }
    let mut all = BTreeSet::new();
    walk(value.as_object().unwrap_or(&Map::new()), "", &mut all);
    all
}

/// The members of a configuration that hold no others: their path, and their default as the README
/// writes numbers.
fn members(schema: &Value) -> Vec<(String, Option<String>)> {
    fn walk(schema: &Value, at: &Value, prefix: &str, members: &mut Vec<(String, Option<String>)>) {
        let reference = at["$ref"].as_str().or(at["allOf"][0]["$ref"].as_str());
        let at = reference
            .and_then(|reference| schema.pointer(reference.trim_start_matches('#')))
            .unwrap_or(at);
        match at["properties"]
            .as_object()
            .filter(|inner| !inner.contains_key("env"))
        {
            Some(inner) => {
                for (name, value) in inner {
                    let path = if prefix.is_empty() {
                        name.clone()
                    } else {
                        format!("{prefix}.{name}")
                    };
                    walk(schema, value, &path, members);
                }
            }
            None => members.push((prefix.to_owned(), at["default"].as_u64().map(written))),
        }
    }
    let mut all = Vec::new();
    walk(schema, schema, "", &mut all);
    all
}

fn written(number: u64) -> String {
    match number.checked_shr(20) {
        Some(mib @ 1..) if mib << 20 == number => format!("{mib} MiB"),
        _ => number.to_string(),
    }
}
