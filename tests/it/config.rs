//! Every configuration that ships is accepted by Envoy, and a wrong one is refused by name.

use anyhow::{Context, Result};
use audit_layer_tests::envoy::{Configuration, Verdict, validate};
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
