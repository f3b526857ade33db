//! What Envoy calls things, and what core calls them.

use audit_layer_core::completion::Cause;

/// The details of a response that the plugin refused, as its prompt was not recorded.
pub(crate) const UNRECORDED: &str = "audit_unrecorded";

/// The details of a response that Envoy did not pass on, since it follows the redirect itself.
const REDIRECT: &str = "internal_redirect";

/// The details of a response that the provider gave.
const VIA_UPSTREAM: &str = "via_upstream";

/// The details of a stream whose connection Envoy itself closed, which has a client's flag too.
const CLOSED: &str = "downstream_local_disconnect";

/// What the details of streams begin with that clients left.
const LEFT: &str = "downstream";

/// Envoy's short name of each bit of its attribute `response.flags`, from the lowest.
///
/// Source: Envoy's `CoreResponseFlag`, in whose order the bits are numbered.
const FLAGS: [&str; 30] = [
    "LH", "UH", "UT", "LR", "UR", "UF", "UC", "UO", "NR", "DI", "FI", "RL", "UAEX", "RLSE", "DC",
    "URX", "SI", "IH", "DPE", "UMSDR", "RFCF", "NFCF", "DT", "UPE", "NC", "OM", "DF", "DO", "DR",
    "UDO",
];

const TIMEOUT: [&str; 4] = ["UT", "SI", "DT", "UMSDR"];
const CLIENT: [&str; 3] = ["DC", "DR", "DPE"];
/// A connection that failed is not among them: Envoy then answers itself.
const UPSTREAM: [&str; 4] = ["UR", "UC", "UPE", "LR"];

/// The short names of the flags that are set.
pub(crate) fn flags(bits: u64) -> Vec<&'static str> {
    let is_set = |bit: u32| bits.checked_shr(bit).is_some_and(|rest| rest & 1 == 1);
    (0..)
        .zip(FLAGS)
        .filter(|(bit, _)| is_set(*bit))
        .map(|(_, name)| name)
        .collect()
}

/// Why a stream ended, by its flags and the details of its response.
pub(crate) fn cause(flags: &[&str], details: Option<&str>) -> Cause {
    let has = |any: &[&str]| flags.iter().any(|flag| any.contains(flag));
    let details = details.unwrap_or_default();
    match details {
        _ if details.starts_with(UNRECORDED) => Cause::Refused,
        _ if details.starts_with(REDIRECT) => Cause::Redirected,
        _ if has(&TIMEOUT) => Cause::TimedOut,
        _ if details.starts_with(CLOSED) => Cause::Stopped,
        _ if has(&CLIENT) || details.starts_with(LEFT) => Cause::CallerLeft,
        _ if has(&UPSTREAM) => Cause::ConnectionBroke,
        VIA_UPSTREAM => Cause::Finished,
        _ => Cause::Stopped,
    }
}

/// Whether a response with these details is Envoy's own.
pub(crate) fn is_local(details: Option<&str>) -> bool {
    details.is_some_and(|details| details != VIA_UPSTREAM)
}
