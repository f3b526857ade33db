//! The level of content as written.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::event::{ContentLevel, ContentPolicy};

/// What configurations had before there were levels: hash, with hashes that have no key.
const OLDER: &str = "hash_only";

/// How much of prompts and answers an event contains.
#[derive(Debug, Default)]
pub(in crate::policy) struct RawContent {
    pub(in crate::policy) policy: ContentPolicy,
    /// Whether it is the older word, whose hashes need no key.
    pub(in crate::policy) is_older: bool,
}

impl<'de> Deserialize<'de> for RawContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Content)
    }
}

struct Content;

impl<'de> Visitor<'de> for Content {
    type Value = RawContent;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a level, or an object with the members prompt and answer")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<RawContent, E> {
        if name == OLDER {
            return Ok(RawContent {
                policy: ContentPolicy::both(ContentLevel::Hash),
                is_older: true,
            });
        }
        ContentPolicy::deserialize(StrDeserializer::new(name)).map(RawContent::from)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawContent, A::Error> {
        ContentPolicy::deserialize(MapAccessDeserializer::new(map)).map(RawContent::from)
    }
}

impl From<ContentPolicy> for RawContent {
    fn from(policy: ContentPolicy) -> Self {
        Self {
            policy,
            is_older: false,
        }
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for RawContent {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Content".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "How much of prompt and answer an event may contain.",
            "anyOf": [
                generator.subschema_for::<ContentPolicy>(),
                {
                    "description": "The older word for hash, with hashes that have no key.",
                    "const": OLDER,
                    "deprecated": true,
                },
            ],
        })
    }
}
