//! Takes out of a finished event what its content level forbids.
//!
//! An event is made with everything; what may not be in it is taken out here, and nowhere else, so that no way
//! to an event leads past it. Every member is named, so that a new one does not compile before it is decided
//! whether it is content.
//!
//! Content are the words of prompt and answer: texts, arguments and results of tools, titles and addresses of
//! documents, reasoning, refusals, messages of errors, and parameters that are not numbers. Facts stay: ids,
//! roles, types, names of models and tools, counts, and what the application itself sends for the audit. What
//! stands in the place of a name and is a sentence goes too.

use serde_json::value::RawValue;

use crate::decision::{Answered, Decision, Source, Sources};
use crate::digest::HashForm;
use crate::event::{
    ApiError, AuditEvent, AuditLayer, Capture, Choice, Completion, ContentLevel, ContentPolicy,
    Conversation, Decided, DecidedBy, Identity, IdentitySource, Kind, Members, Metadata,
    PromptPart, Provenance, Response, ResponsePart, ToolCall,
};
use crate::note::Note;

/// Takes out what the levels forbid. Hashes that take its place are of this form.
pub(crate) fn withhold(event: &mut AuditEvent, content: ContentPolicy, form: &HashForm) {
    if !content.prompt.has_text() {
        prompt(event, content.prompt, form);
    }
    if !content.answer.has_text() {
        answer(event, content.answer, form);
    }
    decided_by(event, content);
    let Capture {
        point: _,
        api: _,
        streamed: _,
        request_bytes: _,
        response_bytes: _,
        request_hash: _,
        encoding: _,
        content: level,
        rules: _,
        set_by_policy: _,
        redacted: _,
        truncated,
        notes,
    } = &mut event.metadata.audit_layer.capture;
    *level = content;
    // A limit has cut nothing of what is not there.
    notes.retain(|note| match note {
        Note::PromptContentTruncated => content.prompt.has_text(),
        Note::ResponseContentTruncated => content.answer.has_text(),
        _ => true,
    });
    *truncated = notes.iter().any(|note| note.is_truncation());
}

/// Takes out of a decision what is a part of a prompt or of an answer, unless it is a name: the operator asks for
/// that, and a sentence is content.
fn decided_by(event: &mut AuditEvent, content: ContentPolicy) {
    let AuditLayer { decision, .. } = &mut event.metadata.audit_layer;
    let Decided {
        decision_type,
        decision_outcome,
        confidence_score,
        reasoning,
        compliance_tags,
        risk_level: _,
    } = decision;
    let is_withheld = |by: &Option<DecidedBy>| {
        let part_of = by.as_ref().filter(|by| by.source.is_content());
        part_of.is_some_and(|by| match by.source.is_answer() {
            true => !content.answer.has_text(),
            false => !content.prompt.has_text(),
        })
    };
    for (value, by) in [
        (&mut event.decision_type, decision_type),
        (&mut event.decision_outcome, decision_outcome),
        (&mut event.reasoning, reasoning),
    ] {
        if is_withheld(by) {
            value.take_if(|value| !is_verdict(value));
        }
        by.take_if(|_| value.is_none());
    }
    confidence_score.take_if(|_| event.confidence_score.is_none());
    if is_withheld(compliance_tags) {
        event.compliance_tags.retain(|tag| is_verdict(tag));
        compliance_tags.take_if(|_| event.compliance_tags.is_empty());
    }
}

fn prompt(event: &mut AuditEvent, level: ContentLevel, form: &HashForm) {
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
        response_content: _,
        response_tokens: _,
        model_provider: _,
        model_name,
        model_parameters,
        decision_type: _,
        decision_outcome: _,
        confidence_score: _,
        reasoning: _,
        compliance_tags: _,
        risk_level: _,
        metadata,
    } = event;
    let Metadata {
        caller: _,
        audit_layer,
    } = metadata;
    let AuditLayer {
        schema: _,
        writer: _,
        completion: _,
        usage: _,
        timing: _,
        identity,
        decision: _,
        prompt,
        response: _,
        capture,
        gateway: _,
        sealed: _,
    } = audit_layer;
    let Identity {
        user_id: of_user,
        session_id: of_session,
        organization_id: _,
        claimed: _,
    } = identity;
    if !is_name(model_name) {
        model_name.clear();
    }
    let mut is_left_out = false;
    if is_of_body(of_user) && !is_id(user_id) {
        user_id.clear();
        *of_user = None;
        is_left_out = true;
    }
    if is_of_body(of_session) && session_id.take_if(|id| !is_id(id)).is_some() {
        *of_session = None;
        is_left_out = true;
    }
    if is_left_out && !capture.notes.contains(&Note::SourceUnreadable) {
        capture.notes.push(Note::SourceUnreadable);
        capture.notes.sort_unstable();
    }
    if let Some(Conversation { hash: _, parts }) = prompt {
        match level {
            ContentLevel::None => parts.clear(),
            _ => parts
                .iter_mut()
                .for_each(|part| prompt_part(part, prompt_content, form)),
        }
    }
    prompt_content.clear();
    numbers(model_parameters);
    if let Some(hash) = &mut capture.request_hash {
        *hash = form.of_plain(hash);
    }
}

