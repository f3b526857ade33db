//! A test proxy that runs the plugin, with an audit API behind it.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Result;
use audit_layer_core::dead_letter::{self, EVENT, LetterKey, Origin};
use audit_layer_tests::wasm;
use proxy_wasm_host_test::{Engine, FailurePolicy, Host, Level, Module, Plugin, Profile, Vm};
use serde_json::Value;

use crate::audit_api::AuditApi;

/// The cluster of the audit API.
pub(crate) const CLUSTER: &str = "audit_api";

/// The configuration of most tests: batches, and nothing else but the defaults.
pub(crate) const BATCHED: &str = r#"{
    "organization_id": "org_1",
    "audit_api": {"cluster": "audit_api", "url": "http://audit/v1", "api_key": "al_sk_secret"},
    "delivery": {"batch": {"path": "/audit/log/batch"}}
}"#;

/// A host with one worker, and what its plugin delivers.
pub(crate) struct Proxy {
    pub(crate) host: Host,
    pub(crate) vm: Vm,
    pub(crate) api: AuditApi,
}

impl Proxy {
    /// An Envoy with the usual configuration.
    pub(crate) fn new() -> Result<Self> {
        Self::with(Profile::envoy(), &plugin()?.configuration(BATCHED))
    }

    pub(crate) fn with(profile: Profile, plugin: &Plugin) -> Result<Self> {
        let host = Host::new(profile);
        let api = AuditApi::default();
        host.set_cluster(CLUSTER, api.cluster());
        let vm = host.start(plugin)?;
        Ok(Self { host, vm, api })
    }

    /// Lets pass the time in which everything is delivered, and gives all events so far.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.host.advance(Duration::from_secs(1));
        self.api.events()
    }

    /// The one event that was delivered.
    pub(crate) fn event(&self) -> Value {
        let events = self.events();
        assert_eq!(events.len(), 1, "{events:#?}\n{:#?}", self.log());
        events.into_iter().next().unwrap()
    }

    /// Everything of weight in the proxy's log.
    pub(crate) fn log(&self) -> Vec<String> {
        self.host.log_text(Level::Info)
    }

    /// The events that were given up.
    pub(crate) fn dead_letters(&self) -> Vec<DeadLetter> {
        self.log()
            .iter()
            .filter_map(|line| DeadLetter::read(line))
            .collect()
    }
}

/// An event in the proxy's log.
pub(crate) struct DeadLetter {
    pub(crate) reason: String,
    pub(crate) event: Value,
    head: String,
    json: String,
}

impl DeadLetter {
    /// Reads a line as `audit-layer import` would; `None` if it is another.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let letter = line.get(line.find(dead_letter::PREFIX)?..)?;
        let (head, json) = letter.split_once(EVENT)?;
        let reason = head.strip_prefix(dead_letter::PREFIX)?.split(' ').next()?;
        Some(Self {
            reason: reason.to_owned(),
            event: serde_json::from_str(json).expect("a dead letter is complete"),
            head: head.to_owned(),
            json: json.to_owned(),
        })
    }

    /// Whether it proves that it was written with what is derived from this secret.
    pub(crate) fn is_by(&self, secret: &str) -> bool {
        let keys = [LetterKey::new(secret).expect("a secret")];
        let (head, json) = (self.head.as_bytes(), self.json.as_bytes());
        dead_letter::origin(head, json, &keys) == Origin::Proven
    }

    /// Whether it has a MAC at all.
    pub(crate) fn has_mac(&self) -> bool {
        self.head.contains(" mac=")
    }
}

/// The plugin under the failure policy that we recommend, without a configuration.
pub(crate) fn plugin() -> Result<Plugin> {
    let plugin = Plugin::new(&module()?)
        .name("audit_layer")
        .vm_id("audit-layer");
    Ok(plugin.failure_policy(FailurePolicy::Open))
}

/// The module that ships, compiled once in a process.
pub(crate) fn module() -> Result<Module> {
    static MODULE: OnceLock<Module> = OnceLock::new();
    if let Some(module) = MODULE.get() {
        return Ok(module.clone());
    }
    let module = Engine::new()?.module(&std::fs::read(path()?)?)?;
    Ok(MODULE.get_or_init(|| module).clone())
}

/// The file of the module that ships, built once in a process.
pub(crate) fn path() -> Result<PathBuf> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(wasm::build())?.to_owned())
}
