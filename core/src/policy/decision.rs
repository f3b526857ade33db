//! From the configured sources of a decision to those that are looked at.

use super::error::ConfigError;
use super::raw::{RawDecision, RawDecisionSource, RawToolCall};
use super::resolver::Resolver;
use super::sources::{header, pointed, pointer};
use crate::decided::{DecisionPolicy, Source};
use crate::event::Member;
use crate::limits::{DECISION_SOURCES_MAX, NAME_BYTES_MAX};
use crate::wanted::{Header, Wanted, place};

pub(super) fn decision(
    raw: RawDecision,
    resolver: &Resolver<'_>,
    wanted: &mut Wanted,
) -> Result<DecisionPolicy, ConfigError> {
    let RawDecision {
        decision_type,
        decision_outcome,
        confidence_score,
        reasoning,
        compliance_tags,
        risk_level,
    } = raw;
    let mut all = |member, raw: Option<Vec<RawDecisionSource>>| {
        raw.map(|raw| sources(member, raw, resolver, wanted))
            .transpose()
    };
    Ok(DecisionPolicy {
        decision_type: all(Member::DecisionType, decision_type)?,
        decision_outcome: all(Member::DecisionOutcome, decision_outcome)?,
        confidence_score: all(Member::ConfidenceScore, confidence_score)?,
        reasoning: all(Member::Reasoning, reasoning)?,
        compliance_tags: all(Member::ComplianceTags, compliance_tags)?,
        risk_level: all(Member::RiskLevel, risk_level)?,
    })
}

fn sources(
    member: Member,
    raw: Vec<RawDecisionSource>,
    resolver: &Resolver<'_>,
    wanted: &mut Wanted,
) -> Result<Vec<Source>, ConfigError> {
    let at = format!("decision.{}", member.name());
    if raw.len() > DECISION_SOURCES_MAX {
        let reason = format!("must have at most {DECISION_SOURCES_MAX} sources");
        return Err(ConfigError::new(&at, reason));
    }
    let numbered = raw.into_iter().enumerate();
    numbered
        .map(|(number, raw)| source(&format!("{at}[{number}]"), member, raw, resolver, wanted))
        .collect()
}

fn source(
    at: &str,
    member: Member,
    raw: RawDecisionSource,
    resolver: &Resolver<'_>,
    wanted: &mut Wanted,
) -> Result<Source, ConfigError> {
    use RawDecisionSource as Raw;
    let is_list = member == Member::ComplianceTags;
    let is_of = |members: &[Member], source| match members.contains(&member) {
        true => Ok(source),
        false => Err(ConfigError::new(at, "has no value for this member")),
    };
    Ok(match raw {
        Raw::Caller => Source::Caller,
        Raw::Model => is_of(
            &[Member::DecisionOutcome, Member::ConfidenceScore],
            Source::Model,
        )?,
        Raw::LogProbabilities => is_of(&[Member::ConfidenceScore], Source::LogProbabilities)?,
        Raw::Header(raw) => {
            let name = header(&format!("{at}.header"), raw, resolver)?;
            Source::Header(place(&mut wanted.headers, Header { name, is_list }))
        }
        Raw::ResponseHeader(raw) => {
            let name = header(&format!("{at}.response_header"), raw, resolver)?;
            Source::ResponseHeader(place(
                &mut wanted.response_headers,
                Header { name, is_list },
            ))
        }
        Raw::BodyMember(text) => Source::BodyMember(pointed(
            &format!("{at}.body_member"),
            &text,
            &mut wanted.body,
        )?),
        Raw::ResponseMember(text) => {
            let at = format!("{at}.response_member");
            Source::ResponseMember(pointed(&at, &text, &mut wanted.response)?)
        }
        Raw::AnswerMember(text) => {
            Source::AnswerMember(pointer(&format!("{at}.answer_member"), &text)?)
        }
        Raw::ToolCall(RawToolCall { name, member }) => {
            let at = format!("{at}.tool_call");
            if !(1..=NAME_BYTES_MAX).contains(&name.len()) {
                let reason = format!("must have from 1 to {NAME_BYTES_MAX} bytes");
                return Err(ConfigError::new(&format!("{at}.name"), reason));
            }
            let member = pointer(&format!("{at}.member"), &member)?;
            Source::ToolCall { name, member }
        }
    })
}
