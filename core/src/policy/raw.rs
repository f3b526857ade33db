//! The configuration as written.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

use super::check::ConfigError;
use crate::event::ContentPolicy;
use crate::prompt::PromptFormat;

/// Reads the shape; ranges and references are checked later.
pub(super) fn read(json: &[u8]) -> Result<RawPolicy, ConfigError> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let policy = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        ConfigError::new(if path == "." { "" } else { &path }, error.into_inner())
    })?;
    deserializer
        .end()
        .map_err(|error| ConfigError::new("", error))?;
    Ok(policy)
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawPolicy {
    pub(super) organization_id: Option<RawString>,
    pub(super) audit_api: RawAuditApi,
    pub(super) delivery: RawDelivery,
    pub(super) capture: RawCapture,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawAuditApi {
    pub(super) cluster: Option<RawString>,
    pub(super) url: Option<RawString>,
    pub(super) api_key: Option<RawString>,
    pub(super) timeout_ms: Option<u64>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawDelivery {
    pub(super) batch: RawBatch,
    pub(super) queue: RawQueue,
    pub(super) retry: RawRetry,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawBatch {
    pub(super) path: Option<RawString>,
    pub(super) max_events: Option<u64>,
    pub(super) max_bytes: Option<u64>,
    pub(super) linger_ms: Option<u64>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawQueue {
    pub(super) max_events: Option<u64>,
    pub(super) max_bytes: Option<u64>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRetry {
    pub(super) base_ms: Option<u64>,
    pub(super) max_ms: Option<u64>,
    pub(super) max_age_ms: Option<u64>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawCapture {
    pub(super) content: ContentPolicy,
    pub(super) prompt_format: PromptFormat,
    pub(super) hash: RawHash,
    pub(super) hash_key: Option<RawString>,
    pub(super) limits: RawLimits,
}

#[derive(Debug, Clone, Copy, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawHash {
    #[default]
    Sha256,
    Bare,
    HmacSha256,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawLimits {
    pub(super) request_bytes: Option<u64>,
    pub(super) response_bytes: Option<u64>,
    pub(super) content_bytes: Option<u64>,
}

/// Any string of the configuration: itself, or `{"env": "NAME"}`.
#[derive(Debug)]
pub(super) enum RawString {
    Literal(String),
    Env(String),
}

impl<'de> Deserialize<'de> for RawString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawStringVisitor)
    }
}

struct RawStringVisitor;

impl<'de> Visitor<'de> for RawStringVisitor {
    type Value = RawString;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or {\"env\": \"NAME\"}")
    }

    fn visit_str<E>(self, text: &str) -> Result<RawString, E> {
        Ok(RawString::Literal(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawString, A::Error> {
        let only_env = || de::Error::custom("expected the one member \"env\"");
        match map.next_entry::<String, String>()? {
            Some((member, name)) if member == "env" => match map.next_key::<String>()? {
                None => Ok(RawString::Env(name)),
                Some(_) => Err(only_env()),
            },
            _ => Err(only_env()),
        }
    }
}
