//! Where the members of a decision come from: the caller, the answer, a guard, or what the configuration names.

use std::collections::BTreeSet;
use std::mem;

use serde_json::value::RawValue;

use crate::caller::{self, Caller};
use crate::decision::{self, Decision};
use crate::event::{Claimed, Decided, DecidedBy, DecisionSource, RiskLevel, ToolCall};
use crate::json::{self, Json};
use crate::limits::NAME_BYTES_MAX;
use crate::names::shortened;
use crate::note::Note;
use crate::wanted::{Found, Header, Pointer, Wanted, in_value};

/// Where each member is looked for, in order; the first source that has a value counts. Where there is no list it
/// is the caller, and then the model, if that was asked for decisions.
#[derive(Debug, Clone, Default)]
pub struct DecisionPolicy {
    /// Sources of `decision_type`.
    pub decision_type: Option<Vec<Source>>,
    /// Sources of `decision_outcome`.
    pub decision_outcome: Option<Vec<Source>>,
    /// Sources of `confidence_score`.
    pub confidence_score: Option<Vec<Source>>,
    /// Sources of `reasoning`.
    pub reasoning: Option<Vec<Source>>,
    /// Sources of `compliance_tags`.
    pub compliance_tags: Option<Vec<Source>>,
    /// Sources of `risk_level`.
    pub risk_level: Option<Vec<Source>>,
}

/// Where a value is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The caller's own header of the `x-audit-` family.
    Caller,
    /// What the model decided, where it was asked for decisions.
    Model,
    /// A header of the request, by its place among [`Wanted::headers`].
    Header(usize),
    /// A header of the response, by its place among [`Wanted::response_headers`].
    ResponseHeader(usize),
    /// A member of the request's body, by its place among [`Wanted::body`].
    BodyMember(usize),
    /// A member of the response's body, by its place among [`Wanted::response`].
    ResponseMember(usize),
    /// A member of the answer, which is JSON.
    AnswerMember(Pointer),
    /// A member of the arguments of the first tool call of this name.
    ToolCall {
        /// The tool's name.
        name: String,
        /// The member.
        member: Pointer,
    },
    /// The probabilities of the answer's tokens.
    LogProbabilities,
}

/// What a call has for the sources.
#[derive(Debug)]
pub(crate) struct Late<'a> {
    pub(crate) headers: &'a Found,
    pub(crate) response_headers: &'a Found,
    pub(crate) body: &'a Found,
    pub(crate) response: &'a Found,
    /// The text of the answer.
    pub(crate) answer: &'a str,
    pub(crate) tool_calls: &'a [ToolCall],
    /// The geometric mean of the probabilities of the answer's tokens.
    pub(crate) probability: Option<f64>,
}

/// A value of a member, by which two are told apart.
pub(crate) trait Said {
    fn said(&self) -> &str;
}

impl Said for String {
    fn said(&self) -> &str {
        self
    }
}

impl Said for Box<RawValue> {
    fn said(&self) -> &str {
        self.get()
    }
}

impl Said for RiskLevel {
    fn said(&self) -> &str {
        self.name()
    }
}

