//! The documented members of an event, and what each may hold.

use audit_layer_core::event::RiskLevel;
use chrono::{DateTime, Datelike};
use serde_json::value::RawValue;

use crate::event::EventError;
use crate::event::json::Entries;
use crate::limits;

/// How an event writes the names of its members. Both are kept as snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// `requestId`, as the TypeScript wrapper does.
    Camel,
    /// `request_id`, as the documentation and all others do.
    Snake,
}

impl Spelling {
    /// The spelling of the one member that no event can be without.
    pub(crate) fn of(entries: &Entries<'_>) -> Self {
        let has = |sought| entries.iter().any(|(name, _)| name == sought);
        match has("requestId") && !has("request_id") {
            true => Self::Camel,
            false => Self::Snake,
        }
    }

    /// The name that a member is kept by. What is not documented keeps its own.
    pub(crate) fn kept_name(self, name: &str) -> &str {
        match self {
            Self::Snake => name,
            Self::Camel => {
                let member = DOCUMENTED.iter().find(|member| member.camel == name);
                member.map_or(name, |member| member.name)
            }
        }
    }
}

/// The documented members that an event has, each of the documented type, as JSON text.
///
/// A member that is `null` is absent. Members that are not documented are not here.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    spelling: Spelling,
    values: [Option<&'a str>; DOCUMENTED.len()],
}

impl<'a> Members<'a> {
    /// Finds the documented members among `entries` and checks them.
    pub(crate) fn read(entries: &Entries<'a>, spelling: Spelling) -> Result<Self, EventError> {
        let mut members = Self {
            spelling,
            values: [None; DOCUMENTED.len()],
        };
        for (name, value) in entries.iter() {
            members.add(spelling.kept_name(name), value)?;
        }
        for (member, slot) in DOCUMENTED.iter().zip(&mut members.values) {
            *slot = member.check(*slot, spelling)?;
        }
        Ok(members)
    }

    fn add(&mut self, name: &str, value: &'a str) -> Result<(), EventError> {
        let mut slots = DOCUMENTED.iter().zip(&mut self.values);
        let Some((member, slot)) = slots.find(|(member, _)| member.name == name) else {
            return Ok(());
        };
        match slot.replace(value) {
            None => Ok(()),
            Some(_) => Err(EventError::MemberTwice {
                field: member.name_in(self.spelling),
            }),
        }
    }

    /// The name of a member as this event writes it.
    pub(crate) fn spelt(&self, name: &'static str) -> &'static str {
        let member = DOCUMENTED.iter().find(|member| member.name == name);
        member.map_or(name, |member| member.name_in(self.spelling))
    }

    /// The JSON text of a member.
    pub(crate) fn raw(&self, name: &'static str) -> Option<&'a str> {
        let mut slots = DOCUMENTED.iter().zip(self.values);
        slots.find_map(|(member, slot)| (member.name == name).then_some(slot)?)
    }

    pub(crate) fn optional_text(&self, name: &'static str) -> Result<Option<String>, EventError> {
        Ok(self.raw(name).map(serde_json::from_str).transpose()?)
    }

    pub(crate) fn text(&self, name: &'static str) -> Result<String, EventError> {
        self.optional_text(name)?.ok_or(EventError::MemberMissing {
            field: self.spelt(name),
            expected: Shape::Text.expected(),
        })
    }

    /// Text that is short enough for an index.
    pub(crate) fn id(&self, name: &'static str) -> Result<String, EventError> {
        let id = self.text(name)?;
        if id.len() > limits::ID_BYTES_MAX {
            return Err(EventError::Member {
                field: self.spelt(name),
                expected: "a string of at most 1024 bytes",
            });
        }
        Ok(id)
    }

    /// A time in microseconds since 1970, UTC.
    pub(crate) fn time(&self, name: &'static str) -> Result<i64, EventError> {
        let text = self.text(name)?;
        match DateTime::parse_from_rfc3339(&text) {
            // It also takes Unicode's minus for the sign of a zone.
            Ok(time) if text.is_ascii() && limits::EVENT_YEARS.contains(&time.year()) => {
                Ok(time.timestamp_micros())
            }
            Ok(_) | Err(_) => Err(EventError::Member {
                field: self.spelt(name),
                expected: Shape::Time.expected(),
            }),
        }
    }
}

/// The names of the documented members, in the documentation's order.
pub(crate) fn member_names() -> impl Iterator<Item = &'static str> {
    DOCUMENTED.iter().map(|member| member.name)
}

/// One line of the audit API's documentation.
struct Member {
    name: &'static str,
    camel: &'static str,
    need: Need,
    shape: Shape,
}

impl Member {
    const fn new(name: &'static str, camel: &'static str, need: Need, shape: Shape) -> Self {
        Self {
            name,
            camel,
            need,
            shape,
        }
    }

    fn name_in(&self, spelling: Spelling) -> &'static str {
        match spelling {
            Spelling::Camel => self.camel,
            Spelling::Snake => self.name,
        }
    }

