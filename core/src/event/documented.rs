//! The documented members of an event: each is declared once, with its name, and what the audit API's
//! documentation asks of it.
//!
//! The collector checks events by this table; its document of the API and the schema of the event have their
//! names, shapes and meanings from here.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Members, Metadata, RiskLevel};

/// Whether an event that is sent to the audit API has to have a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It must be there, and may be null.
    Nullable,
    /// It may be absent or null.
    Optional,
    /// It must be there, and not null.
    Required,
}

/// What a member may contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A whole number from 0 to 2^64-1.
    Count,
    /// A string of at most [`ID_BYTES_MAX`](super::limits::ID_BYTES_MAX) bytes that is not empty.
    Id,
    /// A [`RiskLevel`].
    Level,
    /// A number, as it was written.
    Number,
    /// An object.
    Object,
    /// The id of an organization: a string of at most
    /// [`ID_BYTES_MAX`](super::limits::ID_BYTES_MAX) bytes. Required where the key belongs to none.
    Organization,
    /// A string.
    Text,
    /// An array of strings.
    Texts,
    /// An RFC 3339 time.
    Time,
}

/// Declares the members: as a variant, as the field with its type, in camel case, and what they mean.
macro_rules! documented {
    ($(
        $Member:ident $name:ident: $Type:ty, $camel:literal $Need:ident $Shape:ident
            $(#[$of_field:meta])* $meaning:literal;
    )*) => {
        /// One audit event, serialized as the body of `POST {url}/audit/log`.
        #[derive(Debug, Clone, Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub struct AuditEvent {
            $(#[doc = $meaning] $(#[$of_field])* pub $name: $Type,)*
        }

        /// A documented member of an event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Member {
            $(#[doc = $meaning] $Member,)*
        }

        impl Member {
            /// Every one, in the documentation's order.
            pub const ALL: &'static [Self] = &[$(Self::$Member,)*];

            /// Its name in JSON.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$Member => stringify!($name),)*
                }
            }

            /// Its name as the TypeScript wrapper writes it.
            pub const fn camel(self) -> &'static str {
                match self {
                    $(Self::$Member => $camel,)*
                }
            }

            /// Whether it has to be there.
            pub const fn need(self) -> Need {
                match self {
                    $(Self::$Member => Need::$Need,)*
                }
            }

            /// What it may contain.
            pub const fn shape(self) -> Shape {
                match self {
                    $(Self::$Member => Shape::$Shape,)*
                }
            }

            /// What it means, in a sentence or two.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$Member => $meaning,)*
                }
            }

            /// The member with this name in JSON.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|member| member.name() == name)
            }
        }
    };
}

documented! {
    RequestId request_id: String, "requestId" Required Id
        "Identifies the call; an event that is sent again is recognized by it. Gateways generate a UUIDv7.";
    Timestamp timestamp: String, "timestamp" Required Time
        "When the call began. Gateways write UTC with milliseconds.";
    DurationMs duration_ms: u64, "durationMs" Required Count
        "From the start of the request to the end of the call, in milliseconds; in a `pending` record, to when it was made.";
    UserId user_id: String, "userId" Required Text
        "Who asked; empty if unknown.";
    SessionId session_id: Option<String>, "sessionId" Optional Text
        "The conversation or case that the call belongs to.";
    OrganizationId organization_id: String, "organizationId" Optional Organization
        "The organization that the event belongs to.";
    PromptHash prompt_hash: String, "promptHash" Required Text
        "Hash of the canonical prompt text; empty if the prompt could not be read completely.";
    PromptContent prompt_content: String, "promptContent" Required Text
        "The canonical prompt text, as far as the event contains it.";
    PromptTokens prompt_tokens: u64, "promptTokens" Required Count
        "Input tokens, cache included; 0 also if the provider reported none, or if the answer was only fetched (`answer_fetched`).";
    ResponseContent response_content: String, "responseContent" Nullable Text
        "The text of the first choice, or its refusal, as far as the event contains it.";
    ResponseTokens response_tokens: u64, "responseTokens" Required Count
        "Output tokens, reasoning included; 0 also if the provider reported none, or if the answer was only fetched (`answer_fetched`).";
    ModelProvider model_provider: String, "modelProvider" Required Text
        "Who serves the model, such as `openai` or `anthropic`.";
    ModelName model_name: String, "modelName" Required Text
        "The model that was asked for; the one that answered is `metadata.audit_layer.response.model`.";
    ModelParameters model_parameters: Members, "modelParameters" Optional Object
        "Sampling parameters, as the client wrote them.";
    DecisionType decision_type: Option<String>, "decisionType" Optional Text
        "What kind of decision the call serves.";
    DecisionOutcome decision_outcome: Option<String>, "decisionOutcome" Optional Text
        "What was decided.";
    ConfidenceScore confidence_score: Option<Box<RawValue>>, "confidenceScore" Optional Number
        #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
        "The confidence in the decision, as it was written.";
    Reasoning reasoning: Option<String>, "reasoning" Optional Text
        "The reason for the decision.";
    ComplianceTags compliance_tags: Vec<String>, "complianceTags" Optional Texts
        "Regulations and policies that the call falls under.";
    RiskLevel risk_level: RiskLevel, "riskLevel" Optional Level
        "How much is at stake.";
    Metadata metadata: Metadata, "metadata" Optional Object
        "The caller's own metadata. The member `audit_layer` is the gateway's.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn camel_case_is_the_name_without_its_underscores() {
        for member in Member::ALL {
            let mut camel = String::new();
            for (number, word) in member.name().split('_').enumerate() {
                let (first, rest) = word.split_at(1);
                match number {
                    0 => camel += first,
                    _ => camel += &first.to_uppercase(),
                }
                camel += rest;
            }
            assert_eq!(member.camel(), camel);
            assert_eq!(Member::named(member.name()), Some(*member));
        }
    }
}