/// Gives the caller's members the values of their first sources, and says which those were. What the caller says
/// and is not taken goes to what is claimed.
pub(crate) fn decide(
    policy: &DecisionPolicy,
    wanted: &Wanted,
    late: &Late<'_>,
    caller: &mut Caller,
    claimed: &mut Claimed,
    decision: Option<&mut Decision>,
    notes: &mut BTreeSet<Note>,
) -> Decided {
    let model = decision.as_ref().map(|decision| {
        let Decision {
            outcome,
            confidence,
            ..
        } = &**decision;
        (outcome.clone(), confidence.clone())
    });
    let (outcome, confidence) = model.unwrap_or_default();
    let mut is_cut = false;
    let mut look = Look {
        wanted,
        late,
        notes,
        is_unreadable: false,
    };
    let mut name = |text: &str| Some(shortened(text, NAME_BYTES_MAX, &mut is_cut));
    let decision_type = look.settle(
        policy.decision_type.as_deref(),
        (&mut caller.decision_type, &mut claimed.decision_type),
        None,
        &mut name,
    );
    let decision_outcome = look.settle(
        policy.decision_outcome.as_deref(),
        (&mut caller.decision_outcome, &mut claimed.decision_outcome),
        outcome.clone(),
        &mut name,
    );
    // A confidence is of the outcome that it came with.
    let confidence = confidence.filter(|_| caller.decision_outcome == outcome);
    let confidence_score = look.settle(
        policy.confidence_score.as_deref(),
        (&mut caller.confidence_score, &mut claimed.confidence_score),
        confidence,
        &mut caller::number,
    );
    let reasoning = look.settle(
        policy.reasoning.as_deref(),
        (&mut caller.reasoning, &mut claimed.reasoning),
        None,
        &mut |text| Some(text.to_owned()),
    );
    let risk_level = look.settle(
        policy.risk_level.as_deref(),
        (&mut caller.risk_level, &mut claimed.risk_level),
        None,
        &mut |text| RiskLevel::parse(text),
    );
    let compliance_tags = look.settle_tags(policy.compliance_tags.as_deref(), caller, claimed);
    if look.is_unreadable {
        notes.insert(Note::SourceUnreadable);
    }
    if is_cut {
        notes.insert(Note::NameTruncated);
    }
    if let Some(decision) = decision {
        decision.source = decision::Sources {
            decision_outcome: provider(&decision_outcome),
            confidence_score: provider(&confidence_score),
        };
    }
    let told =
        |by: Option<DecidedBy>, sources: &Option<Vec<Source>>| by.filter(|_| sources.is_some());
    Decided {
        decision_type: told(decision_type, &policy.decision_type),
        decision_outcome: told(decision_outcome, &policy.decision_outcome),
        confidence_score: told(confidence_score, &policy.confidence_score),
        reasoning: told(reasoning, &policy.reasoning),
        compliance_tags: told(compliance_tags, &policy.compliance_tags),
        risk_level: told(risk_level, &policy.risk_level),
    }
}

/// Who provided a member, in the words of a decision.
fn provider(by: &Option<DecidedBy>) -> decision::Source {
    match by.as_ref().map(|by| by.source) {
        None => decision::Source::Absent,
        Some(DecisionSource::Caller) => decision::Source::Caller,
        Some(DecisionSource::Model) => decision::Source::Answer,
        Some(_) => decision::Source::Configured,
    }
}

/// Looks through sources.
struct Look<'a> {
    wanted: &'a Wanted,
    late: &'a Late<'a>,
    notes: &'a mut BTreeSet<Note>,
    is_unreadable: bool,
}

