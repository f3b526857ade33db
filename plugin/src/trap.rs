//! A trap on demand, for tests of what a proxy does then. No module that ships has this.

use audit_layer_core::headers::Headers;

/// Traps if the request has the header `x-trap`.
pub(crate) fn if_asked(headers: Headers<'_>) {
    if headers.0.iter().any(|(name, _)| name == b"x-trap") {
        core::arch::wasm32::unreachable();
    }
}
