//! The sources of a decision as written.

use super::RawString;

/// Where the members of a decision come from. Of each list the first source that has a value counts. Default: caller,
/// then model.
#[derive(Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(in crate::policy) struct RawDecision {
    /// Sources of decision_type.
    pub(in crate::policy) decision_type: Option<Vec<RawDecisionSource>>,
    /// Sources of decision_outcome.
    pub(in crate::policy) decision_outcome: Option<Vec<RawDecisionSource>>,
    /// Sources of confidence_score: numbers.
    pub(in crate::policy) confidence_score: Option<Vec<RawDecisionSource>>,
    /// Sources of reasoning.
    pub(in crate::policy) reasoning: Option<Vec<RawDecisionSource>>,
    /// Sources of compliance_tags: texts separated by commas, or lists of texts.
    pub(in crate::policy) compliance_tags: Option<Vec<RawDecisionSource>>,
    /// Sources of risk_level: low, medium, high or critical, in any case.
    pub(in crate::policy) risk_level: Option<Vec<RawDecisionSource>>,
}

/// Where a member of a decision comes from. Members of JSON are named by JSON Pointers (RFC 6901), such as /decision or
/// /results/0/label.
#[derive(Debug, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(in crate::policy) enum RawDecisionSource {
    /// The caller's own header, such as x-audit-decision-outcome, if it is trusted.
    Caller,
    /// What the model decided, where it was asked for decisions. Only for decision_outcome and confidence_score.
    Model,
    /// The geometric mean of the probabilities of the answer's tokens, where the provider reports them. Only for
    /// confidence_score.
    LogProbabilities,
    /// A header of the request, by its name: one that a filter or a proxy in front sets.
    Header(RawString),
    /// A header of the response, by its name, such as that of a guard.
    ResponseHeader(RawString),
    /// A member of the request's body.
    BodyMember(String),
    /// A member of the response's body, if it is one JSON document and no stream, such as the verdict of a guard.
    ResponseMember(String),
    /// A member of the answer's text, if that is JSON, bare or in one block of code.
    AnswerMember(String),
    /// A member of the arguments of a tool call that the model asks for.
    ToolCall(RawToolCall),
}

/// A member of the arguments of a tool call.
#[derive(Debug, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(in crate::policy) struct RawToolCall {
    /// The tool's name. The first call of it counts.
    pub(in crate::policy) name: String,
    /// The member.
    pub(in crate::policy) member: String,
}
