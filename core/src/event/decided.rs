//! Where the members of an event's decision come from.

use serde::Serialize;

use super::Member;

/// Where each member of the decision comes from; absent where the configuration names no sources for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Decided {
    /// Of `decision_type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision_type: Option<DecidedBy>,
    /// Of `decision_outcome`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision_outcome: Option<DecidedBy>,
    /// Of `confidence_score`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence_score: Option<DecidedBy>,
    /// Of `reasoning`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<DecidedBy>,
    /// Of `compliance_tags`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compliance_tags: Option<DecidedBy>,
    /// Of `risk_level`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_level: Option<DecidedBy>,
}

/// Where a member of a decision comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DecidedBy {
    /// The kind of source.
    pub source: DecisionSource,
    /// Which one, where there are several: the header's name, or the JSON Pointer, after the tool's name if it is
    /// into a tool call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

words! {
    /// Where a member of a decision comes from.
    pub enum DecisionSource {
        Caller "caller" "The caller's own header, such as `x-audit-decision-outcome`.",
        Model "model" "The model, which was asked for decisions.",
        Header "header" "A header of the request that the operator named.",
        ResponseHeader "response_header" "A header of the response that the operator named, such as that of a guard.",
        BodyMember "body_member" "A member of the request's body.",
        ResponseMember "response_member" "A member of the response's body.",
        AnswerMember "answer_member" "A member of the answer, which is JSON.",
        ToolCall "tool_call" "A member of the arguments of a tool call that the model asks for.",
        LogProbabilities "log_probabilities" "The probabilities of the answer's tokens, as the provider reports them: their geometric mean.",
    }
}

impl DecisionSource {
    /// Whether it is in the answer, and not in what was asked or what is said of it.
    pub(crate) fn is_answer(self) -> bool {
        match self {
            Self::Model
            | Self::ResponseHeader
            | Self::ResponseMember
            | Self::AnswerMember
            | Self::ToolCall
            | Self::LogProbabilities => true,
            Self::Caller | Self::Header | Self::BodyMember => false,
        }
    }

    /// Whether it is a part of a prompt or of an answer, and not a word on it.
    pub fn is_content(self) -> bool {
        match self {
            Self::Model
            | Self::ResponseHeader
            | Self::BodyMember
            | Self::ResponseMember
            | Self::AnswerMember
            | Self::ToolCall => true,
            Self::Caller | Self::Header | Self::LogProbabilities => false,
        }
    }
}

impl Decided {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Where a member comes from, if it is one of a decision.
    pub fn of(&mut self, member: Member) -> Option<&mut Option<DecidedBy>> {
        match member {
            Member::DecisionType => Some(&mut self.decision_type),
            Member::DecisionOutcome => Some(&mut self.decision_outcome),
            Member::ConfidenceScore => Some(&mut self.confidence_score),
            Member::Reasoning => Some(&mut self.reasoning),
            Member::ComplianceTags => Some(&mut self.compliance_tags),
            Member::RiskLevel => Some(&mut self.risk_level),
            _ => None,
        }
    }
}
