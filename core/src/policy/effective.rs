//! A configuration as it counts: every member with its value, and no secret.

use serde_json::{Map, Value, json};

use super::Policy;
use crate::capture::PromptFormat;
use crate::decided::{self, DecisionPolicy};
use crate::digest::HashForm;
use crate::identity::{Attribute, IdentityPolicy, Source, Trust};
use crate::rules::{Patterns, Rule, Values, When};
use crate::sealing::{Recipient, Sealer};
use crate::wanted::{Header, Pointer, Wanted};

/// What stands in the place of a secret.
const SET: &str = "(set)";

impl Policy {
    /// Its members as one would write them, with every default.
    pub fn effective(&self) -> Value {
        let Self {
            recorder: _,
            point: _,
            organization_id,
            audit_api,
            destination: _,
            delivery,
            capture,
            identity,
            decision,
            wanted,
            rules,
            redact,
            sealer,
            gateway,
            providers,
        } = self;
        let secret = |is_set: bool| if is_set { json!(SET) } else { Value::Null };
        let scheme = &audit_api.scheme;
        let url = format!("{scheme}://{}{}", audit_api.authority, audit_api.base_path);
        let guarantee = match delivery.hold_ms {
            Some(_) => "acknowledged",
            None => "async",
        };
        let hash = match capture.hash {
            HashForm::Sha256 => "sha256",
            HashForm::Bare => "bare",
            HashForm::Hmac(_) => "hmac-sha256",
        };
        let dead_letter = &delivery.dead_letter;
        let content = if dead_letter.has_content {
            "full"
        } else {
            "none"
        };
        let providers = providers.iter().map(|own| {
            json!({
                "host": own.host, "cluster": own.cluster, "route": own.route, "name": own.name,
                "format": own.format.map(|format| format.name),
            })
        });
        let patterns = redact.patterns.iter().map(|pattern| pattern.name());
        json!({
            "organization_id": organization_id,
            "audit_api": {
                "cluster": audit_api.cluster, "url": url,
                "api_key": secret(audit_api.api_key.is_some()), "timeout_ms": audit_api.timeout_ms,
            },
            "delivery": {
                "guarantee": guarantee,
                "hold_ms": delivery.hold_ms,
                "batch": {
                    "path": delivery.batch.path, "max_events": delivery.batch.max_events,
                    "max_bytes": delivery.batch.max_bytes, "linger_ms": delivery.batch.linger_ms,
                },
                "queue": {
                    "max_events": delivery.queue.max_events, "max_bytes": delivery.queue.max_bytes,
                },
                "retry": {
                    "base_ms": delivery.retry.base_ms, "max_ms": delivery.retry.max_ms,
                    "max_age_ms": delivery.retry.max_age_ms,
                },
                "dead_letter": {"key": secret(dead_letter.key.is_some()), "content": content},
            },
            "capture": {
                "content": capture.content,
                "prompt_format": match capture.prompt_format {
                    PromptFormat::Wrapper => "wrapper",
                    PromptFormat::Roles => "roles",
                },
                "hash": hash,
                "limits": {
                    "request_bytes": capture.limits.request_bytes,
                    "response_bytes": capture.limits.response_bytes,
                    "content_bytes": capture.limits.content_bytes,
                },
            },
            "identity": identified(identity, wanted),
            "decision": decided_from(decision, wanted),
            "rules": rules.list.iter().map(ruled).collect::<Vec<_>>(),
            "rules_apply": rules.applies,
            "redact": {
                "kinds": redact.kinds,
                "patterns": patterns.collect::<Vec<_>>(),
                "key": secret(redact.key.is_some()),
                "risk": redact.risk,
            },
            "seal": {"recipients": sealer.as_deref().map(sealed_for).unwrap_or_default()},
            "gateway": {"hop_header": gateway.sends_hop},
            "providers": providers.collect::<Vec<_>>(),
        })
    }
}

fn sealed_for(sealer: &Sealer) -> Vec<Value> {
    let recipients = sealer.recipients().iter();
    let written = recipients.map(|Recipient { key_id, public_key }| {
        json!({"key_id": key_id, "public_key": public_key.to_string()})
    });
    written.collect()
}

fn identified(identity: &IdentityPolicy, wanted: &Wanted) -> Value {
    let IdentityPolicy {
        trust,
        user_id,
        session_id,
        organization_id,
        attributes,
        fingerprint_key,
    } = identity;
    let trust = match trust {
        Trust::All => json!("all"),
        Trust::Fields(fields) if fields.is_empty() => json!("none"),
        Trust::Fields(fields) => json!({"fields": fields}),
    };
    let sources = |sources: &[Source]| {
        let sources = sources
            .iter()
            .map(|source| told(source, attributes, wanted));
        sources.collect::<Vec<_>>()
    };
    json!({
        "trust": trust,
        "user_id": sources(user_id),
        "session_id": sources(session_id),
        "organization_id": sources(organization_id),
        "fingerprint_key": fingerprint_key.as_ref().map(|_| SET),
    })
}

