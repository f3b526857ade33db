//! What stays of an event whose content is erased: that the call took place.

use audit_layer_core::event::{CapturePoint, CompletionState, Member, UsageSource};
use audit_layer_core::note::Note;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::event::EventError;
use crate::event::gateway::{GatewayFacts, is_token};
use crate::event::json::{Entries, Object};
use crate::event::node::Node;

/// The event without anything that a person wrote or a model answered, and without anything from which
/// that could be guessed: a hash of a short text gives the text to whoever tries a few.
///
/// It is an event of the same shape.
pub(crate) fn tombstone(text: &str, erased_at: &str) -> Result<String, EventError> {
    let entries = Entries::read(text)?;
    let is_metadata = |name: &str| name == Member::Metadata.name();
    let metadata = entries.iter().find(|(name, _)| is_metadata(name));
    let metadata = to_raw_value(&Metadata::of(metadata.map(|(_, raw)| raw)))?;
    let erasure = to_raw_value(&Erasure { erased_at })?;
    let (empty, object) = (to_raw_value("")?, to_raw_value(&NoMembers {})?);
    let mut members: Vec<(&str, &RawValue)> = Vec::new();
    for (name, value) in entries.entries() {
        members.extend(match Member::named(name).map(fate) {
            Some(Fate::Kept) => Some((name, value)),
            Some(Fate::Emptied) => Some((name, &*empty)),
            Some(Fate::WithoutMembers) => Some((name, &*object)),
            Some(Fate::Dropped) | None => None,
        });
    }
    members.push((Member::Metadata.name(), &metadata));
    members.push(("erasure", &erasure));
    Ok(serde_json::to_string(&Object(&members))?)
}

/// What becomes of a documented member.
enum Fate {
    Kept,
    /// It becomes the empty text.
    Emptied,
    /// It becomes the empty object.
    WithoutMembers,
    Dropped,
}

/// What stays says who called which model when, and what was decided. The shapes of all of it were checked
/// when the event was stored.
fn fate(member: Member) -> Fate {
    match member {
        Member::RequestId
        | Member::Timestamp
        | Member::DurationMs
        | Member::UserId
        | Member::SessionId
        | Member::OrganizationId
        | Member::PromptTokens
        | Member::ResponseTokens
        | Member::ModelProvider
        | Member::ModelName
        | Member::DecisionType
        | Member::DecisionOutcome
        | Member::ConfidenceScore
        | Member::ComplianceTags
        | Member::RiskLevel => Fate::Kept,
        Member::PromptContent | Member::PromptHash | Member::ResponseContent => Fate::Emptied,
        Member::ModelParameters => Fate::WithoutMembers,
        // What stays of the metadata is written anew.
        Member::Metadata | Member::Reasoning => Fate::Dropped,
    }
}

#[derive(Serialize)]
struct Erasure<'a> {
    erased_at: &'a str,
}

#[derive(Serialize)]
struct NoMembers {}

/// Of the metadata, only what the gateway counted, each value in its own shape: any client can send
/// something else under the same name.
#[derive(Serialize)]
struct Metadata {
    #[serde(skip_serializing_if = "AuditLayer::is_empty")]
    audit_layer: AuditLayer,
}

#[derive(Default, PartialEq, Serialize)]
struct AuditLayer {
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    writer: Option<Writer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion: Option<Completion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timing: Option<Timing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capture: Option<Capture>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<Gateway>,
}

#[derive(PartialEq, Serialize)]
struct Writer {
    id: String,
    seq: i64,
}

/// Without the error, which may quote the prompt.
#[derive(PartialEq, Serialize)]
struct Completion {
    state: CompletionState,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u64>,
}

#[derive(PartialEq, Serialize)]
struct Usage {
    source: UsageSource,
    #[serde(flatten)]
    counts: std::collections::BTreeMap<&'static str, u64>,
}

#[derive(PartialEq, Serialize)]
struct Timing {
    first_byte_ms: u64,
}

