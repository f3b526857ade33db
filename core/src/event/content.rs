//! How much of a prompt and of an answer an event may contain.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Serialize, Serializer};

words! {
    /// How much of a prompt or of an answer an event may contain.
    #[derive(Default)]
    pub enum ContentLevel {
        #[default]
        Full "full" "All of it.",
        Redacted "redacted" "All of it, with personal data and secrets replaced by tokens such as `[EMAIL:1]`.",
        Sealed "sealed" "As with `hash`, and beside it all of it encrypted for the keys of auditors.",
        Hash "hash" "No text: the size and the hash of each part.",
        None "none" "No text and no parts: one hash of the whole.",
    }
}

impl ContentLevel {
    /// Whether an event carries text on this level.
    pub const fn has_text(self) -> bool {
        matches!(self, Self::Full | Self::Redacted)
    }
}

/// The levels of a call. As JSON, one word if both are the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContentPolicy {
    /// Of the prompt, and of what the caller says of the call.
    pub prompt: ContentLevel,
    /// Of the answer.
    pub answer: ContentLevel,
}

impl ContentPolicy {
    /// The same level for both.
    pub const fn both(level: ContentLevel) -> Self {
        Self {
            prompt: level,
            answer: level,
        }
    }

    /// Whether an event contains all of both.
    pub fn is_full(self) -> bool {
        self == Self::both(ContentLevel::Full)
    }

    /// What is sealed, on the level that it has for those who open it.
    pub(crate) fn opened(self) -> Self {
        let opened = |level| match level {
            ContentLevel::Sealed => ContentLevel::Full,
            level => level,
        };
        Self {
            prompt: opened(self.prompt),
            answer: opened(self.answer),
        }
    }

    /// Whether one of them has this level.
    pub fn has(self, level: ContentLevel) -> bool {
        self.prompt == level || self.answer == level
    }
}

/// The levels where they differ.
#[derive(serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[derive(Default)]
struct Levels {
    /// Of the prompt.
    prompt: ContentLevel,
    /// Of the answer.
    answer: ContentLevel,
}

impl Serialize for ContentPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { prompt, answer } = *self;
        if prompt == answer {
            return prompt.serialize(serializer);
        }
        Levels { prompt, answer }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ContentPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Read)
    }
}

struct Read;

impl<'de> Visitor<'de> for Read {
    type Value = ContentPolicy;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a level, or an object with the members prompt and answer")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<ContentPolicy, E> {
        let unknown = || de::Error::unknown_variant(name, ContentLevel::NAMES);
        ContentLevel::named(name)
            .map(ContentPolicy::both)
            .ok_or_else(unknown)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ContentPolicy, A::Error> {
        let Levels { prompt, answer } = Levels::deserialize(MapAccessDeserializer::new(map))?;
        Ok(ContentPolicy { prompt, answer })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for ContentPolicy {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ContentPolicy".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "How much of prompt and answer an event may contain: one level for both, or one for each.",
            "anyOf": [
                generator.subschema_for::<ContentLevel>(),
                generator.subschema_for::<Levels>(),
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_stands_for_both() {
        let differ = ContentPolicy {
            prompt: ContentLevel::Hash,
            answer: ContentLevel::Full,
        };
        for (policy, json) in [
            (ContentPolicy::both(ContentLevel::None), r#""none""#),
            (differ, r#"{"prompt":"hash","answer":"full"}"#),
        ] {
            assert_eq!(serde_json::to_string(&policy).unwrap(), json);
            assert_eq!(serde_json::from_str::<ContentPolicy>(json).unwrap(), policy);
        }
    }

    #[test]
    fn what_is_not_said_is_full() {
        let policy: ContentPolicy = serde_json::from_str(r#"{"answer":"hash"}"#).unwrap();
        assert_eq!(policy.prompt, ContentLevel::Full);
    }
}