/// Whether a text may be the id of somebody, and is no part of a prompt.
fn is_id(text: &str) -> bool {
    text.len() <= NAME_BYTES_MAX && !text.contains(char::is_control)
}

/// Whether an id is a member of the body that the operator points at, which may be anything.
fn is_of_body(by: &Option<Provenance>) -> bool {
    by.as_ref()
        .is_some_and(|by| by.source == IdentitySource::Body && by.name.is_some())
}

fn prompt_part(part: &mut PromptPart, canonical: &str, form: &HashForm) {
    let PromptPart {
        message: _,
        role,
        kind,
        type_name,
        id,
        name,
        at,
        bytes,
        text,
        arguments,
        reference,
        hash,
    } = part;
    if !is_name(role) {
        role.clear();
    }
    [type_name, id, &mut *name].into_iter().for_each(name_only);
    // A document's title is content.
    if matches!(kind, Kind::Document | Kind::Media) {
        *name = None;
    }
    let placed = at.take().and_then(|at| {
        let at = usize::try_from(at).ok()?;
        let end = at.checked_add(usize::try_from((*bytes)?).ok()?)?;
        canonical.get(at..end).map(str::to_owned)
    });
    let beside = [text.take(), arguments.take(), reference.take()];
    let beside = beside.into_iter().flatten().next();
    if let Some(said) = beside.or(placed.filter(|said| !said.is_empty())) {
        *bytes = u64::try_from(said.len()).ok();
        hash.get_or_insert_with(|| form.hash(said.as_bytes()));
    }
}

/// Bytes of the longest name that stays.
const NAME_BYTES_MAX: usize = 128;

/// Whether a name is one, and no sentence that stands in its place.
fn is_name(text: &str) -> bool {
    text.len() <= NAME_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether a text is a word such as `approved` or `policy_7`: no JSON, and no address.
fn is_verdict(text: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/+".contains(&byte);
    is_name(text) && text.bytes().all(is_letter)
}

/// Takes out what stands in the place of a name and is none.
fn name_only(name: &mut Option<String>) {
    name.take_if(|name| !is_name(name));
}

/// What is no number may be text of the caller's: stop sequences and schemas are.
fn numbers(parameters: &mut Members) {
    let is_number = |value: &RawValue| {
        let first = value.get().as_bytes().first();
        first.is_some_and(|first| matches!(first, b'-' | b'0'..=b'9' | b't' | b'f' | b'n'))
    };
    parameters.0.retain(|(_, value)| is_number(value));
}

fn answer(event: &mut AuditEvent, level: ContentLevel, form: &HashForm) {
    event.response_content.clear();
    let AuditLayer {
        completion,
        response,
        capture,
        ..
    } = &mut event.metadata.audit_layer;
    name_only(&mut capture.encoding);
    let Completion {
        state: _,
        http_status: _,
        finish_reasons,
        flags: _,
        details: _,
        error,
    } = completion;
    finish_reasons.retain(|reason| is_name(reason));
    if let Some(ApiError {
        kind,
        code,
        message,
    }) = error
    {
        [kind, code].into_iter().for_each(name_only);
        *message = None;
    }
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
    (*reasoning, *refusal) = (None, None);
    [id, model].into_iter().for_each(name_only);
    findings.retain(|finding| is_name(finding));
    if level == ContentLevel::None {
        tool_calls.clear();
        parts.clear();
    }
    for ToolCall {
        choice: _,
        id,
        name,
        arguments,
    } in tool_calls
    {
        name_only(id);
        if !is_name(name) {
            name.clear();
        }
        *arguments = form.hash(arguments.as_bytes());
    }
    for part in parts {
        response_part(part, form);
    }
    for Choice {
        index: _,
        content,
        finish_reason,
    } in choices
    {
        name_only(finish_reason);
        content.clear();
    }
    if let Some(decision) = decision {
        let sources = decided(decision);
        if sources.decision_outcome == Source::Answer {
            event.decision_outcome = None;
        }
        if sources.confidence_score == Source::Answer {
            event.confidence_score = None;
        }
    }
}

fn response_part(part: &mut ResponsePart, form: &HashForm) {
    let ResponsePart {
        kind: _,
        type_name,
        id,
        text,
        bytes,
        hash,
    } = part;
    name_only(id);
    if !is_name(type_name) {
        type_name.clear();
    }
    if let Some(text) = text.take() {
        *bytes = u64::try_from(text.len()).ok();
        *hash = Some(form.hash(text.as_bytes()));
    }
}

/// Takes out what was decided; who had provided the event's own members.
fn decided(decision: &mut Decision) -> Sources {
    let Decision {
        outcome,
        confidence,
        source,
        answers,
    } = decision;
    (*outcome, *confidence) = (None, None);
    for Answered {
        name: _,
        kind: _,
        outcome,
        confidence,
    } in answers
    {
        (*outcome, *confidence) = (None, None);
    }
    let sources = *source;
    for source in [&mut source.decision_outcome, &mut source.confidence_score] {
        if *source == Source::Answer {
            *source = Source::Absent;
        }
    }
    sources
}
