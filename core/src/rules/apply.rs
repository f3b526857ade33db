//! What the rules that fit a call make of its event.

use std::mem;

use super::{Rule, Values};
use crate::decided::Said;
use crate::decision::Source;
use crate::event::{
    AuditEvent, ContentPolicy, DecidedBy, DecisionSource, Member, Members, RiskLevel,
};

/// The rules that apply to a call, in their order.
#[derive(Debug)]
pub(crate) struct Matched<'r>(pub(super) Vec<&'r Rule>);

impl Matched<'_> {
    /// How much of the call an event may contain, if a rule says it.
    pub(crate) fn content(&self) -> Option<ContentPolicy> {
        self.0.iter().find_map(|rule| rule.content)
    }

    /// Gives an event what the rules have for it. `risk` is the level that the caller gave.
    pub(crate) fn apply(&self, event: &mut AuditEvent, risk: Option<RiskLevel>) {
        if self.0.is_empty() {
            return;
        }
        let set = merged(self.0.iter().map(|rule| &rule.set));
        let default = merged(self.0.iter().map(|rule| &rule.default));
        let layer = &mut event.metadata.audit_layer;
        let sources = layer.response.decision.as_mut();
        let mut sources = sources.map(|decision| &mut decision.source);
        let mut claimed = layer.identity.claimed.take().unwrap_or_default();
        let decided = &mut layer.decision;
        let mut given = Vec::new();
        // What a source of the operator's said is no claim of the caller's.
        let sourced = decided.clone();
        let is_callers = |by: &Option<DecidedBy>| {
            by.as_ref()
                .is_none_or(|by| by.source == DecisionSource::Caller)
        };
        let mut ruled = |member: Member, is_given: bool| {
            if is_given {
                given.push(member.name());
                if let Some(by) = decided.of(member) {
                    *by = None;
                }
            }
        };

        let of_outcome = sources
            .as_mut()
            .map(|sources| &mut sources.decision_outcome);
        let claim = not_of_answer(of_outcome.as_deref(), &mut claimed.decision_outcome)
            .filter(|_| is_callers(&sourced.decision_outcome));
        let values = (set.decision_outcome, default.decision_outcome);
        let is_given = settle(&mut event.decision_outcome, claim, values);
        mark(of_outcome, is_given);
        ruled(Member::DecisionOutcome, is_given);

        let of_score = sources.map(|sources| &mut sources.confidence_score);
        let claim = not_of_answer(of_score.as_deref(), &mut claimed.confidence_score)
            .filter(|_| is_callers(&sourced.confidence_score));
        let values = (set.confidence_score, default.confidence_score);
        let is_given = settle(&mut event.confidence_score, claim, values);
        mark(of_score, is_given);
        ruled(Member::ConfidenceScore, is_given);

        let values = (set.decision_type, default.decision_type);
        let claim = Some(&mut claimed.decision_type).filter(|_| is_callers(&sourced.decision_type));
        ruled(
            Member::DecisionType,
            settle(&mut event.decision_type, claim, values),
        );

        let values = (set.reasoning, default.reasoning);
        let claim = Some(&mut claimed.reasoning).filter(|_| is_callers(&sourced.reasoning));
        ruled(
            Member::Reasoning,
            settle(&mut event.reasoning, claim, values),
        );

        let mut level = risk;
        let values = (set.risk_level, default.risk_level);
        let claim = Some(&mut claimed.risk_level).filter(|_| is_callers(&sourced.risk_level));
        ruled(Member::RiskLevel, settle(&mut level, claim, values));
        event.risk_level = level.unwrap_or_default();

        let values = (set.compliance_tags, default.compliance_tags);
        ruled(
            Member::ComplianceTags,
            tags(&mut event.compliance_tags, values),
        );

        let values = (set.metadata, default.metadata);
        let caller = &mut event.metadata.caller;
        ruled(
            Member::Metadata,
            metadata(caller, &mut claimed.metadata, values),
        );

        let of_source = &mut layer.identity.organization_id;
        let default_organization = default.organization_id.filter(|_| of_source.is_none());
        if let Some(organization) = set.organization_id.or(default_organization) {
            *of_source = None;
            event.organization_id = organization;
            ruled(Member::OrganizationId, true);
        }
        ruled(Member::ModelProvider, set.provider.is_some());
        if let Some(provider) = set.provider {
            event.model_provider = provider;
        }

        layer.identity.claimed = (!claimed.is_empty()).then_some(claimed);
        layer.capture.rules = self.0.iter().map(|rule| rule.name.clone()).collect();
        layer.capture.set_by_policy = given;
    }
}

