//! A module with all that an operator configures around it.

use crate::module::Module;
use crate::settings::{FailurePolicy, Settings};

/// What runs in a VM: a module, its configuration, and the limits of its VM.
///
/// A plugin is what Envoy calls a `PluginConfig` with its `VmConfig`.
#[derive(Clone, Debug)]
pub struct Plugin {
    pub(crate) module: Module,
    pub(crate) settings: Settings,
}

impl Plugin {
    /// This module, without configuration, under Envoy's default limits.
    #[must_use]
    pub fn new(module: &Module) -> Self {
        Self {
            module: module.clone(),
            settings: Settings::default(),
        }
    }

    /// The name, which the guest reads as property `plugin_name`.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.settings.name);
        self
    }

    /// The root id, which the guest reads as property `plugin_root_id`.
    #[must_use]
    pub fn root_id(mut self, root_id: &str) -> Self {
        root_id.clone_into(&mut self.settings.root_id);
        self
    }

    /// The plugin's configuration, read in `proxy_on_configure`.
    #[must_use]
    pub fn configuration(mut self, configuration: impl AsRef<[u8]>) -> Self {
        self.settings.configuration = configuration.as_ref().into();
        self
    }

    /// What becomes of streams when the VM has trapped.
    #[must_use]
    pub fn failure_policy(mut self, failure_policy: FailurePolicy) -> Self {
        self.settings.failure_policy = failure_policy;
        self
    }

    /// The name under which VMs share data and queues.
    #[must_use]
    pub fn vm_id(mut self, vm_id: &str) -> Self {
        vm_id.clone_into(&mut self.settings.vm_id);
        self
    }

    /// The VM's configuration, read in `proxy_on_vm_start`.
    #[must_use]
    pub fn vm_configuration(mut self, vm_configuration: impl AsRef<[u8]>) -> Self {
        self.settings.vm_configuration = vm_configuration.as_ref().into();
        self
    }

    /// One environment variable more.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.settings
            .environment
            .insert(name.to_owned(), value.to_owned());
        self
    }

    /// Denies capabilities: host calls fail with a log line, callbacks are not called.
    ///
    /// Source: `capability_restriction_config`. Names are `proxy_log`, `random_get`,
    /// `proxy_on_log` and so on; Envoy lists what is allowed, here is listed what is not.
    #[must_use]
    pub fn deny<'a>(mut self, capabilities: impl IntoIterator<Item = &'a str>) -> Self {
        self.settings
            .denied
            .extend(capabilities.into_iter().map(str::to_owned));
        self
    }

    /// The largest linear memory; beyond it `memory.grow` is refused.
    #[must_use]
    pub fn memory_bytes_max(mut self, memory_bytes_max: usize) -> Self {
        self.settings.memory_bytes_max = memory_bytes_max;
        self
    }

    /// The most fuel that one callback may use; beyond it the guest traps.
    #[must_use]
    pub fn fuel_per_callback_max(mut self, fuel_per_callback_max: u64) -> Self {
        self.settings.fuel_per_callback_max = fuel_per_callback_max;
        self
    }
}
