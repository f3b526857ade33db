//! Configurations with a mistake, each refused with the path of the member. Gateways are shown the same list.

use audit_layer_core::host::Host;
use audit_layer_core::policy::Policy;
use serde_json::{Map, Value, json};

const LIST: &str = include_str!("data/refusals.json");

#[test]
fn a_mistake_anywhere_is_refused_with_its_place() {
    let list: Vec<(Map<String, Value>, String)> = serde_json::from_str(LIST).unwrap();
    assert!(list.len() >= 60);
    let host = Host {
        cluster: Some("the name of the upstream"),
        entropy: |_| true,
        ..Host::default()
    };
    for (members, refusal) in list {
        let mut config = json!({"audit_api": {"cluster": "audit"}});
        let config = config.as_object_mut().unwrap();
        config.extend(members);
        let json = serde_json::to_vec(config).unwrap();
        let error = Policy::read(&json, &|_| None, &host).expect_err(&refusal);
        let error = error.to_string();
        assert!(error.starts_with(&refusal), "{error}\n{refusal}");
    }
}
