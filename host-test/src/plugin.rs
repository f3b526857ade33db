//! A module with all that an operator configures around it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::module::Module;

/// What runs in a VM: a module, its configuration, and the limits of its VM.
///
/// A plugin is what Envoy calls a `PluginConfig` with its `VmConfig`.
#[derive(Clone, Debug)]
pub struct Plugin {
    pub(crate) module: Module,
    pub(crate) name: String,
    pub(crate) root_id: String,
    pub(crate) configuration: Rc<[u8]>,
    pub(crate) failure_policy: FailurePolicy,
    pub(crate) vm_id: String,
    pub(crate) vm_configuration: Rc<[u8]>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) denied: BTreeSet<String>,
    pub(crate) memory_bytes_max: usize,
    pub(crate) fuel_per_callback_max: u64,
}

/// What becomes of streams when their VM has trapped, as measured on Envoy 1.40.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum FailurePolicy {
    /// `FAIL_CLOSED` or unset: streams in flight are cut, new ones get 503 for ever.
    #[default]
    Closed,
    /// `FAIL_RELOAD`: streams in flight are cut, new ones get a new VM, but 503 in the first
    /// second after the last load.
    Reload,
    /// `failure_policy: FAIL_OPEN`: streams in flight are cut, new ones pass without the plugin.
    OpenForNew,
    /// `fail_open: true`: streams in flight and new ones pass without the plugin.
    Open,
}

impl Plugin {
    /// This module, without configuration, under Envoy's default limits.
    #[must_use]
    pub fn new(module: &Module) -> Self {
        Self {
            module: module.clone(),
            name: String::new(),
            root_id: String::new(),
            configuration: Rc::default(),
            failure_policy: FailurePolicy::default(),
            vm_id: String::new(),
            vm_configuration: Rc::default(),
            environment: BTreeMap::new(),
            denied: BTreeSet::new(),
            memory_bytes_max: MEMORY_BYTES_MAX,
            fuel_per_callback_max: FUEL_PER_CALLBACK_MAX,
        }
    }

    /// The name, which the guest reads as property `plugin_name`.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The root id, which the guest reads as property `plugin_root_id`.
    #[must_use]
    pub fn root_id(mut self, root_id: &str) -> Self {
        root_id.clone_into(&mut self.root_id);
        self
    }

    /// The plugin's configuration, read in `proxy_on_configure`.
    #[must_use]
    pub fn configuration(mut self, configuration: impl AsRef<[u8]>) -> Self {
        self.configuration = configuration.as_ref().into();
        self
    }

    /// What becomes of streams when the VM has trapped.
    #[must_use]
    pub fn failure_policy(mut self, failure_policy: FailurePolicy) -> Self {
        self.failure_policy = failure_policy;
        self
    }

    /// The name under which VMs share data and queues.
    #[must_use]
    pub fn vm_id(mut self, vm_id: &str) -> Self {
        vm_id.clone_into(&mut self.vm_id);
        self
    }

    /// The VM's configuration, read in `proxy_on_vm_start`.
    #[must_use]
    pub fn vm_configuration(mut self, vm_configuration: impl AsRef<[u8]>) -> Self {
        self.vm_configuration = vm_configuration.as_ref().into();
        self
    }

    /// One environment variable more.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Denies capabilities: host calls fail with a log line, callbacks are not called.
    ///
    /// Source: `capability_restriction_config`. Names are `proxy_log`, `random_get`,
    /// `proxy_on_log` and so on; Envoy lists what is allowed, here is listed what is not.
    #[must_use]
    pub fn deny<'a>(mut self, capabilities: impl IntoIterator<Item = &'a str>) -> Self {
        self.denied
            .extend(capabilities.into_iter().map(str::to_owned));
        self
    }

    /// The largest linear memory; beyond it `memory.grow` is refused.
    #[must_use]
    pub fn memory_bytes_max(mut self, memory_bytes_max: usize) -> Self {
        self.memory_bytes_max = memory_bytes_max;
        self
    }

    /// The most fuel that one callback may use; beyond it the guest traps.
    #[must_use]
    pub fn fuel_per_callback_max(mut self, fuel_per_callback_max: u64) -> Self {
        self.fuel_per_callback_max = fuel_per_callback_max;
        self
    }

    /// The properties that depend on the plugin alone.
    pub(crate) fn property(&self, path: &[u8]) -> Option<&[u8]> {
        match path {
            b"plugin_name" => Some(self.name.as_bytes()),
            b"plugin_root_id" => Some(self.root_id.as_bytes()),
            b"plugin_vm_id" => Some(self.vm_id.as_bytes()),
            _ => None,
        }
    }
}

/// The cap of proxy-wasm-cpp-host on a VM's memory: 1 GiB.
const MEMORY_BYTES_MAX: usize = 1 << 30;

/// More than any sane callback uses: it turns an endless loop into a trap after some seconds.
const FUEL_PER_CALLBACK_MAX: u64 = 20_000_000_000;
