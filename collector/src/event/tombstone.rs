//! What stays of an event whose content is erased: that the call took place, and a hash of the rest.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::event::EventError;
use crate::event::gateway::{FETCHED, GatewayFacts};
use crate::event::json::{Entries, Object};
use crate::hash::sha256;

/// The event without anything that a person wrote or a model answered.
///
/// It is an event of the same shape. Its hash is SHA-256 of the text before, so that whoever has a
/// copy can show that it is this event.
pub(crate) fn tombstone(text: &str, erased_at: &str) -> Result<String, EventError> {
    let entries = Entries::read(text)?;
    let metadata = entries.iter().find(|(name, _)| *name == "metadata");
    let metadata = to_raw_value(&Metadata::of(metadata.map(|(_, raw)| raw)))?;
    let erasure = to_raw_value(&Erasure {
        erased_at,
        event_hash: sha256(text),
    })?;
    let (empty, object) = (to_raw_value("")?, to_raw_value(&NoMembers {})?);
    let mut members: Vec<(&str, &RawValue)> = Vec::new();
    for (name, value) in entries.entries() {
        match name {
            "prompt_content" | "response_content" => members.push((name, &empty)),
            "model_parameters" => members.push((name, &object)),
            _ if KEPT.contains(&name) => members.push((name, value)),
            _ => {}
        }
    }
    members.push(("metadata", &metadata));
    members.push(("erasure", &erasure));
    Ok(serde_json::to_string(&Object(&members))?)
}

/// Members that say who called which model when, and what was decided: no text of anyone.
const KEPT: [&str; 16] = [
    "request_id",
    "timestamp",
    "duration_ms",
    "user_id",
    "session_id",
    "organization_id",
    "prompt_hash",
    "prompt_tokens",
    "response_tokens",
    "model_provider",
    "model_name",
    "decision_type",
    "decision_outcome",
    "confidence_score",
    "compliance_tags",
    "risk_level",
];

#[derive(Serialize)]
struct Erasure<'a> {
    erased_at: &'a str,
    event_hash: String,
}

#[derive(Serialize)]
struct NoMembers {}

/// Of the metadata, only what the gateway counted. The rest is the caller's, or says where they are.
#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    audit_layer: Option<AuditLayer<'a>>,
}

#[derive(serde::Deserialize, Serialize)]
struct AuditLayer<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    schema: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    writer: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    completion: Option<Completion<'a>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    usage: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    timing: Option<&'a RawValue>,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    capture: Option<Capture>,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    gateway: Option<Gateway>,
}

/// As what the call was read, and whether its tokens are those of another call.
#[derive(Serialize)]
struct Capture {
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<[&'static str; 1]>,
}

/// By which event the call is counted, so that it is not counted twice when this one is erased.
#[derive(Serialize)]
struct Gateway {
    outer_request_id: String,
}

/// Without the error, which may quote the prompt.
#[derive(serde::Deserialize, Serialize)]
struct Completion<'a> {
    #[serde(borrow)]
    state: &'a RawValue,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    http_status: Option<&'a RawValue>,
}

impl<'a> Metadata<'a> {
    fn of(raw: Option<&'a str>) -> Self {
        #[derive(serde::Deserialize)]
        struct Known<'a> {
            #[serde(borrow)]
            audit_layer: AuditLayer<'a>,
        }
        let known = raw.and_then(|raw| serde_json::from_str::<Known<'_>>(raw).ok());
        let facts = GatewayFacts::read(raw);
        let capture = Capture {
            api: facts.capture_api,
            notes: facts.is_fetched.then_some([FETCHED]),
        };
        let has_any = capture.api.is_some() || capture.notes.is_some();
        let capture = has_any.then_some(capture);
        let gateway = facts.outer_request_id;
        let gateway = gateway.map(|outer_request_id| Gateway { outer_request_id });
        let audit_layer = known.map(|known| AuditLayer {
            capture,
            gateway,
            ..known.audit_layer
        });
        Self { audit_layer }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::access::Scope;
    use crate::event::Event;

    /// Every text in it that is not to stay has the word `secret`.
    fn full() -> String {
        let audit_layer = json!({
            "schema": "audit-layer/1",
            "writer": {"id": "w", "seq": 7},
            "completion": {"state": "upstream_error", "http_status": 500, "details": "secret",
                "error": "secret"},
            "usage": {"input_tokens": 5},
            "timing": {"first_byte_ms": 3},
            "response": {"tool_calls": ["secret"]},
            "capture": {"api": "openai.chat_completions", "notes": ["secret", "answer_fetched"]},
            "gateway": {"source": "secret", "user_agent": "secret", "outer_request_id": "outer"},
        });
        json!({
            "request_id": "r", "timestamp": "2025-02-01T10:30:00Z", "duration_ms": 1,
            "user_id": "ann", "session_id": "s", "organization_id": "o", "prompt_hash": "sha256:1",
            "prompt_content": "secret", "prompt_tokens": 2, "response_content": "secret",
            "response_tokens": 3, "model_provider": "openai", "model_name": "m",
            "model_parameters": {"stop": "secret"}, "decision_type": "d", "decision_outcome": "e",
            "confidence_score": 0.5, "reasoning": "secret", "compliance_tags": ["T"],
            "risk_level": "high", "metadata": {"mine": "secret", "audit_layer": audit_layer},
            "secret": "secret",
        })
        .to_string()
    }

    #[test]
    fn no_text_of_anyone_stays_and_what_stays_is_an_event() {
        let (before, at) = (full(), "2026-01-01T00:00:00Z");
        let after = tombstone(&before, at).unwrap();
        assert!(!after.contains("secret"), "{after}");
        let [old, new] = [&before, &after].map(|text| Event::parse(text.as_bytes(), &Scope::All));
        let (old, new) = (old.unwrap(), new.unwrap());
        assert_eq!(old.gateway, new.gateway);
        assert_eq!(
            (old.user_id, old.prompt_hash),
            (new.user_id, new.prompt_hash)
        );
        let after: Value = serde_json::from_str(&after).unwrap();
        assert_eq!(after["erasure"]["erased_at"], at);
        let hash = after["erasure"]["event_hash"].as_str().unwrap();
        assert_eq!(hash.len(), "sha256:".len() + 64);
        let before: Value = serde_json::from_str(&before).unwrap();
        for name in KEPT {
            assert_eq!(after[name], before[name], "{name}");
        }
    }

    #[test]
    fn the_hash_is_of_the_text_before() {
        let after = tombstone("{}", "").unwrap();
        // printf '{}' | sha256sum
        let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert!(
            after.contains(&format!("\"event_hash\":\"sha256:{hash}\"")),
            "{after}"
        );
    }

    #[test]
    fn metadata_of_another_shape_goes_whole() {
        for metadata in [
            json!({"audit_layer": "secret"}),
            json!({"a": 1}),
            Value::Null,
        ] {
            let text = json!({"metadata": metadata}).to_string();
            assert!(
                tombstone(&text, "")
                    .unwrap()
                    .starts_with("{\"metadata\":{},")
            );
        }
    }
}
