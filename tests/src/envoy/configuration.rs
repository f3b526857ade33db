//! A shipped Envoy configuration, changed by name where this machine differs from an operator's.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::workspace;

/// An Envoy configuration as plain values.
///
/// Each change names what it changes and fails when that is not there, so that a test never passes
/// on a configuration other than the shipped one.
#[derive(Debug, Clone)]
pub struct Configuration {
    pub(super) document: Value,
}

impl Configuration {
    /// Reads a configuration that ships, such as `envoy.yaml`.
    pub fn shipped(name: &str) -> Result<Self> {
        Self::read(&workspace::root().join("envoy").join(name))
    }

    /// Reads any configuration in YAML.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// Reads a configuration in YAML from its text.
    pub fn parse(yaml: &str) -> Result<Self> {
        Ok(Self {
            document: serde_saphyr::from_str(yaml)?,
        })
    }

    /// Puts a listener on a loopback port, 0 for any.
    pub fn listen(&mut self, listener: &str, port: u16) -> Result<&mut Self> {
        let listeners = member(&mut self.document, "/static_resources/listeners")?;
        let listener = named(listeners, listener)?;
        *member(listener, "/address/socket_address/port_value")? = port.into();
        Ok(self)
    }

    /// Puts every listener and the admin interface on any free port.
    pub fn listen_anywhere(&mut self) -> Result<&mut Self> {
        *member(
            &mut self.document,
            "/admin/address/socket_address/port_value",
        )? = 0.into();
        for listener in elements(member(&mut self.document, "/static_resources/listeners")?)? {
            *member(listener, "/address/socket_address/port_value")? = 0.into();
        }
        Ok(self)
    }

    /// Loads the plugin from this file.
    pub fn module(&mut self, path: &Path) -> Result<&mut Self> {
        let path = path.to_str().context("a path that is not UTF-8")?;
        for plugin in plugins(&mut self.document)? {
            *member(plugin, "/vm_config/code/local/filename")? = path.into();
        }
        Ok(self)
    }

    /// Changes the plugin's own configuration.
    pub fn plugin(&mut self, change: impl Fn(&mut Value)) -> Result<&mut Self> {
        for plugin in plugins(&mut self.document)? {
            let text = member(plugin, "/configuration/value")?;
            let mut value = serde_json::from_str(text.as_str().context("not a string")?)?;
            change(&mut value);
            *text = value.to_string().into();
        }
        Ok(self)
    }

    /// Changes how Envoy runs the plugin: its `PluginConfig`.
    pub fn plugin_config(&mut self, change: impl Fn(&mut Value)) -> Result<&mut Self> {
        for plugin in plugins(&mut self.document)? {
            change(plugin);
        }
        Ok(self)
    }

    /// Puts filters in front of the others, in their order.
    pub fn filters_first(&mut self, filters: &[Value]) -> Result<&mut Self> {
        for manager in connection_managers(&mut self.document)? {
            let others = elements(member(manager, "/http_filters")?)?;
            others.splice(0..0, filters.iter().cloned());
        }
        Ok(self)
    }

    /// Sends a cluster's calls to this address, over plain HTTP.
    pub fn endpoint(&mut self, cluster: &str, address: SocketAddr) -> Result<&mut Self> {
        let cluster = self.cluster(cluster)?;
        cluster.remove("transport_socket");
        set_endpoint(cluster, &address.ip().to_string(), address.port())?;
        Ok(self)
    }

    /// Lets so many calls be under way to a cluster at the same time, each on a connection of its own.
    pub fn capacity(&mut self, cluster: &str, calls: usize) -> Result<&mut Self> {
        let limits = json!({
            "max_connections": calls, "max_pending_requests": calls, "max_requests": calls,
        });
        let cluster = self.cluster(cluster)?;
        cluster.insert(
            "circuit_breakers".to_owned(),
            json!({ "thresholds": [limits] }),
        );
        Ok(self)
    }

