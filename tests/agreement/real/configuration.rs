//! The smallest configuration of Envoy in which a guest meets clients, an upstream and callouts.

use std::path::Path;

use proxy_wasm_host_test::{FailurePolicy, HeaderPause};
use serde_json::{Map, Value, json};

use crate::scenario::Scenario;

/// A whole configuration, with ports that the system picks.
pub(crate) fn bootstrap(
    scenario: &Scenario,
    module: &Path,
    upstream: u16,
    audit: Option<u16>,
) -> Value {
    json!({
        "admin": { "address": address(0) },
        "static_resources": {
            "listeners": [listener(scenario, module)],
            "clusters": [
                cluster("upstream", Some(upstream), scenario.buffer_bytes_max),
                cluster("audit", audit, None),
            ],
        },
    })
}

fn listener(scenario: &Scenario, module: &Path) -> Value {
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "main",
        "route_config": { "virtual_hosts": [{
            "name": "all",
            "domains": ["*"],
            "routes": [{ "match": { "prefix": "/" }, "route": { "cluster": "upstream" } }],
        }] },
        "http_filters": [
            {
                "name": "guest",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                    "config": plugin(scenario, module),
                },
            },
            {
                "name": "router",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                },
            },
        ],
    });
    let mut listener = json!({
        "name": "main",
        "address": address(0),
        "filter_chains": [{ "filters": [{ "name": "manager", "typed_config": manager }] }],
    });
    if let Some(bytes) = scenario.buffer_bytes_max {
        listener["per_connection_buffer_limit_bytes"] = bytes.into();
    }
    listener
}

fn plugin(scenario: &Scenario, module: &Path) -> Value {
    let mut plugin = json!({
        "configuration": {
            "@type": "type.googleapis.com/google.protobuf.StringValue",
            "value": scenario.guest,
        },
        "vm_config": {
            "runtime": "envoy.wasm.runtime.v8",
            "code": { "local": { "filename": module } },
        },
    });
    match scenario.policy {
        FailurePolicy::Closed => plugin["failure_policy"] = "FAIL_CLOSED".into(),
        FailurePolicy::Reload => plugin["failure_policy"] = "FAIL_RELOAD".into(),
        FailurePolicy::OpenForNew => plugin["failure_policy"] = "FAIL_OPEN".into(),
        FailurePolicy::Open => plugin["fail_open"] = true.into(),
    }
    if scenario.header_pause == HeaderPause::StopHeaders {
        plugin["allow_on_headers_stop_iteration"] = true.into();
    }
    if !scenario.denied.is_empty() {
        let allowed = CAPABILITIES
            .iter()
            .filter(|name| !scenario.denied.contains(name));
        let allowed: Map<_, _> = allowed
            .map(|name| ((*name).to_owned(), json!({})))
            .collect();
        plugin["capability_restriction_config"] = json!({ "allowed_capabilities": allowed });
    }
    plugin
}

fn cluster(name: &str, port: Option<u16>, buffer_bytes_max: Option<u32>) -> Value {
    let endpoints = port.map(|port| json!({ "endpoint": { "address": address(port) } }));
    let endpoints: Vec<_> = endpoints.into_iter().collect();
    let mut cluster = json!({
        "name": name,
        "type": "STATIC",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{ "lb_endpoints": endpoints }],
        },
    });
    if let Some(bytes) = buffer_bytes_max {
        cluster["per_connection_buffer_limit_bytes"] = bytes.into();
    }
    cluster
}

fn address(port: u16) -> Value {
    json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } })
}

/// What the guests need: Envoy lists what is allowed, a scenario what is not.
const CAPABILITIES: [&str; 19] = [
    "proxy_log",
    "proxy_set_tick_period_milliseconds",
    "proxy_get_current_time_nanoseconds",
    "proxy_get_buffer_bytes",
    "proxy_get_header_map_value",
    "proxy_on_memory_allocate",
    "proxy_on_context_create",
    "proxy_on_vm_start",
    "proxy_on_configure",
    "proxy_on_request_headers",
    "proxy_on_response_headers",
    "proxy_on_log",
    "proxy_on_done",
    "proxy_on_delete",
    "proxy_on_tick",
    "environ_get",
    "environ_sizes_get",
    "fd_write",
    "random_get",
];