/// Where to put what the caller had said; nowhere if it was the answer that said it, and says it still.
fn not_of_answer<'c, T>(
    source: Option<&Source>,
    claim: &'c mut Option<T>,
) -> Option<&'c mut Option<T>> {
    (source != Some(&Source::Answer)).then_some(claim)
}

fn mark(source: Option<&mut Source>, is_given: bool) {
    if let (Some(source), true) = (source, is_given) {
        *source = Source::Rule;
    }
}

/// Of each member the first value, and all tags and members of metadata.
fn merged<'v>(all: impl Iterator<Item = &'v Values>) -> Values {
    let mut merged = Values::default();
    for values in all {
        let Values {
            organization_id,
            provider,
            decision_type,
            decision_outcome,
            confidence_score,
            reasoning,
            compliance_tags,
            risk_level,
            metadata,
        } = values.clone();
        merged.organization_id = merged.organization_id.or(organization_id);
        merged.provider = merged.provider.or(provider);
        merged.decision_type = merged.decision_type.or(decision_type);
        merged.decision_outcome = merged.decision_outcome.or(decision_outcome);
        merged.confidence_score = merged.confidence_score.or(confidence_score);
        merged.reasoning = merged.reasoning.or(reasoning);
        merged.risk_level = merged.risk_level.or(risk_level);
        add(&mut merged.compliance_tags, compliance_tags);
        fill(&mut merged.metadata, metadata);
    }
    merged
}

/// Gives a member its value by the order of precedence: what rules set, what was said, and what they have where
/// nothing was. What the caller had said otherwise becomes a claim. True if a rule gave it.
fn settle<T: Said>(
    value: &mut Option<T>,
    claim: Option<&mut Option<T>>,
    (set, default): (Option<T>, Option<T>),
) -> bool {
    let Some(set) = set else {
        let is_given = value.is_none() && default.is_some();
        if is_given {
            *value = default;
        }
        return is_given;
    };
    let before = value.take().filter(|before| before.said() != set.said());
    if let Some(claim) = claim
        && claim.is_none()
    {
        *claim = before;
    }
    *value = Some(set);
    true
}

/// True if a rule gave one.
fn tags(tags: &mut Vec<String>, (set, default): (Vec<String>, Vec<String>)) -> bool {
    let count = tags.len();
    let more = if tags.is_empty() && set.is_empty() {
        default
    } else {
        set
    };
    add(tags, more);
    tags.len() > count
}

fn add(tags: &mut Vec<String>, more: Vec<String>) {
    for tag in more {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
}

/// True if a rule gave one.
fn metadata(
    members: &mut Members,
    claims: &mut Members,
    (set, default): (Members, Members),
) -> bool {
    let mut is_given = !set.is_empty();
    for (name, value) in set.0 {
        let known = members.0.iter_mut().find(|(known, _)| *known == name);
        match known {
            Some((_, before)) if before.get() == value.get() => {}
            Some((_, before)) => {
                let said = (name, mem::replace(before, value));
                fill(claims, Members(vec![said]));
            }
            None => members.0.push((name, value)),
        }
    }
    is_given |= fill(members, default);
    is_given
}

/// Adds the members that are not there; true if there were any.
fn fill(members: &mut Members, more: Members) -> bool {
    let count = members.0.len();
    for (name, value) in more.0 {
        if !members.0.iter().any(|(known, _)| *known == name) {
            members.0.push((name, value));
        }
    }
    members.0.len() > count
}