    /// Leaves a cluster without anyone to send calls to.
    pub fn no_endpoint(&mut self, cluster: &str) -> Result<&mut Self> {
        let cluster = self.cluster(cluster)?;
        cluster.remove("transport_socket");
        cluster.insert("type".to_owned(), "STATIC".into());
        let assignment = cluster
            .get_mut("load_assignment")
            .context("no load_assignment")?;
        *member(assignment, "/endpoints")? = json!([]);
        Ok(self)
    }

    /// Sends a cluster's calls to this host over TLS, which must prove its name.
    pub fn tls_endpoint(&mut self, cluster: &str, host: &str, port: u16) -> Result<&mut Self> {
        let cluster = self.cluster(cluster)?;
        let socket = cluster
            .get_mut("transport_socket")
            .context("no transport_socket")?;
        *member(socket, "/typed_config/sni")? = host.into();
        set_endpoint(cluster, host, port)?;
        Ok(self)
    }

    /// Has a cluster speak TLS as another one does.
    pub fn tls_as_in(&mut self, cluster: &str, other: &str) -> Result<&mut Self> {
        let socket = self.cluster(other)?.get("transport_socket").cloned();
        let socket = socket.context("no transport_socket")?;
        self.cluster(cluster)?
            .insert("transport_socket".to_owned(), socket);
        Ok(self)
    }

    /// Believes the certificates of these authorities, in every cluster that uses TLS.
    pub fn trusted_authorities(&mut self, file: &Path) -> Result<&mut Self> {
        const FILE: &str = "/transport_socket/typed_config/common_tls_context/validation_context/trusted_ca/filename";
        let file = file.to_str().context("a path that is not UTF-8")?;
        for cluster in elements(member(&mut self.document, "/static_resources/clusters")?)? {
            if let Some(filename) = cluster.pointer_mut(FILE) {
                *filename = file.into();
            }
        }
        Ok(self)
    }

    /// Tells upstreams that they are `host`, on every route that rewrites the host.
    pub fn rewrite_host(&mut self, host: &str) -> Result<&mut Self> {
        for route in routes(&mut self.document)? {
            if let Some(rewrite) = route.get_mut("host_rewrite_literal") {
                *rewrite = host.into();
            }
        }
        Ok(self)
    }

    /// Limits the time for a whole answer, such as `0.5s`, on every route.
    pub fn time_limit(&mut self, limit: &str) -> Result<&mut Self> {
        for route in routes(&mut self.document)? {
            *member(route, "/timeout")? = limit.into();
        }
        Ok(self)
    }

    /// Writes a line of this format to a file for each call that ends, and nothing elsewhere.
    pub fn access_log(&mut self, file: &Path, format: &str) -> Result<&mut Self> {
        for manager in connection_managers(&mut self.document)? {
            *member(manager, "/access_log")? = json!([]);
        }
        self.one_more_access_log(file, format)
    }

