//! The operator's configuration: it is read, or refused in one line that says where.
//!
//! An input is a byte that picks an environment, and the configuration.

use audit_layer_core::event::CapturePoint;
use audit_layer_core::host::Host;
use audit_layer_core::policy::Policy;

use crate::pick;

type Environment = fn(&str) -> Option<String>;

const ENVIRONMENTS: [Environment; 4] = [
    |_| None,
    |_| Some(String::new()),
    |name| Some(name.to_owned()),
    |_| Some("https://audit.example/v1".to_owned()),
];

/// A host that reaches the audit API by a cluster.
const PROXY: Host = Host {
    recorder: "recorder/1",
    point: CapturePoint::Gateway,
    cluster: Some("the proxy's name of it"),
    json_hint: "; in a proxy, write it as a string",
    variable_hint: " in the VM",
    entropy: |bytes| {
        bytes.fill(7);
        true
    },
};

/// Panics if the input shows a fault.
pub fn check(input: &[u8]) {
    let Some((environment, json)) = input.split_first() else {
        return;
    };
    let environment = pick(&ENVIRONMENTS, *environment);
    match Policy::read(json, &environment, &PROXY) {
        Ok(policy) => accepted(&policy),
        Err(refusal) => refused(&refusal.to_string()),
    }
}

/// What the rest of the plugin relies on.
fn accepted(policy: &Policy) {
    assert!(!policy.audit_api.cluster.is_empty());
    assert!(!policy.audit_api.authority.is_empty());
    assert!(!policy.audit_api.base_path.ends_with('/'));
    assert!(policy.delivery.batch.path.is_some() || policy.delivery.batch.max_events == 1);
    assert!(policy.delivery.batch.max_events >= 1 && policy.delivery.queue.max_events >= 1);
}

fn refused(refusal: &str) {
    assert!(!refusal.contains(char::is_control), "{refusal:?}");
    let names_a_member = refusal.contains(": ") || refusal.contains(" field `");
    let tells_a_place = refusal.contains(" at line ");
    let is_no_json = refusal.starts_with("not a JSON object");
    assert!(names_a_member || tells_a_place || is_no_json, "{refusal:?}");
}