impl Look<'_> {
    /// Gives a member the value of its first source, and its claim what the caller said otherwise.
    fn settle<T: Said>(
        &mut self,
        sources: Option<&[Source]>,
        (member, claim): (&mut Option<T>, &mut Option<T>),
        model: Option<T>,
        read: &mut dyn FnMut(&str) -> Option<T>,
    ) -> Option<DecidedBy> {
        let mut callers = member.take();
        let mut models = model;
        let by = sources
            .unwrap_or(&[Source::Caller, Source::Model])
            .iter()
            .find(|source| {
                *member = match source {
                    Source::Caller => callers.take(),
                    Source::Model => models.take(),
                    source => self.found(source).and_then(|text| {
                        let value = read(&text);
                        self.is_unreadable |= value.is_none();
                        value
                    }),
                };
                member.is_some()
            });
        let by = by.map(|source| self.told(source));
        let is_same = |said: &T| {
            member
                .as_ref()
                .is_some_and(|taken| taken.said() == said.said())
        };
        if claim.is_none() {
            *claim = callers.filter(|said| !is_same(said));
        }
        by
    }

    fn settle_tags(
        &mut self,
        sources: Option<&[Source]>,
        caller: &mut Caller,
        claimed: &mut Claimed,
    ) -> Option<DecidedBy> {
        let mut callers = mem::take(&mut caller.compliance_tags);
        let by = sources.unwrap_or(&[Source::Caller]).iter().find(|source| {
            caller.compliance_tags = match source {
                Source::Caller => mem::take(&mut callers),
                source => self.found(source).map_or_else(Vec::new, |text| {
                    let (tags, is_broken) = caller::tags(&text);
                    self.is_unreadable |= is_broken;
                    tags
                }),
            };
            !caller.compliance_tags.is_empty()
        });
        let by = by.map(|source| self.told(source));
        if claimed.compliance_tags.is_empty() && callers != caller.compliance_tags {
            claimed.compliance_tags = callers;
        }
        by
    }

    fn found(&mut self, source: &Source) -> Option<String> {
        let of = |found: &Found, place: &usize| found.get(*place)?.clone();
        match source {
            Source::Caller | Source::Model => None,
            Source::Header(place) => of(self.late.headers, place),
            Source::ResponseHeader(place) => of(self.late.response_headers, place),
            Source::BodyMember(place) => of(self.late.body, place),
            Source::ResponseMember(place) => of(self.late.response, place),
            Source::AnswerMember(member) => self.in_text(unfenced(self.late.answer), member),
            Source::ToolCall { name, member } => {
                let mut calls = self.late.tool_calls.iter();
                let call = calls.find(|call| call.name == *name)?;
                self.in_text(&call.arguments, member)
            }
            Source::LogProbabilities => self.late.probability.and_then(written),
        }
    }

    fn in_text(&mut self, text: &str, member: &Pointer) -> Option<String> {
        let document: Option<Json<'_>> = json::read(text).filter(|_| !json::has_more(text));
        // Where nothing is said there is nothing to read.
        self.is_unreadable |= document.is_none() && !text.trim().is_empty();
        in_value(member, document?, self.notes)
    }

    fn told(&self, source: &Source) -> DecidedBy {
        let header = |all: &[Header], place: &usize| Some(all.get(*place)?.name.clone());
        let member =
            |members: &[Pointer], place: &usize| members.get(*place).map(ToString::to_string);
        let wanted = self.wanted;
        let (source, name) = match source {
            Source::Caller => (DecisionSource::Caller, None),
            Source::Model => (DecisionSource::Model, None),
            Source::LogProbabilities => (DecisionSource::LogProbabilities, None),
            Source::Header(place) => (DecisionSource::Header, header(&wanted.headers, place)),
            Source::ResponseHeader(place) => {
                let name = header(&wanted.response_headers, place);
                (DecisionSource::ResponseHeader, name)
            }
            Source::BodyMember(place) => (DecisionSource::BodyMember, member(&wanted.body, place)),
            Source::ResponseMember(place) => (
                DecisionSource::ResponseMember,
                member(&wanted.response, place),
            ),
            Source::AnswerMember(member) => {
                (DecisionSource::AnswerMember, Some(member.to_string()))
            }
            Source::ToolCall { name, member } => {
                (DecisionSource::ToolCall, Some(format!("{name}{member}")))
            }
        };
        DecidedBy { source, name }
    }
}

/// The text within a block of code, in which models like to put their JSON; any other text as it is.
fn unfenced(text: &str) -> &str {
    const FENCE: &str = "```";
    let inner = text.trim().strip_prefix(FENCE);
    let inner = inner.and_then(|inner| inner.strip_suffix(FENCE));
    // What stands behind the first fence is the language.
    let lines = inner.and_then(|inner| inner.split_once('\n'));
    lines.map_or(text, |(_, inner)| inner)
}

/// A probability with as many decimals as say something.
fn written(probability: f64) -> Option<String> {
    let is_one = (0.0..=1.0).contains(&probability);
    is_one.then(|| format!("{probability:.4}"))
}

#[cfg(test)]
mod tests;
