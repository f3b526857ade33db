//! What sources of identity and of decisions have in common: headers, members of bodies, and texts.

use super::error::ConfigError;
use super::raw::RawString;
use super::resolver::Resolver;
use crate::credentials::names_a_credential;
use crate::event::limits::ID_BYTES_MAX;
use crate::headers::is_audit_name;
use crate::limits::{NAME_BYTES_MAX, POINTERS_MAX};
use crate::wanted::{Pointer, place};

/// The name in lower case of a header whose value is in every event then.
pub(super) fn header(
    at: &str,
    raw: RawString,
    resolver: &Resolver<'_>,
) -> Result<String, ConfigError> {
    let name = filled(at, raw, resolver)?.to_ascii_lowercase();
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:".contains(&byte);
    let reason = if !name.bytes().all(is_token) {
        "must be the name of a header"
    } else if name == ":path" {
        "has the query, which may have credentials; use a rule that matches the path"
    } else if is_audit_name(name.as_bytes()) {
        "is the caller's own header; use the source \"caller\""
    } else if names_a_credential(name.as_bytes()) {
        "contains a credential; use the source \"api_key\" for its fingerprint, or \
         \"unverified_jwt_claim\""
    } else {
        return Ok(name);
    };
    Err(ConfigError::new(at, reason))
}

/// The place of a pointer among those into one body.
pub(super) fn pointed(
    at: &str,
    text: &str,
    pointers: &mut Vec<Pointer>,
) -> Result<usize, ConfigError> {
    let place = place(pointers, pointer(at, text)?);
    if pointers.len() > POINTERS_MAX {
        let reason = format!("is one of more than {POINTERS_MAX} different members of one body");
        return Err(ConfigError::new(at, reason));
    }
    Ok(place)
}

pub(super) fn pointer(at: &str, text: &str) -> Result<Pointer, ConfigError> {
    let pointer = Pointer::parse(text).filter(|_| text.len() <= NAME_BYTES_MAX);
    let reason = "must be a JSON Pointer such as /metadata/case_id";
    pointer.ok_or_else(|| ConfigError::new(at, reason))
}

/// A text that is not empty.
pub(super) fn filled(
    at: &str,
    raw: RawString,
    resolver: &Resolver<'_>,
) -> Result<String, ConfigError> {
    match resolver.resolve(at, Some(raw))? {
        Some(text) if text.len() > ID_BYTES_MAX => {
            let reason = format!("must be at most {ID_BYTES_MAX} bytes long");
            Err(ConfigError::new(at, reason))
        }
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(ConfigError::new(at, "must not be empty")),
    }
}
