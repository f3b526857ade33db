//! Every text of an event, handed to who changes it, by what it is.
//!
//! Every member is named here, so that a new one does not compile before it is decided whether it is a fact or
//! content. What the gateway itself writes is handed to nobody: a caller must not be able to break an event by
//! sending one of its words as a key.

use std::iter;

use serde_json::value::RawValue;

use super::{
    ApiError, AuditEvent, AuditLayer, Capture, Choice, Claimed, Completion, Conversation,
    DecidedBy, Gateway, Identity, IdentitySource, Kind, Members, Metadata, PromptPart, Provenance,
    Response, ResponsePart, ToolCall,
};
use crate::decision::{Answered, Decision, Source};

/// Which part of a call a text belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The request, and what the caller says of it.
    Prompt,
    /// The answer.
    Answer,
}

/// Changes texts of an event.
pub(crate) trait Edit {
    /// An id, an address, or the proxy's own words.
    fn fact(&mut self, text: &mut String);

    /// A role, a type, or the name of a tool or of a question.
    fn name(&mut self, side: Side, name: &mut String);

    /// Words of the caller's or of the model's.
    fn text(&mut self, side: Side, text: &mut String);

    /// The canonical text of the prompt, and its parts, of which some tell their place in it.
    fn canonical(&mut self, text: &mut String, parts: &mut [PromptPart]);

    /// The arguments of a tool call: JSON, unless the model erred.
    fn arguments(&mut self, side: Side, arguments: &mut String);

    /// Members that are passed on as they were written.
    fn members(&mut self, side: Side, members: &mut Members);

    /// A number as it was written.
    fn number(&mut self, side: Side, number: &mut Option<Box<RawValue>>);
}

/// Hands over every text, the prompt's first.
pub(crate) fn edit(event: &mut AuditEvent, edit: &mut dyn Edit) {
    let AuditEvent {
        request_id: _,
        timestamp: _,
        duration_ms: _,
        user_id,
        session_id,
        organization_id: _,
        prompt_hash: _,
        prompt_content,
        prompt_tokens: _,
        response_content,
        response_tokens: _,
        model_provider: _,
        model_name,
        model_parameters,
        decision_type,
        decision_outcome,
        confidence_score,
        reasoning,
        compliance_tags,
        risk_level: _,
        metadata,
    } = event;
    let Metadata {
        caller,
        audit_layer,
    } = metadata;
    let AuditLayer {
        schema: _,
        writer: _,
        completion,
        usage: _,
        timing: _,
        identity,
        decision,
        prompt,
        response,
        capture,
        gateway,
        sealed: _,
    } = audit_layer;
    conversation(prompt_content, prompt, edit);
    edit.members(Side::Prompt, model_parameters);
    edit.fact(model_name);
    id(&identity.user_id, user_id, edit);
    if let Some(session_id) = session_id {
        id(&identity.session_id, session_id, edit);
    }
    texts(side_of(&decision.decision_type), decision_type, edit);
    texts(side_of(&decision.reasoning), reasoning, edit);
    texts(side_of(&decision.compliance_tags), compliance_tags, edit);
    edit.members(Side::Prompt, caller);
    who(identity, edit);
    edit.text(Side::Answer, response_content);
    let decided = response.decision.as_ref().map(|decision| decision.source);
    let side = |by: &Option<DecidedBy>, source: Option<Source>| match source {
        Some(Source::Answer) => Side::Answer,
        _ => side_of(by),
    };
    let of_outcome = decided.map(|source| source.decision_outcome);
    let of_outcome = side(&decision.decision_outcome, of_outcome);
    texts(of_outcome, decision_outcome, edit);
    let of_score = decided.map(|source| source.confidence_score);
    let of_score = side(&decision.confidence_score, of_score);
    edit.number(of_score, confidence_score);
    answer(response, edit);
    ending(completion, edit);
    read(capture, edit);
    observed(gateway, edit);
}

/// An id is the caller's only where the caller says it: what the gateway has checked, or the operator named, is
/// not broken by a caller who sends it as a key.
fn id(provenance: &Option<Provenance>, id: &mut String, edit: &mut dyn Edit) {
    match provenance {
        None => edit.fact(id),
        Some(Provenance { source, name }) => match source {
            IdentitySource::Body if name.is_some() => edit.text(Side::Prompt, id),
            IdentitySource::Caller | IdentitySource::Body | IdentitySource::UnverifiedJwtClaim => {
                edit.fact(id);
            }
            IdentitySource::Header
            | IdentitySource::JwtClaim
            | IdentitySource::JwtPrincipal
            | IdentitySource::Certificate
            | IdentitySource::PeerAddress
            | IdentitySource::ApiKey
            | IdentitySource::Constant => {}
        },
    }
}

/// Which part of a call a member of the decision is from.
fn side_of(by: &Option<DecidedBy>) -> Side {
    match by {
        Some(by) if by.source.is_answer() => Side::Answer,
        _ => Side::Prompt,
    }
}

