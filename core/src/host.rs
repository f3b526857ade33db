//! The program that core runs in, as far as configurations and events speak of it.

use crate::event::CapturePoint;

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
}

impl Default for Host {
    /// A program with an environment of its own and no proxy.
    fn default() -> Self {
        Self {
            recorder: concat!("audit-layer/", env!("CARGO_PKG_VERSION")),
            point: CapturePoint::Sdk,
            cluster: None,
            json_hint: "",
            variable_hint: "",
        }
    }
}
