//! One configuration for several organizations: who a call belongs to, and how events are numbered.

use std::time::Duration;

use anyhow::Result;
use proxy_wasm_host_test::Profile;
use serde_json::{Value, json};

use crate::call::{
    ASK, OPENAI, OPENAI_ANSWER, answered_upstream, own, request_head, response_head, untouched,
};
use crate::proxy::{BATCHED, Proxy, plugin};

/// A gateway whose tenants are named by a header that a filter before it sets.
fn proxy(more: &Value) -> Result<Proxy> {
    let mut configuration: Value = serde_json::from_str(BATCHED)?;
    configuration["identity"] = json!({"organization_id": [{"header": "x-tenant"}]});
    for (member, value) in more.as_object().into_iter().flatten() {
        configuration[member] = value.clone();
    }
    Proxy::with(
        Profile::envoy(),
        &plugin()?.configuration(configuration.to_string()),
    )
}

fn call(proxy: &Proxy, tenant: Option<&str>) {
    let stream = proxy.vm.stream();
    let head = request_head(OPENAI);
    let head = match tenant {
        Some(tenant) => head.with("x-tenant", tenant),
        None => head,
    };
    untouched(&stream.request(head, ASK));
    answered_upstream(&stream);
    untouched(&stream.response(response_head(200), OPENAI_ANSWER));
    untouched(&stream.finish());
}

#[test]
fn each_organization_has_a_sequence_of_its_own() -> Result<()> {
    let proxy = proxy(&json!({}))?;
    for tenant in [Some("a"), Some("b"), None, Some("a")] {
        call(&proxy, tenant);
    }
    let events = proxy.events();
    let places: Vec<_> = events
        .iter()
        .map(|event| {
            let writer = own(event, "/writer");
            (&event["organization_id"], &writer["seq"], &writer["id"])
        })
        .collect();
    let of = |place: usize| {
        (
            places[place].0.as_str().unwrap(),
            places[place].1.as_u64().unwrap(),
        )
    };
    assert_eq!(
        [of(0), of(1), of(2), of(3)],
        [("a", 1), ("b", 1), ("org_1", 1), ("a", 2)]
    );
    assert_eq!(places[0].2, places[3].2, "one writer for an organization");
    assert_ne!(places[0].2, places[1].2);
    let source = own(&events[0], "/identity/organization_id");
    assert_eq!(source, &json!({"source": "header", "name": "x-tenant"}));
    assert_eq!(own(&events[2], "/identity/organization_id"), &Value::Null);
    Ok(())
}

/// What a rule withholds by the cluster of a call is not in the record of its prompt either, which is made before
/// the call is over.
#[test]
fn the_record_of_a_prompt_contains_no_more_than_its_event() -> Result<()> {
    let proxy = proxy(&json!({
        "capture": {"hash_key": "k"},
        "delivery": {"guarantee": "acknowledged", "batch": {"path": "/audit/log/batch"}},
        "rules": [{"name": "internal", "match": {"cluster": "internal"}, "content": "none"}],
    }))?;
    let stream = proxy.vm.stream();
    stream.property(&["xds", "cluster_name"], "internal");
    untouched(&stream.request(request_head(OPENAI), ASK));
    proxy.host.advance(Duration::from_secs(1));
    let records = proxy.api.events();
    let [record] = records.as_slice() else {
        panic!("{records:#?}");
    };
    assert_eq!(own(record, "/completion/state"), "pending");
    assert_eq!(own(record, "/capture/content"), "none");
    assert_eq!(own(record, "/capture/rules"), &json!(["internal"]));
    assert_eq!(record["prompt_content"], "");
    Ok(())
}
