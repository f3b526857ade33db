//! Rules and redaction as written.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::RawString;
use crate::event::{ContentPolicy, RiskLevel};
use crate::sensitive::Sensitive;

/// A rule: what is said of the calls that match it.
#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(in crate::policy) struct RawRule {
    /// The rule's name in events. Default: its number, from 1.
    pub(in crate::policy) name: Option<String>,
    /// Which calls match: those that match every member. Required.
    #[serde(rename = "match")]
    pub(in crate::policy) when: RawWhen,
    /// Values that take precedence over those of the caller and of the answer.
    pub(in crate::policy) set: RawValues,
    /// Values that are used if neither the caller nor the answer has one.
    pub(in crate::policy) default: RawValues,
    /// How much of these calls an event contains.
    pub(in crate::policy) content: Option<ContentPolicy>,
}

/// Patterns, each with * for any run of characters and ? for one. A member with several matches if one of them
/// does.
#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(in crate::policy) struct RawWhen {
    /// The host that clients ask for, without a port, in any case.
    pub(in crate::policy) host: Option<RawPatterns>,
    /// The path, without the query.
    pub(in crate::policy) path: Option<RawPatterns>,
    /// The method.
    pub(in crate::policy) method: Option<RawPatterns>,
    /// The proxy's name for the route.
    pub(in crate::policy) route: Option<RawPatterns>,
    /// The proxy's name for the upstream.
    pub(in crate::policy) cluster: Option<RawPatterns>,
    /// The model that is asked for.
    pub(in crate::policy) model: Option<RawPatterns>,
    /// The wire format, as events name it.
    pub(in crate::policy) format: Option<RawPatterns>,
    /// Who serves the model, as events name it.
    pub(in crate::policy) provider: Option<RawPatterns>,
    /// The event's user_id.
    pub(in crate::policy) user_id: Option<RawPatterns>,
    /// The event's session_id.
    pub(in crate::policy) session_id: Option<RawPatterns>,
    /// Headers of the request, by name. A header that the request does not have does not match.
    pub(in crate::policy) header: BTreeMap<String, RawPatterns>,
}

/// Members of the event.
#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(in crate::policy) struct RawValues {
    /// The organization that the call belongs to.
    pub(in crate::policy) organization_id: Option<RawString>,
    /// Who serves the model.
    pub(in crate::policy) provider: Option<RawString>,
    /// What kind of decision the call serves.
    pub(in crate::policy) decision_type: Option<RawString>,
    /// What was decided.
    pub(in crate::policy) decision_outcome: Option<RawString>,
    /// The confidence in the decision.
    pub(in crate::policy) confidence_score: Option<Number>,
    /// The reason for the decision.
    pub(in crate::policy) reasoning: Option<RawString>,
    /// Regulations and policies that the call falls under. The tags in set are added to the caller's.
    pub(in crate::policy) compliance_tags: Vec<String>,
    /// How much is at stake.
    pub(in crate::policy) risk_level: Option<RiskLevel>,
    /// Members of the event's metadata.
    pub(in crate::policy) metadata: BTreeMap<String, Value>,
}

/// One pattern, or several.
#[derive(Debug)]
pub(in crate::policy) struct RawPatterns(pub(in crate::policy) Vec<String>);

impl<'de> Deserialize<'de> for RawPatterns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Patterns)
    }
}

struct Patterns;

impl<'de> Visitor<'de> for Patterns {
    type Value = RawPatterns;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a pattern or an array of patterns")
    }

    fn visit_str<E: Error>(self, pattern: &str) -> Result<RawPatterns, E> {
        Ok(RawPatterns(vec![pattern.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, patterns: A) -> Result<RawPatterns, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(patterns)).map(RawPatterns)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for RawPatterns {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Patterns".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A pattern, or several of which one must match.",
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
            ],
        })
    }
}

/// What is replaced where content is redacted.
#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(in crate::policy) struct RawRedact {
    /// The kinds of sensitive data that are replaced. Default: all.
    pub(in crate::policy) kinds: Option<Vec<Sensitive>>,
    /// Your own patterns, which are replaced too.
    pub(in crate::policy) patterns: Vec<RawPattern>,
    /// Secret key by which a value has the same token in all events. Without it, tokens are numbered within each
    /// event.
    pub(in crate::policy) key: Option<RawString>,
    /// The lowest risk level of a call in which something of a kind, or of one of your patterns, is found.
    pub(in crate::policy) risk: BTreeMap<String, RiskLevel>,
}

/// A pattern of your own.
#[derive(Debug, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(in crate::policy) struct RawPattern {
    /// The name of its tokens and counts, such as employee_id: lowercase letters, digits and underscores.
    pub(in crate::policy) name: String,
    /// A regular expression in the syntax of Rust's regex crate; classes and case folding cover ASCII.
    pub(in crate::policy) pattern: String,
}
