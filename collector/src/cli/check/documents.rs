//! The plugin's configurations in a file, whatever kind of file it is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// A configuration of the plugin, and what the file says of where it runs.
#[derive(Debug)]
pub(in crate::cli) struct Configuration {
    /// Where in the file it stands; empty if it is all of it.
    pub(in crate::cli) place: String,
    /// Its JSON.
    pub(in crate::cli) json: String,
    pub(in crate::cli) environment: Environment,
    /// What is added to a refusal that misses an environment variable, if that is not what it is for Envoy.
    pub(in crate::cli) variable_hint: Option<&'static str>,
    /// The names of the gateway's clusters, if the file has all of them.
    pub(in crate::cli) clusters: Option<Vec<String>>,
}

/// The variables that the plugin sees.
#[derive(Debug)]
pub(in crate::cli) enum Environment {
    /// Those of this process.
    Own,
    /// Those that the file has values for, and those that it passes on from the gateway's.
    Listed {
        values: BTreeMap<String, String>,
        passed: BTreeSet<String>,
    },
}

/// What a variable counts as whose value only the gateway knows: it can be a URL, and a key.
const UNKNOWN: &str = "https://known-to-the-gateway";

/// Where the variables of a plugin are listed in an Istio WasmPlugin.
const ISTIO_HINT: &str =
    " in the plugin's VM; list it under vmConfig.env, with valueFrom: HOST or a value";

/// The same in an EnvoyExtensionPolicy of Envoy Gateway.
const GATEWAY_HINT: &str = " in the plugin's VM; list it under env.hostKeys";

impl Environment {
    pub(in crate::cli) fn value(&self, name: &str) -> Option<String> {
        match self {
            Self::Own => std::env::var(name).ok(),
            Self::Listed { values, passed } => {
                let passed = || passed.contains(name).then(|| UNKNOWN.to_owned());
                values.get(name).cloned().or_else(passed)
            }
        }
    }
}

/// Members by which a configuration is told from that of another plugin.
const OWN: [&str; 13] = [
    "audit_api",
    "capture",
    "decision",
    "delivery",
    "gateway",
    "identity",
    "organization_id",
    "providers",
    "redact",
    "rules",
    "rules_apply",
    "seal",
    "$schema",
];

/// The configurations of a text.
///
/// # Errors
/// What is wrong with the text, or that it has none.
pub(in crate::cli) fn configurations(text: &str) -> Result<Vec<Configuration>, String> {
    // The plugin's own JSON is judged as it is written: what stands in it twice, and where it breaks off.
    if is_own(text) {
        return Ok(vec![Configuration {
            place: String::new(),
            json: text.to_owned(),
            environment: Environment::Own,
            variable_hint: None,
            clusters: None,
        }]);
    }
    let documents: Vec<Value> = serde_saphyr::from_multiple(text)
        .map_err(|error| format!("is neither JSON nor YAML: {error}"))?;
    let mut found = Vec::new();
    for document in &documents {
        let clusters = clusters(document);
        search(document, "", clusters.as_ref(), &mut found);
    }
    match found.is_empty() {
        true => Err("has no configuration of the audit plugin".to_owned()),
        false => Ok(found),
    }
}

fn is_own(text: &str) -> bool {
    let is_json = text.trim_start().starts_with('{');
    let members = serde_json::from_str::<Map<String, Value>>(text);
    match members {
        Ok(members) => is_json && members.keys().all(|name| !is_of_a_gateway(name)),
        // Nothing else is JSON that breaks off.
        Err(_) => is_json,
    }
}

fn is_of_a_gateway(name: &str) -> bool {
    matches!(
        name,
        "static_resources"
            | "dynamic_resources"
            | "admin"
            | "kind"
            | "apiVersion"
            | "resources"
            | "@type"
    )
}

/// The names of the clusters of an Envoy configuration that gets no others from elsewhere.
fn clusters(document: &Value) -> Option<Vec<String>> {
    let is_dynamic = document.pointer("/dynamic_resources/cds_config").is_some();
    let clusters = document.pointer("/static_resources/clusters")?.as_array()?;
    let names = clusters
        .iter()
        .filter_map(|cluster| cluster.get("name")?.as_str());
    (!is_dynamic).then(|| names.map(str::to_owned).collect())
}

