//! Parts of a configuration that Envoy reads from files of their own, and anew when these change.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::configuration::{Configuration, connection_managers, elements, member};

/// Which part of a configuration can change while Envoy runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discovered {
    /// The listeners, with everything in them (LDS).
    Listeners,
    /// The plugin alone (ECDS), as Istio does it.
    Plugin,
}

/// The file in which Envoy finds that part.
#[derive(Debug)]
pub struct Discovery {
    part: Discovered,
    file: PathBuf,
}

impl Discovery {
    /// Keeps the part in `folder`.
    pub fn new(part: Discovered, folder: &Path) -> Self {
        let file = folder.join("discovered.json");
        Self { part, file }
    }

    /// Puts the part into its file, and returns the configuration that names the file instead.
    pub fn begin(&self, configuration: &Configuration) -> Result<Configuration> {
        self.publish(configuration)?;
        let mut rest = configuration.clone();
        let source = json!({
            "path_config_source": { "path": self.file },
            "resource_api_version": "V3",
        });
        // Envoy wants to have a name before it asks anyone for anything.
        rest.document["node"] = json!({ "id": "gateway", "cluster": "gateways" });
        match self.part {
            Discovered::Listeners => {
                *member(&mut rest.document, "/static_resources/listeners")? = json!([]);
                rest.document["dynamic_resources"] = json!({ "lds_config": source });
            }
            Discovered::Plugin => {
                for filter in plugin_filters(&mut rest.document)? {
                    let name = filter["name"].take();
                    let discovery = json!({ "config_source": source, "type_urls": [PLUGIN] });
                    *filter = json!({ "name": name, "config_discovery": discovery });
                }
            }
        }
        Ok(rest)
    }

    /// Has Envoy take the part over from this configuration.
    pub fn publish(&self, configuration: &Configuration) -> Result<()> {
        let mut document = configuration.document.clone();
        let resources: Vec<_> = match self.part {
            Discovered::Listeners => {
                let listeners = member(&mut document, "/static_resources/listeners")?;
                let typed = |listener: &mut Value| {
                    listener["@type"] = LISTENER.into();
                    listener.take()
                };
                elements(listeners)?.iter_mut().map(typed).collect()
            }
            Discovered::Plugin => {
                let typed = |filter: &mut Value| {
                    filter["@type"] = EXTENSION.into();
                    filter.take()
                };
                plugin_filters(&mut document)?
                    .into_iter()
                    .map(typed)
                    .collect()
            }
        };
        self.write(&resources)
    }

    /// Has Envoy do without the part.
    pub fn withdraw(&self) -> Result<()> {
        self.write(&[])
    }

    /// Envoy looks when a file is moved to this place, so that it never sees half of one.
    fn write(&self, resources: &[Value]) -> Result<()> {
        let next = self.file.with_extension("next");
        std::fs::write(&next, json!({ "resources": resources }).to_string())?;
        std::fs::rename(&next, &self.file).context("the file that Envoy watches")
    }
}

fn plugin_filters(document: &mut Value) -> Result<Vec<&mut Value>> {
    let mut plugins = Vec::new();
    for manager in connection_managers(document)? {
        let filters = elements(member(manager, "/http_filters")?)?.iter_mut();
        plugins.extend(filters.filter(|filter| filter["typed_config"]["@type"] == PLUGIN));
    }
    Ok(plugins)
}

const LISTENER: &str = "type.googleapis.com/envoy.config.listener.v3.Listener";
const EXTENSION: &str = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";
const PLUGIN: &str = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