/// Where the call was recorded and as what it was read, and whether its tokens are those of another call.
#[derive(PartialEq, Serialize)]
struct Capture {
    #[serde(skip_serializing_if = "Option::is_none")]
    point: Option<CapturePoint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notes: Option<[Note; 1]>,
}

/// By which event the call is counted, so that it is not counted twice when this one is erased.
#[derive(PartialEq, Serialize)]
struct Gateway {
    outer_request_id: String,
}

impl Metadata {
    fn of(raw: Option<&str>) -> Self {
        let audit_layer = raw.map_or(Node::NONE, Node::of).get("audit_layer");
        let part = |name| audit_layer.get(name);
        let facts = GatewayFacts::read(raw);
        let api = facts.capture_api.filter(|api| is_api(api));
        let notes = facts.is_fetched.then_some([Note::AnswerFetched]);
        let point = part("capture").get("point").text();
        let point = point.and_then(|point| CapturePoint::named(&point));
        let has_any = api.is_some() || notes.is_some() || point.is_some();
        let outer = facts.outer_request_id.filter(|id| is_token(id));
        let writer = facts.writer_id.filter(|id| is_token(id));
        Self {
            audit_layer: AuditLayer {
                schema: part("schema").text().filter(|text| is_schema(text)),
                writer: writer
                    .zip(facts.writer_seq)
                    .map(|(id, seq)| Writer { id, seq }),
                completion: completion(part("completion")),
                usage: usage(part("usage")),
                timing: part("timing")
                    .get("first_byte_ms")
                    .count()
                    .map(|first_byte_ms| Timing { first_byte_ms }),
                capture: has_any.then_some(Capture { point, api, notes }),
                gateway: outer.map(|outer_request_id| Gateway { outer_request_id }),
            },
        }
    }
}

impl AuditLayer {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn completion(node: Node<'_>) -> Option<Completion> {
    let state = node.get("state").text();
    let state = state.and_then(|state| CompletionState::named(&state))?;
    let http_status = node.get("http_status").count();
    Some(Completion {
        state,
        http_status: http_status.filter(|status| (100..=599).contains(status)),
    })
}

fn usage(node: Node<'_>) -> Option<Usage> {
    let source = node.get("source").text();
    let source = source.and_then(|source| UsageSource::named(&source))?;
    let counts = COUNTS.into_iter();
    let counts = counts.filter_map(|name| Some((name, node.get(name).count()?)));
    Some(Usage {
        source,
        counts: counts.collect(),
    })
}

/// `audit-layer/1`, and its successors.
fn is_schema(text: &str) -> bool {
    let version = text.strip_prefix("audit-layer/").unwrap_or_default();
    (1..=4).contains(&version.len()) && version.bytes().all(|c| c.is_ascii_digit())
}

/// As in `openai.chat_completions`.
fn is_api(text: &str) -> bool {
    let is_of_one =
        |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'_' | b'.');
    text.len() <= API_BYTES_MAX && text.bytes().all(is_of_one)
}

const API_BYTES_MAX: usize = 64;