fn told(source: &Source, attributes: &[Attribute], wanted: &Wanted) -> Value {
    match source {
        Source::Caller => json!("caller"),
        Source::Body => json!("body"),
        Source::BodyMember(place) => json!({"body_member": pointer(&wanted.body, *place)}),
        Source::ApiKey => json!("api_key"),
        Source::PeerAddress => json!("peer_address"),
        Source::Header(name) => json!({"header": name}),
        Source::Constant(text) => json!({"constant": text}),
        Source::UnverifiedClaim(path) => json!({"unverified_jwt_claim": {"path": path}}),
        Source::Attribute(place) => match attributes.get(*place) {
            Some(Attribute::Claim { payload, path }) => {
                json!({"jwt_claim": {"payload": payload, "path": path}})
            }
            Some(Attribute::Principal { payload }) => {
                json!({"jwt_principal": {"payload": payload}})
            }
            Some(Attribute::Certificate(field)) => json!({"certificate": field}),
            None => Value::Null,
        },
    }
}

fn named(headers: &[Header], place: usize) -> Option<&str> {
    headers.get(place).map(|header| header.name.as_str())
}

/// A pointer as it is written.
fn pointer(pointers: &[Pointer], place: usize) -> Option<String> {
    pointers.get(place).map(ToString::to_string)
}

fn decided_from(decision: &DecisionPolicy, wanted: &Wanted) -> Value {
    let DecisionPolicy {
        decision_type,
        decision_outcome,
        confidence_score,
        reasoning,
        compliance_tags,
        risk_level,
    } = decision;
    // Who calls the model is asked first, and then the model where it may be asked for decisions.
    let callers = [decided::Source::Caller].as_slice();
    let callers_and_models = [decided::Source::Caller, decided::Source::Model];
    let all = |sources: &Option<Vec<decided::Source>>, default: &[decided::Source]| {
        let sources = sources.as_deref().unwrap_or(default).iter();
        sources
            .map(|source| decided_by(source, wanted))
            .collect::<Vec<_>>()
    };
    json!({
        "decision_type": all(decision_type, callers),
        "decision_outcome": all(decision_outcome, &callers_and_models),
        "confidence_score": all(confidence_score, &callers_and_models),
        "reasoning": all(reasoning, callers),
        "compliance_tags": all(compliance_tags, callers),
        "risk_level": all(risk_level, callers),
    })
}

fn decided_by(source: &decided::Source, wanted: &Wanted) -> Value {
    use decided::Source;
    match source {
        Source::Caller => json!("caller"),
        Source::Model => json!("model"),
        Source::LogProbabilities => json!("log_probabilities"),
        Source::Header(place) => json!({"header": named(&wanted.headers, *place)}),
        Source::ResponseHeader(place) => {
            json!({"response_header": named(&wanted.response_headers, *place)})
        }
        Source::BodyMember(place) => json!({"body_member": pointer(&wanted.body, *place)}),
        Source::ResponseMember(place) => {
            json!({"response_member": pointer(&wanted.response, *place)})
        }
        Source::AnswerMember(member) => json!({"answer_member": member.to_string()}),
        Source::ToolCall { name, member } => {
            json!({"tool_call": {"name": name, "member": member.to_string()}})
        }
    }
}

fn ruled(rule: &Rule) -> Value {
    let Rule {
        name,
        when,
        set,
        default,
        content,
    } = rule;
    let members = [
        ("name", json!(name)),
        ("match", matched(when)),
        ("set", given(set)),
        ("default", given(default)),
        ("content", json!(content)),
    ];
    said(members.map(|(member, value)| (member.to_owned(), value)))
}

fn matched(when: &When) -> Value {
    let When {
        host,
        path,
        method,
        route,
        cluster,
        model,
        format,
        provider,
        user_id,
        session_id,
        headers,
    } = when;
    let written = |patterns: &Patterns| -> Vec<String> {
        patterns.0.iter().map(ToString::to_string).collect()
    };
    let members = [
        ("host", host),
        ("path", path),
        ("method", method),
        ("route", route),
        ("cluster", cluster),
        ("model", model),
        ("format", format),
        ("provider", provider),
        ("user_id", user_id),
        ("session_id", session_id),
    ];
    let named = members
        .into_iter()
        .filter(|(_, patterns)| !patterns.0.is_empty());
    let mut told: Map<String, Value> = named
        .map(|(name, patterns)| (name.to_owned(), json!(written(patterns))))
        .collect();
    if !headers.is_empty() {
        let headers = headers
            .iter()
            .map(|(name, patterns)| (name.clone(), json!(written(patterns))));
        told.insert("header".to_owned(), headers.collect::<Map<_, _>>().into());
    }
    told.into()
}

fn given(values: &Values) -> Value {
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
    } = values;
    let all = json!({
        "organization_id": organization_id,
        "provider": provider,
        "decision_type": decision_type,
        "decision_outcome": decision_outcome,
        "confidence_score": confidence_score,
        "reasoning": reasoning,
        "compliance_tags": compliance_tags,
        "risk_level": risk_level,
        "metadata": metadata,
    });
    let Value::Object(all) = all else {
        return Value::Null;
    };
    said(all)
}

/// An object of those members that say something.
fn said(members: impl IntoIterator<Item = (String, Value)>) -> Value {
    let is_said = |(_, value): &(String, Value)| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    };
    let said = members.into_iter().filter(is_said);
    said.collect::<Map<_, _>>().into()
}
