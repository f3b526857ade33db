//! Every configuration that ships is accepted by Envoy, and a wrong one is refused by name.

use std::path::Path;

use anyhow::{Context, Result};
use audit_layer_tests::envoy::{Configuration, Envoy, Verdict, validate};
use audit_layer_tests::wait::{PATIENCE, wait_until};
use audit_layer_tests::{python, stack, wasm, workspace};
use serde_json::{Value, json};

use crate::fixture::run;
use crate::tls::Certificates;

#[test]
fn envoy_accepts_every_shipped_configuration() -> Result<()> {
    run(async {
        for name in shipped()? {
            let verdict = judge(&name, &json!({})).await?;
            assert!(verdict.accepted, "{name}:\n{}", verdict.output);
        }
        Ok(())
    })
}

#[test]
fn a_wrong_plugin_configuration_is_refused_with_the_members_name() -> Result<()> {
    run(async {
        for (member, change) in [
            (
                "audit_api.cluster",
                json!({ "audit_api": { "cluster": null } }),
            ),
            (
                "audit_api.clustre",
                json!({ "audit_api": { "clustre": "audit_api" } }),
            ),
            (
                "audit_api.api_key",
                json!({ "audit_api": { "api_key": { "env": "NO_SUCH" } } }),
            ),
            (
                "delivery.batch.max_events",
                json!({ "delivery": { "batch": { "max_events": 0 } } }),
            ),
            (
                "delivery.batch.linger_ms",
                json!({ "delivery": { "batch": { "linger_ms": "soon" } } }),
            ),
            (
                "capture.content",
                json!({ "capture": { "content": "some" } }),
            ),
            ("deliverance", json!({ "deliverance": {} })),
            (
                "rules[0].match.header.authorization",
                json!({"rules": [{"match": {"header": {"authorization": "*"}}, "content": "none"}]}),
            ),
            (
                "capture.hash_key",
                json!({"capture": {"content": "redacted"}}),
            ),
        ] {
            let verdict = judge("envoy.yaml", &change).await?;
            assert!(!verdict.accepted, "{member} was accepted");
            let named = verdict.output.lines().find(|line| line.contains(member));
            assert!(
                named.is_some(),
                "no line names {member}:\n{}",
                verdict.output
            );
        }
        Ok(())
    })
}

/// What Envoy says of a shipped configuration with a change to the plugin's part.
async fn judge(name: &str, change: &Value) -> Result<Verdict> {
    let mut configuration = Configuration::shipped(name)?;
    // On an operator's machine these are where the configuration says.
    let certificates = Certificates::new()?;
    configuration.trusted_authorities(&certificates.authority())?;
    configuration
        .module(wasm::build().await?)?
        .plugin(|plugin| merge(plugin, change))?;
    validate(
        &python::envoy().await?,
        &configuration,
        &stack::envoy_options(),
    )
    .await
}

/// JSON merge patch, RFC 7396: null removes.
fn merge(value: &mut Value, change: &Value) {
    let (Some(members), Some(changes)) = (value.as_object_mut(), change.as_object()) else {
        *value = change.clone();
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.as_str()).or_insert(Value::Null), change);
        }
    }
}

/// The configurations of `envoy/`, all of them.
fn shipped() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(workspace::root().join("envoy"))? {
        let name = entry?
            .file_name()
            .into_string()
            .ok()
            .context("a name that is not UTF-8")?;
        if name.ends_with(".yaml") {
            names.push(name);
        }
    }
    assert!(!names.is_empty(), "no configuration ships");
    Ok(names)
}

/// Configurations with a mistake, and what is said of each.
const REFUSALS: &str = include_str!("../../core/tests/data/refusals.json");

/// A running Envoy is given one after the other, as a control plane would do it.
#[test]
fn envoy_says_of_every_mistake_where_it_is() -> Result<()> {
    run(async {
        let list: Vec<(Value, String)> = serde_json::from_str(REFUSALS)?;
        assert!(list.len() >= 60);
        let module = wasm::build().await?;
        let module = module.to_str().context("a path that is not UTF-8")?;
        let folder = workspace::scratch()?;
        let minimal = json!({"audit_api": {"cluster": "audit_api"}});
        publish(folder.path(), list.len(), &wasm_filter(module, &minimal))?;
        let mut configuration = Configuration::shipped("own-model.yaml")?;
        configuration
            .module(module.as_ref())?
            .listen_anywhere()?
            .filters_first(&[discovered(folder.path())])?;
        let program = python::envoy().await?;
        // Who watches for configurations has to have a name.
        let mut options = stack::envoy_options();
        let named = ["--service-node", "judged", "--service-cluster", "judged"];
        options.arguments.extend(named.map(Into::into));
        let envoy = Envoy::start(&program, &configuration, &options).await?;
        for (number, (members, refusal)) in list.iter().enumerate() {
            let mut plugin = minimal.clone();
            merge(&mut plugin, members);
            publish(folder.path(), number, &wasm_filter(module, &plugin))?;
            let line = format!("audit-layer: configuration refused: {refusal}");
            let count = list.iter().take(number + 1);
            let count = count.filter(|(_, other)| other == refusal).count();
            wait_until(&line, PATIENCE, async || {
                let is_said = envoy.log_text().matches(&line).count() >= count;
                Ok(is_said.then_some(()))
            })
            .await?;
        }
        Ok(())
    })
}

/// The plugin with a configuration.
fn wasm_filter(module: &str, plugin: &Value) -> Value {
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": {
            "name": "judged",
            "vm_config": {
                "vm_id": "judged",
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": module}},
            },
            "configuration": {
                "@type": "type.googleapis.com/google.protobuf.StringValue",
                "value": plugin.to_string(),
            },
        },
    })
}

/// A filter whose configuration is in a file that Envoy watches.
fn discovered(folder: &Path) -> Value {
    json!({
        "name": "judged",
        "config_discovery": {
            "config_source": {
                "resource_api_version": "V3",
                "path_config_source": {
                    "path": folder.join(FILE),
                    "watched_directory": {"path": folder},
                },
            },
            "type_urls": ["type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"],
        },
    })
}

/// Gives Envoy another configuration: a file that takes the place of the one before.
fn publish(folder: &Path, version: usize, filter: &Value) -> Result<()> {
    let response = json!({
        "version_info": version.to_string(),
        "resources": [{
            "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
            "name": "judged",
            "typed_config": filter,
        }],
    });
    let new = folder.join("new");
    std::fs::write(&new, response.to_string())?;
    std::fs::rename(new, folder.join(FILE))?;
    Ok(())
}

const FILE: &str = "filter.json";
