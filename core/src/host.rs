//! The program that core runs in, as far as configurations and events speak of it.

use crate::event::CapturePoint;
use crate::sealing::Entropy;

/// What a host says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Host {
    /// Name and version of what records, the member `gateway.plugin` of events.
    pub recorder: &'static str,
    /// Where it records calls, the member `capture.point` of events.
    pub point: CapturePoint,
    /// What `audit_api.cluster` is, where it is required: a host that reaches the audit API by its
    /// address alone has none.
    pub cluster: Option<&'static str>,
    /// What is added to a refusal of something that is no JSON object.
    pub json_hint: &'static str,
    /// What is added to a refusal that misses an environment variable.
    pub variable_hint: &'static str,
    /// Random bytes, without which content cannot be sealed.
    pub entropy: Entropy,
}

impl Host {
    /// Envoy, and the gateways of its family, in which the plugin runs.
    pub fn envoy(entropy: Entropy) -> Self {
        Self {
            recorder: concat!("audit-layer/", env!("CARGO_PKG_VERSION")),
            point: CapturePoint::Gateway,
            cluster: Some("the proxy's name of the audit API's upstream"),
            // Envoy passes a Struct as protobuf, and only the text of a StringValue as it is.
            json_hint: "; in Envoy, write it as the value of a google.protobuf.StringValue",
            variable_hint: " in the plugin's VM; list it under \
                vm_config.environment_variables.host_env_keys",
            entropy,
        }
    }
}

impl Default for Host {
    /// A program with an environment of its own, no proxy, and no random bytes.
    fn default() -> Self {
        Self {
            recorder: concat!("audit-layer/", env!("CARGO_PKG_VERSION")),
            point: CapturePoint::Sdk,
            cluster: None,
            json_hint: "",
            variable_hint: "",
            entropy: |_| false,
        }
    }
}