    fn check<'a>(
        &self,
        raw: Option<&'a str>,
        spelling: Spelling,
    ) -> Result<Option<&'a str>, EventError> {
        let (field, expected) = (self.name_in(spelling), self.shape.expected());
        match (raw, self.need) {
            (None, Need::Required | Need::Nullable) => {
                Err(EventError::MemberMissing { field, expected })
            }
            (None, Need::Optional) | (Some("null"), Need::Optional | Need::Nullable) => Ok(None),
            (Some(raw), _) if self.shape.fits(raw) => Ok(Some(raw)),
            (Some(_), _) => Err(EventError::Member { field, expected }),
        }
    }
}

#[derive(Clone, Copy)]
enum Need {
    /// It must be there, and may be null.
    Nullable,
    Optional,
    Required,
}

#[derive(Clone, Copy)]
enum Shape {
    Count,
    Level,
    Name,
    Number,
    Object,
    Text,
    Texts,
    Time,
}

impl Shape {
    fn expected(self) -> &'static str {
        match self {
            Self::Count => "an integer from 0 to 2^64-1",
            Self::Level => "one of \"low\", \"medium\", \"high\", \"critical\"",
            Self::Name => "a non-empty string",
            Self::Number => "a number",
            Self::Object => "an object",
            Self::Text => "a string",
            Self::Texts => "an array of strings",
            Self::Time => "an RFC 3339 time such as \"2025-02-01T10:30:00Z\", from 1678 to 2261",
        }
    }

    /// Whether `raw`, which is valid JSON, has this shape. The value itself is not decoded where
    /// its first byte tells: prompts are long.
    fn fits(self, raw: &str) -> bool {
        match self {
            Self::Count => raw.parse::<u64>().is_ok(),
            Self::Level => serde_json::from_str::<String>(raw)
                .is_ok_and(|level| RiskLevel::named(&level).is_some()),
            Self::Name => raw.starts_with('"') && raw != "\"\"",
            Self::Number => raw.starts_with(|first: char| first == '-' || first.is_ascii_digit()),
            Self::Object => raw.starts_with('{'),
            Self::Text | Self::Time => raw.starts_with('"'),
            Self::Texts => serde_json::from_str::<Vec<&RawValue>>(raw)
                .is_ok_and(|items| items.iter().all(|item| Self::Text.fits(item.get()))),
        }
    }
}

/// Every documented member. Others are allowed, kept and not looked at.
const DOCUMENTED: [Member; 21] = {
    use Need::{Nullable, Optional, Required};
    [
        Member::new("request_id", "requestId", Required, Shape::Name),
        Member::new("timestamp", "timestamp", Required, Shape::Time),
        Member::new("duration_ms", "durationMs", Required, Shape::Count),
        Member::new("user_id", "userId", Required, Shape::Text),
        Member::new("session_id", "sessionId", Optional, Shape::Text),
        // Required where the key has none: see `Organization`.
        Member::new("organization_id", "organizationId", Optional, Shape::Text),
        Member::new("prompt_hash", "promptHash", Required, Shape::Text),
        Member::new("prompt_content", "promptContent", Required, Shape::Text),
        Member::new("prompt_tokens", "promptTokens", Required, Shape::Count),
        // The client wrappers send null when the model answered by tool calls alone.
        Member::new("response_content", "responseContent", Nullable, Shape::Text),
        Member::new("response_tokens", "responseTokens", Required, Shape::Count),
        Member::new("model_provider", "modelProvider", Required, Shape::Text),
        Member::new("model_name", "modelName", Required, Shape::Text),
        Member::new(
            "model_parameters",
            "modelParameters",
            Optional,
            Shape::Object,
        ),
        Member::new("decision_type", "decisionType", Optional, Shape::Text),
        Member::new("decision_outcome", "decisionOutcome", Optional, Shape::Text),
        Member::new(
            "confidence_score",
            "confidenceScore",
            Optional,
            Shape::Number,
        ),
        Member::new("reasoning", "reasoning", Optional, Shape::Text),
        Member::new("compliance_tags", "complianceTags", Optional, Shape::Texts),
        Member::new("risk_level", "riskLevel", Optional, Shape::Level),
        Member::new("metadata", "metadata", Optional, Shape::Object),
    ]
};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_openapi_document_describes_each_member_in_both_spellings() {
        let schemas = &crate::api::document()["components"]["schemas"];
        for (schema, spelling) in [("Event", Spelling::Snake), ("CamelEvent", Spelling::Camel)] {
            let schema = &schemas[schema];
            let members = schema["properties"].as_object().unwrap();
            assert_eq!(members.len(), DOCUMENTED.len());
            let required = schema["required"].as_array().unwrap();
            for member in &DOCUMENTED {
                let name = member.name_in(spelling);
                assert!(members.contains_key(name), "{name}");
                let is_required = !matches!(member.need, Need::Optional);
                assert_eq!(required.contains(&json!(name)), is_required, "{name}");
            }
        }
        assert_eq!(schemas["RiskLevel"]["enum"], json!(RiskLevel::NAMES));
    }
}
