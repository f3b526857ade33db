//! What an operator configures around a module.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// All of a plugin but its module.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
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

impl Default for Settings {
    fn default() -> Self {
        Self {
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
}

impl Settings {
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