    /// Writes a line of this format to a file for each call that ends, beside what is written
    /// elsewhere.
    pub fn one_more_access_log(&mut self, file: &Path, format: &str) -> Result<&mut Self> {
        let file = file.to_str().context("a path that is not UTF-8")?;
        let log = json!({
            "name": "envoy.access_loggers.file",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                "path": file,
                "log_format": { "text_format_source": { "inline_string": format } },
            },
        });
        for manager in connection_managers(&mut self.document)? {
            elements(member(manager, "/access_log")?)?.push(log.clone());
        }
        Ok(self)
    }

    /// Has the access logs of another configuration, beside those that it has.
    pub fn access_logs_of(&mut self, other: &Self) -> Result<&mut Self> {
        let mut document = other.document.clone();
        let mut logs = Vec::new();
        for manager in connection_managers(&mut document)? {
            logs.append(elements(member(manager, "/access_log")?)?);
        }
        for manager in connection_managers(&mut self.document)? {
            elements(member(manager, "/access_log")?)?.extend(logs.iter().cloned());
        }
        Ok(self)
    }

    /// Puts an HTTP filter right before the router, behind the plugin.
    pub fn filter_before_router(&mut self, filter: &Value) -> Result<&mut Self> {
        for manager in connection_managers(&mut self.document)? {
            let filters = elements(member(manager, "/http_filters")?)?;
            let router = filters.len().checked_sub(1).context("no filters")?;
            filters.insert(router, filter.clone());
        }
        Ok(self)
    }

    /// Sends calls with the header `name: server` to a new cluster of this server, whatever their
    /// path.
    pub fn server_by_header(&mut self, name: &str, server: &str, port: u16) -> Result<&mut Self> {
        elements(member(&mut self.document, "/static_resources/clusters")?)?.push(json!({
            "name": server,
            "type": "STATIC",
            "load_assignment": { "cluster_name": server, "endpoints": [{ "lb_endpoints": [{
                "endpoint": { "address": { "socket_address": {
                    "address": "127.0.0.1", "port_value": port,
                } } },
            }] }] },
        }));
        let route = json!({
            "name": server,
            "match": {
                "prefix": "/",
                "headers": [{ "name": name, "string_match": { "exact": server } }],
            },
            "route": { "cluster": server, "timeout": "0s" },
        });
        for manager in connection_managers(&mut self.document)? {
            for virtual_host in elements(member(manager, "/route_config/virtual_hosts")?)? {
                elements(member(virtual_host, "/routes")?)?.insert(0, route.clone());
            }
        }
        Ok(self)
    }

    /// Lets clients upgrade to WebSocket.
    pub fn web_sockets(&mut self) -> Result<&mut Self> {
        for manager in connection_managers(&mut self.document)? {
            manager["upgrade_configs"] = json!([{ "upgrade_type": "websocket" }]);
        }
        Ok(self)
    }

    /// Adds a listener that is like another one but for what `change` does to its connection
    /// manager.
    pub fn listener_like(
        &mut self,
        listener: &str,
        name: &str,
        change: impl Fn(&mut Value),
    ) -> Result<&mut Self> {
        let listeners = member(&mut self.document, "/static_resources/listeners")?;
        let mut copy = named(listeners, listener)?.clone();
        copy["name"] = name.into();
        change(member(
            &mut copy,
            "/filter_chains/0/filters/0/typed_config",
        )?);
        elements(listeners)?.push(copy);
        Ok(self)
    }

    /// Has a listener speak TLS by this `common_tls_context`.
    pub fn tls_listener(&mut self, listener: &str, context: &Value) -> Result<&mut Self> {
        const TYPE: &str =
            "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext";
        let listeners = member(&mut self.document, "/static_resources/listeners")?;
        let chain = member(named(listeners, listener)?, "/filter_chains/0")?;
        chain["transport_socket"] = json!({
            "name": "envoy.transport_sockets.tls",
            "typed_config": { "@type": TYPE, "common_tls_context": context },
        });
        Ok(self)
    }

    /// Takes a listener away.
    pub fn without_listener(&mut self, name: &str) -> Result<&mut Self> {
        let listeners = member(&mut self.document, "/static_resources/listeners")?;
        elements(listeners)?.retain(|listener| listener["name"] != name);
        Ok(self)
    }

    /// Changes the plugin's configuration in one listener alone.
    pub fn plugin_of(&mut self, listener: &str, change: impl Fn(&mut Value)) -> Result<&mut Self> {
        let mut of_others = Vec::new();
        let listeners = member(&mut self.document, "/static_resources/listeners")?;
        elements(listeners)?.retain(|other| {
            let is_meant = other["name"] == listener;
            of_others.extend((!is_meant).then(|| other.clone()));
            is_meant
        });
        self.plugin(change)?;
        let listeners = member(&mut self.document, "/static_resources/listeners")?;
        elements(listeners)?.extend(of_others);
        Ok(self)
    }

    /// Makes the plugin a filter of these clusters, and takes it out of the listeners.
    pub fn plugin_to_clusters(&mut self, clusters: &[&str]) -> Result<&mut Self> {
        const OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
        const CODEC: &str = "envoy.filters.http.upstream_codec";
        const CODEC_TYPE: &str = "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec";
        let mut plugin = None;
        for manager in connection_managers(&mut self.document)? {
            let filters = elements(member(manager, "/http_filters")?)?;
            let is_plugin = |filter: &mut Value| filter["name"] == "audit_layer";
            plugin = filters.extract_if(.., is_plugin).last().or(plugin);
        }
        let plugin = plugin.context("no plugin")?;
        let typed = |name: &str| format!("type.googleapis.com/{name}");
        let codec = json!({ "name": CODEC, "typed_config": { "@type": typed(CODEC_TYPE) } });
        let options = json!({
            "@type": typed(OPTIONS),
            "explicit_http_config": { "http_protocol_options": {} },
            "http_filters": [plugin, codec],
        });
        for name in clusters {
            let options = json!({ OPTIONS: options.clone() });
            self.cluster(name)?
                .insert("typed_extension_protocol_options".to_owned(), options);
        }
        Ok(self)
    }

    /// The configuration as JSON, which Envoy reads as well.
    pub fn to_json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(&self.document)?)
    }

    fn cluster(&mut self, name: &str) -> Result<&mut serde_json::Map<String, Value>> {
        let clusters = member(&mut self.document, "/static_resources/clusters")?;
        named(clusters, name)?
            .as_object_mut()
            .context("a cluster that is not an object")
    }
}