fn search(
    value: &Value,
    path: &str,
    clusters: Option<&Vec<String>>,
    found: &mut Vec<Configuration>,
) {
    match value {
        Value::Object(members) => {
            if let Some(configuration) = configuration(members, path) {
                found.push(Configuration {
                    place: format!(": {}", named(members, path)),
                    clusters: clusters.cloned(),
                    ..configuration
                });
                return;
            }
            for (name, value) in members {
                search(value, &format!("{path}.{name}"), clusters, found);
            }
        }
        Value::Array(items) => {
            for (number, value) in items.iter().enumerate() {
                search(value, &format!("{path}[{number}]"), clusters, found);
            }
        }
        _ => {}
    }
}

/// What people call it: a Kubernetes object by its kind and name, anything else by its path.
fn named(members: &Map<String, Value>, path: &str) -> String {
    let kind = members.get("kind").and_then(Value::as_str);
    let name = members
        .get("metadata")
        .and_then(|metadata| metadata.get("name")?.as_str());
    match (kind, name) {
        (Some(kind), Some(name)) => format!("{kind} {name}"),
        _ => path.trim_start_matches('.').to_owned(),
    }
}

/// The plugin's configuration in one of these forms.
fn configuration(members: &Map<String, Value>, path: &str) -> Option<Configuration> {
    let of = |json: String, environment, variable_hint| Configuration {
        place: String::new(),
        json,
        environment,
        variable_hint,
        clusters: None,
    };
    let kind = members.get("kind").and_then(Value::as_str);
    let type_url = members
        .get("@type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if kind == Some("WasmPlugin") {
        let spec = members.get("spec")?;
        let plugin = spec.get("pluginConfig")?;
        let environment = istio(spec.pointer("/vmConfig/env"));
        return ours(plugin).then(|| of(plugin.to_string(), environment, Some(ISTIO_HINT)));
    }
    if type_url.ends_with("wasm.v3.Wasm") {
        let config = members.get("config")?;
        let environment = envoy(config.pointer("/vm_config/environment_variables"));
        return of_envoy(config.get("configuration")?).map(|json| of(json, environment, None));
    }
    // An entry of spec.wasm of an EnvoyExtensionPolicy, by its code, or by its place if that is left out.
    if members.contains_key("code") || path.starts_with(".spec.wasm[") {
        let config = members.get("config")?;
        let environment = Environment::Listed {
            values: BTreeMap::new(),
            passed: names(members.get("env").and_then(|env| env.get("hostKeys"))),
        };
        return ours(config).then(|| of(config.to_string(), environment, Some(GATEWAY_HINT)));
    }
    None
}

/// The text that Envoy hands to the plugin: that of a StringValue. Of a Struct it hands over what is no JSON.
fn of_envoy(configuration: &Value) -> Option<String> {
    let value = configuration.get("value")?;
    match value.as_str() {
        Some(text) => {
            let is_ours = serde_json::from_str(text).map_or(true, |value| ours(&value));
            is_ours.then(|| text.to_owned())
        }
        None => ours(value).then(|| "a google.protobuf.Struct".to_owned()),
    }
}

fn ours(configuration: &Value) -> bool {
    let members = configuration.as_object();
    members.is_some_and(|members| members.keys().any(|name| OWN.contains(&name.as_str())))
}

fn envoy(variables: Option<&Value>) -> Environment {
    let values = variables.and_then(|it| it.get("key_values")?.as_object());
    let values = values
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    Environment::Listed {
        values: values.collect(),
        passed: names(variables.and_then(|it| it.get("host_env_keys"))),
    }
}

fn istio(variables: Option<&Value>) -> Environment {
    let (mut values, mut passed) = (BTreeMap::new(), BTreeSet::new());
    for variable in variables.and_then(Value::as_array).into_iter().flatten() {
        let text = |member: &str| variable.get(member).and_then(Value::as_str);
        let Some(name) = text("name") else {
            continue;
        };
        match (text("valueFrom"), text("value")) {
            (Some("HOST"), _) => {
                passed.insert(name.to_owned());
            }
            (_, value) => {
                values.insert(name.to_owned(), value.unwrap_or_default().to_owned());
            }
        }
    }
    Environment::Listed { values, passed }
}

fn names(list: Option<&Value>) -> BTreeSet<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}