fn conversation(canonical: &mut String, prompt: &mut Option<Conversation>, edit: &mut dyn Edit) {
    let Some(Conversation { hash: _, parts }) = prompt else {
        edit.canonical(canonical, &mut []);
        return;
    };
    edit.canonical(canonical, parts);
    for part in parts {
        let PromptPart {
            message: _,
            role,
            kind,
            type_name,
            id,
            name,
            at: _,
            bytes: _,
            text,
            arguments,
            reference,
            hash: _,
        } = part;
        facts(id, edit);
        names(Side::Prompt, iter::once(role).chain(type_name), edit);
        // A document's title is content.
        match (kind, name) {
            (Kind::Document | Kind::Media, Some(title)) => edit.text(Side::Prompt, title),
            (_, name) => names(Side::Prompt, name, edit),
        }
        texts(Side::Prompt, [text, reference].into_iter().flatten(), edit);
        if let Some(arguments) = arguments {
            edit.arguments(Side::Prompt, arguments);
        }
    }
}

fn who(identity: &mut Identity, edit: &mut dyn Edit) {
    // Where something comes from is in the operator's words.
    let Identity {
        user_id: _,
        session_id: _,
        organization_id: _,
        claimed,
    } = identity;
    let Some(claimed) = claimed else {
        return;
    };
    let Claimed {
        user_id,
        session_id,
        decision_type,
        decision_outcome,
        confidence_score,
        reasoning,
        compliance_tags,
        risk_level: _,
        metadata,
    } = &mut **claimed;
    facts([user_id, session_id].into_iter().flatten(), edit);
    let said = [decision_type, decision_outcome, reasoning];
    texts(Side::Prompt, said.into_iter().flatten(), edit);
    texts(Side::Prompt, compliance_tags, edit);
    edit.number(Side::Prompt, confidence_score);
    edit.members(Side::Prompt, metadata);
}

fn ending(completion: &mut Completion, edit: &mut dyn Edit) {
    let Completion {
        state: _,
        http_status: _,
        finish_reasons,
        flags: _,
        // The proxy's own words.
        details: _,
        error,
    } = completion;
    facts(finish_reasons, edit);
    if let Some(ApiError {
        kind,
        code,
        message,
    }) = error
    {
        facts([kind, code].into_iter().flatten(), edit);
        texts(Side::Answer, message, edit);
    }
}

fn answer(response: &mut Response, edit: &mut dyn Edit) {
    let Response {
        id,
        model,
        hash: _,
        reasoning,
        refusal,
        findings,
        decision,
        tool_calls,
        parts,
        choices,
    } = response;
    facts([id, model].into_iter().flatten(), edit);
    texts(
        Side::Answer,
        [reasoning, refusal].into_iter().flatten(),
        edit,
    );
    facts(findings, edit);
    if let Some(decision) = decision {
        decided(decision, edit);
    }
    for call in tool_calls {
        let ToolCall {
            choice: _,
            id,
            name,
            arguments,
        } = call;
        facts(id, edit);
        names(Side::Answer, [name], edit);
        edit.arguments(Side::Answer, arguments);
    }
    for part in parts {
        let ResponsePart {
            kind: _,
            type_name,
            id,
            text,
            bytes: _,
            hash: _,
        } = part;
        names(Side::Answer, [type_name], edit);
        facts(id, edit);
        texts(Side::Answer, text, edit);
    }
    for choice in choices {
        let Choice {
            index: _,
            content,
            finish_reason,
        } = choice;
        edit.text(Side::Answer, content);
        facts(finish_reason, edit);
    }
}

fn decided(decision: &mut Decision, edit: &mut dyn Edit) {
    let Decision {
        outcome,
        confidence,
        source: _,
        answers,
    } = decision;
    texts(Side::Answer, outcome, edit);
    edit.number(Side::Answer, confidence);
    for answer in answers {
        let Answered {
            name,
            kind,
            outcome,
            confidence,
        } = answer;
        names(Side::Answer, [name, kind].into_iter().flatten(), edit);
        texts(Side::Answer, outcome, edit);
        edit.number(Side::Answer, confidence);
    }
}

fn read(capture: &mut Capture, edit: &mut dyn Edit) {
    let Capture {
        point: _,
        api: _,
        streamed: _,
        request_bytes: _,
        response_bytes: _,
        request_hash: _,
        encoding,
        content: _,
        rules: _,
        set_by_policy: _,
        redacted: _,
        truncated: _,
        notes: _,
    } = capture;
    facts(encoding, edit);
}

fn observed(gateway: &mut Gateway, edit: &mut dyn Edit) {
    let Gateway {
        request_id,
        outer_request_id: _,
        traceparent,
        host,
        path,
        method,
        // The proxy's own words.
        route: _,
        cluster: _,
        source: _,
        user_agent,
        upstream_attempts: _,
        retry_count: _,
        plugin: _,
    } = gateway;
    let ids = [request_id, traceparent];
    let target = [host, path, method, user_agent];
    facts(ids.into_iter().chain(target).flatten(), edit);
}

fn facts<'t>(texts: impl IntoIterator<Item = &'t mut String>, edit: &mut dyn Edit) {
    for text in texts {
        edit.fact(text);
    }
}

fn names<'t>(side: Side, all: impl IntoIterator<Item = &'t mut String>, edit: &mut dyn Edit) {
    for name in all {
        edit.name(side, name);
    }
}

fn texts<'t>(side: Side, texts: impl IntoIterator<Item = &'t mut String>, edit: &mut dyn Edit) {
    for text in texts {
        edit.text(side, text);
    }
}
