//! What Envoy knows of who makes a call, and where it keeps it.
//!
//! Source: Envoy's attributes of connections, and its filter `jwt_authn`, which keeps the claims of a token
//! that it has verified as dynamic metadata.

use std::iter;

use audit_layer_core::identity::{Attribute, Certificate};
use audit_layer_core::policy::Policy;

use crate::host;
use crate::property::text;

/// What is known of each attribute that the policy asks for.
pub(crate) fn all(policy: &Policy) -> Vec<Option<String>> {
    policy.identity.attributes.iter().map(attribute).collect()
}

fn attribute(attribute: &Attribute) -> Option<String> {
    match attribute {
        Attribute::Claim { payload, path } => claim(payload, path.iter().map(String::as_str)),
        Attribute::Principal { payload } => {
            let of = |name| claim(payload, iter::once(name));
            Some(format!("{}/{}", of("iss")?, of("sub")?))
        }
        Attribute::Certificate(field) => text(&["connection", certificate(*field)]),
    }
}

fn certificate(field: Certificate) -> &'static str {
    match field {
        Certificate::UriSan => "uri_san_peer_certificate",
        Certificate::DnsSan => "dns_san_peer_certificate",
        Certificate::Subject => "subject_peer_certificate",
        Certificate::Sha256 => "sha256_peer_certificate_digest",
    }
}

/// A claim that is text, a number or a boolean. Of others Envoy gives bytes that are nothing to read.
fn claim<'a>(payload: &'a str, path: impl Iterator<Item = &'a str>) -> Option<String> {
    let metadata = ["metadata", "filter_metadata", JWT_FILTER, payload];
    let path: Vec<&str> = metadata.into_iter().chain(path).collect();
    let value = host::property(&path).filter(|value| !value.is_empty())?;
    match str::from_utf8(&value) {
        Ok(text) if !text.chars().any(char::is_control) => Some(text.to_owned()),
        // A double. The bytes of one are text by chance in no whole number below 2^45.
        _ => match <[u8; 8]>::try_from(value.as_slice()) {
            // Beyond that, whole numbers share their double with others.
            Ok(bytes) => Some(f64::from_le_bytes(bytes))
                .filter(|number| number.abs() < EXACT_MAX)
                .map(|number| number.to_string()),
            Err(_) => boolean(&value),
        },
    }
}

fn boolean(value: &[u8]) -> Option<String> {
    match value {
        [0] => Some(false.to_string()),
        [1] => Some(true.to_string()),
        _ => None,
    }
}

/// Up to here a double has each whole number.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

const JWT_FILTER: &str = "envoy.filters.http.jwt_authn";
