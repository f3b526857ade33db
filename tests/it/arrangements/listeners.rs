//! What stands around the plugin in each listener: other filters, and what routes do with a call.

use anyhow::Result;
use audit_layer_tests::envoy::Configuration;
use audit_layer_tests::stack::LISTENER;
use serde_json::{Value, json};

/// A listener's name, and how its connection manager differs from the shipped one.
type Arrangement = (&'static str, fn(&mut Value));

const ARRANGEMENTS: &[Arrangement] = &[
    ("redirecting", |manager| {
        let codes = [302, 303, 307, 308];
        each_route(
            manager,
            "internal_redirect_policy",
            &json!({
                "max_internal_redirects": 3,
                "redirect_response_codes": codes,
                "allow_cross_scheme_redirect": true,
            }),
        );
    }),
    ("retrying", |manager| {
        let back_off = json!({ "base_interval": "0.01s" });
        each_route(
            manager,
            "retry_policy",
            &json!({
                "retry_on": "5xx", "num_retries": 2, "retry_back_off": back_off,
            }),
        );
    }),
    ("hedging", |manager| {
        each_route(
            manager,
            "retry_policy",
            &json!({
                "retry_on": "5xx", "num_retries": 2, "per_try_timeout": "0.3s",
            }),
        );
        each_route(
            manager,
            "hedge_policy",
            &json!({ "hedge_on_per_try_timeout": true }),
        );
    }),
    ("mirroring", |manager| {
        each_route(
            manager,
            "request_mirror_policies",
            &json!([{ "cluster": "anthropic" }]),
        );
    }),
    ("off for a route", |manager| {
        let routes = &mut manager["route_config"]["virtual_hosts"][0]["routes"];
        let disabled = json!({
            "@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig",
            "disabled": true,
        });
        let route = json!({
            "match": { "prefix": "/off" },
            "route": { "cluster": "openai" },
            "typed_per_filter_config": { "audit_layer": disabled },
        });
        routes.as_array_mut().unwrap().insert(0, route);
    }),
    ("matching", |manager| {
        let plugin = manager["http_filters"][0].clone();
        manager["http_filters"][0] = matched(&plugin);
    }),
    ("refusing before", |manager| insert(manager, 0, refusal())),
    ("refusing before a match", |manager| {
        let plugin = manager["http_filters"][0].clone();
        manager["http_filters"][0] = matched(&plugin);
        insert(manager, 0, refusal());
    }),
    ("refusing behind", |manager| insert(manager, 1, refusal())),
    ("compressing before", |manager| {
        insert(manager, 0, compressor());
    }),
    ("compressing behind", |manager| {
        insert(manager, 1, compressor());
    }),
    ("decompressing behind", |manager| {
        insert(manager, 1, decompressor());
    }),
    ("buffering behind", |manager| {
        insert(
            manager,
            1,
            filter(
                "buffer",
                "buffer.v3.Buffer",
                json!({ "max_request_bytes": 1024 }),
            ),
        );
    }),
];

/// Adds a listener for each arrangement.
pub(crate) fn add(configuration: &mut Configuration) -> Result<()> {
    for (name, change) in ARRANGEMENTS {
        configuration.listener_like(LISTENER, name, change)?;
    }
    Ok(())
}

fn each_route(manager: &mut Value, member: &str, value: &Value) {
    let routes = &mut manager["route_config"]["virtual_hosts"][0]["routes"];
    for route in routes.as_array_mut().unwrap() {
        route["route"][member] = value.clone();
    }
}

fn insert(manager: &mut Value, place: usize, filter: Value) {
    let filters = manager["http_filters"].as_array_mut().unwrap();
    filters.insert(place, filter);
}

/// A filter of Envoy's own.
fn filter(name: &str, kind: &str, mut config: Value) -> Value {
    const EXTENSIONS: &str = "type.googleapis.com/envoy.extensions.filters.http";
    config["@type"] = format!("{EXTENSIONS}.{kind}").into();
    json!({ "name": format!("envoy.filters.http.{name}"), "typed_config": config })
}

/// Refuses who sends the header `x-refuse`.
fn refusal() -> Value {
    let principal = json!({ "header": { "name": "x-refuse", "present_match": true } });
    let policy = json!({ "permissions": [{ "any": true }], "principals": [principal] });
    let rules = json!({ "action": "DENY", "policies": { "refuse": policy } });
    filter("rbac", "rbac.v3.RBAC", json!({ "rules": rules }))
}

fn compressor() -> Value {
    let types = ["application/json", "text/event-stream"];
    let common = json!({ "min_content_length": 30, "content_type": types });
    let config = json!({
        "response_direction_config": { "common_config": common },
        "compressor_library": gzip("compressor.v3.Gzip"),
    });
    filter("compressor", "compressor.v3.Compressor", config)
}

fn decompressor() -> Value {
    let config = json!({ "decompressor_library": gzip("decompressor.v3.Gzip") });
    filter("decompressor", "decompressor.v3.Decompressor", config)
}

fn gzip(kind: &str) -> Value {
    let kind = format!("type.googleapis.com/envoy.extensions.compression.gzip.{kind}");
    json!({ "name": "gzip", "typed_config": { "@type": kind } })
}

/// The plugin only for calls with `x-tenant: audited`.
fn matched(plugin: &Value) -> Value {
    const COMPOSITE: &str = "type.googleapis.com/envoy.extensions.filters.http.composite.v3";
    let action = json!({
        "name": "composite-action",
        "typed_config": {
            "@type": format!("{COMPOSITE}.ExecuteFilterAction"),
            "typed_config": { "name": "audit_layer", "typed_config": plugin["typed_config"] },
        },
    });
    let input = json!({
        "name": "request-headers",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput",
            "header_name": "x-tenant",
        },
    });
    let map = json!({ "map": { "audited": { "action": action } } });
    json!({
        "name": "audit_layer",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher",
            "xds_matcher": { "matcher_tree": { "input": input, "exact_match_map": map } },
            "extension_config": {
                "name": "composite",
                "typed_config": { "@type": format!("{COMPOSITE}.Composite") },
            },
        },
    })
}