/// Token counts of a gateway.
const COUNTS: [&str; 5] = [
    "input_tokens",
    "output_tokens",
    "cache_read",
    "cache_write",
    "reasoning",
];

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
            "usage": {"source": "reported", "input_tokens": 5, "cache_read": 2, "other": "secret"},
            "timing": {"first_byte_ms": 3},
            "response": {"tool_calls": ["secret"]},
            "capture": {"point": "gateway", "api": "openai.chat_completions",
                "notes": ["secret", "answer_fetched"]},
            "gateway": {"source": "secret", "user_agent": "secret", "outer_request_id": "outer"},
        });
        json!({
            "request_id": "r", "timestamp": "2025-02-01T10:30:00Z", "duration_ms": 1,
            "user_id": "ann", "session_id": "s", "organization_id": "o", "prompt_hash": "secret",
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
        assert_eq!((old.user_id, ""), (new.user_id, new.prompt_hash.as_str()));
        let after: Value = serde_json::from_str(&after).unwrap();
        assert_eq!(after["erasure"]["erased_at"], at);
        let capture = &after["metadata"]["audit_layer"]["capture"];
        assert_eq!(capture["point"], "gateway");
        let before: Value = serde_json::from_str(&before).unwrap();
        let kept = Member::ALL
            .iter()
            .filter(|member| matches!(fate(**member), Fate::Kept));
        for name in kept.map(|member| member.name()) {
            assert_eq!(after[name], before[name], "{name}");
        }
    }

    #[test]
    fn only_values_of_their_own_shape_stay_under_the_names_of_the_gateway() {
        let secret = || json!("a secret");
        let odd = [
            secret(),
            json!(["a secret"]),
            json!({"note": "a secret"}),
            json!([["a secret"], {"a": "a secret"}]),
            json!({"state": "a secret", "id": "a secret", "source": "a secret", "api": "a secret"}),
            json!({"state": "complete", "http_status": "a secret", "error": "a secret"}),
            json!({"source": "reported", "input_tokens": "a secret", "reasoning": ["a secret"]}),
            json!({"id": {"x": "a secret"}, "seq": 1}),
            json!({"id": "a secret", "seq": 1}),
            json!({"first_byte_ms": "a secret", "outer_request_id": "a secret"}),
            json!({"first_byte_ms": {"x": "a secret"}, "outer_request_id": ["a secret"]}),
            json!({"api": {"x": "a secret"}, "notes": {"answer_fetched": "a secret"}}),
            json!({"point": "a secret"}),
            json!({"point": ["a secret"]}),
            json!({"notes": ["answer_fetched", "a secret", {"x": "a secret"}]}),
        ];
        let names = [
            "schema",
            "writer",
            "completion",
            "usage",
            "timing",
            "capture",
            "gateway",
            "prompt",
            "response",
            "other",
        ];
        let mut metadata = odd.to_vec();
        for value in &odd {
            metadata.extend(names.map(|name| json!({ name: value })));
            let all: serde_json::Map<String, Value> = names
                .into_iter()
                .map(|name| (name.to_owned(), value.clone()))
                .collect();
            metadata.push(all.into());
        }
        // As lists, which a careless reader takes for objects.
        metadata.push(json!([secret(), secret(), null, {"note": secret()}, secret(), secret()]));
        for audit_layer in metadata {
            let text = json!({"metadata": {"audit_layer": audit_layer}}).to_string();
            let after = tombstone(&text, "").unwrap();
            assert!(!after.contains("secret"), "{text}: {after}");
        }
    }

    #[test]
    fn names_that_come_twice_keep_nothing_but_their_own_shape() {
        let text = r#"{"metadata":{"audit_layer":{"usage":{"source":"reported","source":"a secret",
            "input_tokens":1,"input_tokens":"a secret"},"usage":"a secret"},"audit_layer":"a secret"},
            "metadata":"a secret"}"#;
        let after = tombstone(text, "").unwrap();
        assert!(!after.contains("secret"), "{after}");
    }

    #[test]
    fn a_tombstone_of_a_tombstone_is_the_same() {
        let at = "2026-01-01T00:00:00Z";
        let once = tombstone(&full(), at).unwrap();
        assert_eq!(tombstone(&once, at).unwrap(), once);
    }

    #[test]
    fn nothing_depends_on_the_content() {
        let of = |prompt: &str, answer: &str| {
            let text = full().replace(
                "\"prompt_content\":\"secret\"",
                &format!("\"prompt_content\":\"{prompt}\""),
            );
            let text = text.replace(
                "\"response_content\":\"secret\"",
                &format!("\"response_content\":\"{answer}\""),
            );
            tombstone(&text, "").unwrap()
        };
        assert_eq!(of("yes", "yes"), of("no", "some other answer"));
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