fn set_endpoint(cluster: &mut serde_json::Map<String, Value>, host: &str, port: u16) -> Result<()> {
    let assignment = cluster
        .get_mut("load_assignment")
        .context("no load_assignment")?;
    let address = json!({ "socket_address": { "address": host, "port_value": port } });
    *member(assignment, "/endpoints/0/lb_endpoints/0/endpoint/address")? = address;
    Ok(())
}

/// The configuration of each Wasm filter.
fn plugins(document: &mut Value) -> Result<Vec<&mut Value>> {
    let mut plugins = Vec::new();
    for manager in connection_managers(document)? {
        for filter in elements(member(manager, "/http_filters")?)? {
            let wasm = filter.pointer_mut("/typed_config/config");
            plugins.extend(wasm.filter(|config| config.get("vm_config").is_some()));
        }
    }
    ensure!(!plugins.is_empty(), "no Wasm filter");
    Ok(plugins)
}

/// What each route does with a call.
fn routes(document: &mut Value) -> Result<Vec<&mut Value>> {
    let mut routes = Vec::new();
    for manager in connection_managers(document)? {
        for virtual_host in elements(member(manager, "/route_config/virtual_hosts")?)? {
            for route in elements(member(virtual_host, "/routes")?)? {
                routes.push(member(route, "/route")?);
            }
        }
    }
    Ok(routes)
}

pub(super) fn connection_managers(document: &mut Value) -> Result<Vec<&mut Value>> {
    let mut managers = Vec::new();
    for listener in elements(member(document, "/static_resources/listeners")?)? {
        for chain in elements(member(listener, "/filter_chains")?)? {
            for filter in elements(member(chain, "/filters")?)? {
                managers.push(member(filter, "/typed_config")?);
            }
        }
    }
    Ok(managers)
}

pub(super) fn member<'a>(value: &'a mut Value, pointer: &str) -> Result<&'a mut Value> {
    value
        .pointer_mut(pointer)
        .with_context(|| format!("the configuration has no {pointer}"))
}

pub(super) fn elements(value: &mut Value) -> Result<&mut Vec<Value>> {
    value.as_array_mut().context("a list was expected")
}

fn named<'a>(list: &'a mut Value, name: &str) -> Result<&'a mut Value> {
    let found = elements(list)?
        .iter_mut()
        .find(|element| element["name"] == name);
    found.with_context(|| format!("the configuration has nothing named {name}"))
}
