//! The event of a call that is known to its end.

use std::collections::BTreeMap;
use std::mem;

use super::Call;
use super::request::Asked;
use super::response::Answered;
use crate::api::{self, Evidence};
use crate::completion::End;
use crate::credentials::Secrets;
use crate::decided;
use crate::event::{
    AuditEvent, AuditLayer, Capture, Completion, CompletionState, ContentLevel, ContentPolicy,
    Member, Metadata, RiskLevel, SCHEMA, Timing, Usage,
};
use crate::identity::{Ids, Late, Resolved};
use crate::note::Note;
use crate::policy::Policy;
use crate::redact::redact;
use crate::rules::{Early, Matched};
use crate::withhold::withhold;

pub(super) fn event(
    call: Call,
    asked: Asked,
    mut answered: Answered,
    usage: Usage,
    state: CompletionState,
    mut end: End,
    duration_ms: u64,
) -> AuditEvent {
    let Call {
        policy,
        identity,
        request_id,
        started,
        mut caller,
        mut claimed,
        known,
        headers,
        response_headers,
        fits,
        gateway,
        attempts_before: _,
        attributes_before,
        secrets,
        mut notes,
    } = call;
    // The first request is the client's.
    let mut attributes = mem::take(&mut end.attributes);
    for (attribute, before) in attributes.iter_mut().zip(attributes_before) {
        *attribute = before.or(attribute.take());
    }
    let late = Late {
        caller: Ids {
            user_id: caller.user_id.take(),
            session_id: caller.session_id.take(),
        },
        body: asked.ids,
        members: &asked.found,
        pointers: &policy.wanted.body,
        attributes: &attributes,
        peer: end.source.as_deref(),
    };
    let Resolved {
        ids,
        organization_id,
        identity: mut who,
    } = known.resolve(&policy.identity, &late, &mut claimed, &mut notes);
    let completion = Completion {
        state,
        http_status: http_status(&answered, &end, state),
        finish_reasons: finish_reasons(&answered, state),
        flags: end.flags,
        details: end.details,
        error: answered.answer.error.take(),
    };
    let (response_content, mut response) = answered.said(&mut notes);
    response.decision = answered.decided(state, &mut notes);
    let is_complete = state == CompletionState::Complete;
    let of_decision = decided::Late {
        headers: &headers,
        response_headers: &response_headers,
        body: &asked.found,
        response: &answered.found,
        // What broke off has decided nothing.
        answer: if is_complete {
            response_content.as_str()
        } else {
            ""
        },
        tool_calls: if is_complete {
            &response.tool_calls
        } else {
            &[]
        },
        probability: answered.answer.probability().filter(|_| is_complete),
    };
    let decision = decided::decide(
        &policy.decision,
        &policy.wanted,
        &of_decision,
        &mut caller,
        &mut claimed,
        response.decision.as_mut(),
        &mut notes,
    );
    who.claimed = (!claimed.is_empty()).then(|| Box::new(claimed));
    let given_risk = caller.risk_level;
    let path = gateway.path.as_deref().unwrap_or_default();
    let model = match asked.model.as_str() {
        "" => api::model_in_path(path),
        model => Some(model.into()),
    };
    let is_fetch = identity.evidence == Evidence::Answer;
    if is_fetch && response.id.is_none() {
        response.id = api::fetched_id(path).map(str::to_owned);
    }
    // Who fetches an answer asks no model, and its tokens are those of the call that did.
    let model = model.or_else(|| {
        response
            .model
            .as_deref()
            .filter(|_| is_fetch)
            .map(Into::into)
    });
    let counted = |count: Option<u64>| count.filter(|_| !is_fetch).unwrap_or(0);
    if model.is_none() && !asked.prompt_hash.is_empty() {
        notes.insert(Note::ModelAbsent);
    }
    let capture = Capture {
        point: policy.point,
        api: identity.format.name,
        streamed: answered.streamed,
        request_bytes: asked.bytes,
        response_bytes: answered.bytes,
        request_hash: asked.body_hash,
        encoding: answered.encoding,
        content: policy.capture.content,
        rules: Vec::new(),
        set_by_policy: Vec::new(),
        redacted: BTreeMap::new(),
        truncated: notes.iter().any(|note| note.is_truncation()),
        notes: notes.into_iter().collect(),
    };
    let mut event = AuditEvent {
        request_id,
        timestamp: started.rfc3339(),
        duration_ms,
        user_id: ids.user_id.unwrap_or_default(),
        session_id: ids.session_id,
        organization_id: organization_id.unwrap_or_else(|| policy.organization_id.clone()),
        prompt_hash: asked.prompt_hash,
        prompt_content: asked.prompt_content,
        prompt_tokens: counted(usage.input_tokens),
        response_content,
        response_tokens: counted(usage.output_tokens),
        model_provider: identity.provider,
        model_name: model.unwrap_or_default().into_owned(),
        model_parameters: asked.parameters,
        decision_type: caller.decision_type,
        decision_outcome: caller.decision_outcome,
        confidence_score: caller.confidence_score,
        reasoning: caller.reasoning,
        compliance_tags: caller.compliance_tags,
        risk_level: caller.risk_level.unwrap_or_default(),
        metadata: Metadata {
            caller: caller.metadata,
            audit_layer: AuditLayer {
                schema: SCHEMA,
                writer: None,
                completion,
                usage,
                timing: Timing {
                    first_byte_ms: answered.first_byte_ms,
                },
                identity: who,
                decision,
                prompt: asked.conversation,
                response,
                capture,
                gateway,
                sealed: None,
            },
        },
    };
    finish(&mut event, &policy, &fits, &secrets, given_risk);
    event
}

