//! Where the members of an event come from.

use audit_layer_core::decision::Source;
use audit_layer_core::event::{AuditEvent, IdentitySource, Member};
use serde_json::Value;

const CALLER: &str = "the caller's x-audit header";
const NOBODY: &str = "nobody says it";
const REQUEST: &str = "the request";
const ANSWER: &str = "the answer";
const GATEWAY: &str = "the gateway";
const CONFIGURATION: &str = "the configuration";
const POLICY: &str = "the configuration: a rule, or what was found";

/// The names of members, each with where it comes from.
pub(super) type Origins = Vec<(String, &'static str)>;

/// Each member that the event has, with where it comes from.
pub(super) fn of_members(event: &AuditEvent, written: &Value) -> Origins {
    let members = Member::ALL.iter();
    let there = members.filter(|member| written.get(member.name()).is_some());
    there
        .map(|member| (member.name().to_owned(), of(*member, event, written)))
        .collect()
}

fn of(member: Member, event: &AuditEvent, written: &Value) -> &'static str {
    let layer = &event.metadata.audit_layer;
    if layer.capture.set_by_policy.contains(&member.name()) {
        return POLICY;
    }
    let mut decision = layer.decision.clone();
    if let Some(Some(by)) = decision.of(member) {
        return by.source.meaning();
    }
    let is_said = written.get(member.name()).is_some_and(|value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    });
    let decided = |source: Source| match source {
        Source::Answer => ANSWER,
        Source::Caller => CALLER,
        Source::Rule | Source::Configured => POLICY,
        Source::Absent => NOBODY,
    };
    let decision = layer
        .response
        .decision
        .as_ref()
        .map(|decision| decision.source);
    let identity = |source: Option<IdentitySource>| source.map_or(NOBODY, IdentitySource::meaning);
    match member {
        Member::RequestId | Member::Timestamp | Member::DurationMs => GATEWAY,
        Member::UserId => identity(layer.identity.user_id.as_ref().map(|it| it.source)),
        Member::SessionId => identity(layer.identity.session_id.as_ref().map(|it| it.source)),
        Member::OrganizationId if layer.identity.organization_id.is_some() => {
            identity(layer.identity.organization_id.as_ref().map(|it| it.source))
        }
        Member::OrganizationId if is_said => CONFIGURATION,
        Member::OrganizationId => "nobody says it: the audit API knows it by the key",
        Member::PromptHash => "the gateway, of the prompt as it was sent",
        Member::ModelProvider => "the gateway, by the host; or the configuration's providers",
        Member::PromptTokens | Member::ResponseTokens => ANSWER,
        Member::ResponseContent if is_said => ANSWER,
        Member::PromptContent | Member::ModelName | Member::ModelParameters if is_said => REQUEST,
        Member::DecisionOutcome if decision.is_some() => {
            decided(decision.unwrap_or_default().decision_outcome)
        }
        Member::ConfidenceScore if decision.is_some() => {
            decided(decision.unwrap_or_default().confidence_score)
        }
        Member::RiskLevel => "the caller's x-audit header, or the default",
        Member::Metadata => "the caller's x-audit header, and the gateway under audit_layer",
        Member::DecisionType
        | Member::DecisionOutcome
        | Member::ConfidenceScore
        | Member::Reasoning
        | Member::ComplianceTags
            if is_said =>
        {
            CALLER
        }
        _ => NOBODY,
    }
}