/// Takes out of an event what may not be in it, and gives it what rules have for it. What is sealed is the event
/// as it is on the level that it has for those who open it, made in the same way.
fn finish(
    event: &mut AuditEvent,
    policy: &Policy,
    fits: &Early,
    secrets: &Secrets,
    given_risk: Option<RiskLevel>,
) {
    let matched = policy.rules.matching(fits, event);
    let content = matched.content().unwrap_or(policy.capture.content);
    secrets.remove_from_event(event);
    let sealer = policy.sealer.as_ref();
    let sealer = sealer.filter(|_| content.has(ContentLevel::Sealed));
    let sealed = sealer.and_then(|sealer| {
        let mut opened = event.clone();
        limit(&mut opened, policy, content.opened(), &matched, given_risk);
        sealer.seal(&opened)
    });
    limit(event, policy, content, &matched, given_risk);
    event.metadata.audit_layer.sealed = sealed.map(Box::new);
}

/// Takes out of an event what a level forbids. What rules have for it comes last.
fn limit(
    event: &mut AuditEvent,
    policy: &Policy,
    content: ContentPolicy,
    matched: &Matched<'_>,
    given_risk: Option<RiskLevel>,
) {
    let form = &policy.capture.hash;
    let found_risk = redact(event, content, &policy.redact, form);
    withhold(event, content, form);
    matched.apply(event, given_risk);
    if found_risk > event.risk_level {
        event.risk_level = found_risk;
        let layer = &mut event.metadata.audit_layer;
        layer.decision.risk_level = None;
        let given = &mut layer.capture.set_by_policy;
        given.push(Member::RiskLevel.name());
        given.dedup();
    }
}

/// The status that the client got, which is not the provider's where the gateway answered.
fn http_status(answered: &Answered, end: &End, state: CompletionState) -> Option<u16> {
    match state {
        CompletionState::LocalReply => end.http_status.or(answered.status),
        CompletionState::Redirected => None,
        _ => answered.status.or(end.http_status),
    }
}

/// As the OpenTelemetry conventions have it, a reason that was due and never came is `error`.
fn finish_reasons(answered: &Answered, state: CompletionState) -> Vec<String> {
    answered
        .answer
        .choices
        .iter()
        .filter_map(|choice| match &choice.finish_reason {
            None if state != CompletionState::Complete => Some("error".to_owned()),
            reason => reason.clone(),
        })
        .collect()
}
