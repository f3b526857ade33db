//! What is left of an event where content must not be in the proxy's log.
//!
//! What stays is named here, member by member: who, when, which model, how it ended, hashes and
//! counts. Everything else goes, also what a later version of the event adds.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::json;

/// The value of `metadata.audit_layer.capture.content` of such an event.
pub const NOT_LOGGED: &str = "not_logged";

/// An event, as this gateway wrote it, without content. What cannot be read is left out altogether
/// but for the call's id, and no importer takes that for an event.
pub fn without_content(event: &str, request_id: &str) -> String {
    let mut stub = serde_json::from_str::<Stub<'_>>(event).ok();
    if let Some(stub) = &mut stub {
        stub.metadata.audit_layer.capture.content = NOT_LOGGED;
        stub.leave_out_what_was_found();
    }
    let written = stub.and_then(|stub| json::written(&stub, STUB_BYTES).ok());
    written.unwrap_or_else(|| format!("{{\"request_id\":{}}}", json::quoted(request_id)))
}

/// Bytes that most stubs have.
const STUB_BYTES: usize = 2 << 10;

#[derive(Deserialize, Serialize)]
struct Stub<'a> {
    #[serde(borrow)]
    request_id: &'a RawValue,
    timestamp: &'a RawValue,
    duration_ms: &'a RawValue,
    user_id: &'a RawValue,
    session_id: &'a RawValue,
    organization_id: &'a RawValue,
    prompt_hash: &'a RawValue,
    #[serde(skip_deserializing)]
    prompt_content: &'static str,
    prompt_tokens: &'a RawValue,
    #[serde(skip_deserializing)]
    response_content: &'static str,
    response_tokens: &'a RawValue,
    model_provider: &'a RawValue,
    model_name: &'a RawValue,
    decision_type: Option<&'a RawValue>,
    compliance_tags: Option<&'a RawValue>,
    risk_level: &'a RawValue,
    metadata: Metadata<'a>,
}

impl Stub<'_> {
    /// What the caller says of a decision stays; what sources of the operator's found may be words of prompt or
    /// answer.
    fn leave_out_what_was_found(&mut self) {
        let Some(decision) = self.metadata.audit_layer.decision.take() else {
            return;
        };
        if decision.decision_type.is_some_and(|by| by.is_found()) {
            self.decision_type = None;
        }
        if decision.compliance_tags.is_some_and(|by| by.is_found()) {
            self.compliance_tags = serde_json::from_str("[]").ok();
        }
    }
}

/// Where what is left of a decision comes from; it is read, and not written.
#[derive(Deserialize)]
struct Decision<'a> {
    #[serde(borrow)]
    decision_type: Option<By<'a>>,
    #[serde(borrow)]
    compliance_tags: Option<By<'a>>,
}

#[derive(Deserialize)]
struct By<'a> {
    source: &'a str,
}

impl By<'_> {
    fn is_found(&self) -> bool {
        self.source != "caller"
    }
}

#[derive(Deserialize, Serialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    audit_layer: AuditLayer<'a>,
}

#[derive(Deserialize, Serialize)]
struct AuditLayer<'a> {
    #[serde(borrow)]
    schema: &'a RawValue,
    writer: &'a RawValue,
    completion: Completion<'a>,
    usage: &'a RawValue,
    timing: &'a RawValue,
    /// Absent where the configuration names no sources.
    #[serde(borrow, skip_serializing)]
    decision: Option<Decision<'a>>,
    /// Absent from events of earlier versions, and where nothing is known.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    identity: Option<Identity<'a>>,
    prompt: Option<Prompt<'a>>,
    response: Response<'a>,
    capture: Capture<'a>,
    gateway: &'a RawValue,
}

/// What callers only claim is in their own words.
#[derive(Deserialize, Serialize)]
struct Identity<'a> {
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    session_id: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    organization_id: Option<&'a RawValue>,
}

#[derive(Deserialize, Serialize)]
struct Completion<'a> {
    #[serde(borrow)]
    state: &'a RawValue,
    http_status: &'a RawValue,
    finish_reasons: &'a RawValue,
    flags: &'a RawValue,
    details: &'a RawValue,
    error: Option<Error<'a>>,
}

/// Its message may quote the prompt.
#[derive(Deserialize, Serialize)]
struct Error<'a> {
    #[serde(borrow, rename = "type")]
    kind: &'a RawValue,
    code: &'a RawValue,
    #[serde(skip_deserializing)]
    message: Option<&'static str>,
}

#[derive(Deserialize, Serialize)]
struct Prompt<'a> {
    #[serde(borrow)]
    hash: &'a RawValue,
}

#[derive(Deserialize, Serialize)]
struct Response<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    model: &'a RawValue,
    hash: &'a RawValue,
}

/// What it says of content is that the log has none.
#[derive(Deserialize, Serialize)]
struct Capture<'a> {
    /// Absent from events of earlier versions.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    point: Option<&'a RawValue>,
    api: &'a RawValue,
    streamed: &'a RawValue,
    request_bytes: &'a RawValue,
    response_bytes: &'a RawValue,
    request_hash: &'a RawValue,
    encoding: &'a RawValue,
    #[serde(skip_deserializing)]
    content: &'static str,
    /// These three are the operator's words, and absent where no rule applied and nothing was redacted.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    rules: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    set_by_policy: Option<&'a RawValue>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    redacted: Option<&'a RawValue>,
    truncated: &'a RawValue,
    notes: &'a RawValue,
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// An event with a word in each member that may hold content.
    fn event() -> Value {
        let text = r#"{
            "request_id": "r", "timestamp": "t", "duration_ms": 1, "user_id": "u",
            "session_id": null, "organization_id": "o", "prompt_hash": "sha256:1",
            "prompt_content": "SECRET \"quoted\"", "prompt_tokens": 2, "response_content": "SECRET",
            "response_tokens": 3, "model_provider": "p", "model_name": "m",
            "model_parameters": {"stop": "SECRET"}, "decision_type": "loan",
            "decision_outcome": "SECRET", "confidence_score": 0.5, "reasoning": "SECRET",
            "compliance_tags": ["SOC2"], "risk_level": "high",
            "metadata": {
                "case": "SECRET",
                "audit_layer": {
                    "schema": "audit-layer/1", "writer": {"id": "w", "seq": 7},
                    "completion": {
                        "state": "upstream_error", "http_status": 400, "finish_reasons": ["stop"],
                        "flags": [], "details": "via_upstream",
                        "error": {"type": "invalid", "code": null, "message": "SECRET"}
                    },
                    "usage": {"source": "reported", "input_tokens": 2},
                    "timing": {"first_byte_ms": 1},
                    "prompt": {"hash": "sha256:2", "parts": [{"text": "SECRET"}]},
                    "response": {
                        "id": "c1", "model": "m-1", "hash": "sha256:3", "reasoning": "SECRET",
                        "tool_calls": [{"arguments": "SECRET"}], "parts": [{"text": "SECRET"}],
                        "decision": {"outcome": "SECRET"}, "new": "SECRET"
                    },
                    "capture": {
                        "point": "gateway", "api": "a", "streamed": false, "request_bytes": 1,
                        "response_bytes": 2, "request_hash": null, "encoding": null,
                        "content": "full", "truncated": false, "notes": ["content_flagged"]
                    },
                    "gateway": {"host": "h", "path": "/v1", "plugin": "x"},
                    "new": "SECRET"
                }
            },
            "new": "SECRET"
        }"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn identity_hashes_and_counts_stay_and_everything_else_goes() {
        let text = without_content(&event().to_string(), "r");
        assert!(!text.contains("SECRET"), "{text}");
        let stub: Value = serde_json::from_str(&text).unwrap();
        let (before, after) = (event(), &stub);
        for pointer in [
            "/request_id",
            "/timestamp",
            "/duration_ms",
            "/user_id",
            "/session_id",
            "/organization_id",
            "/prompt_hash",
            "/prompt_tokens",
            "/response_tokens",
            "/model_provider",
            "/model_name",
            "/decision_type",
            "/compliance_tags",
            "/risk_level",
            "/metadata/audit_layer/writer",
            "/metadata/audit_layer/usage",
            "/metadata/audit_layer/completion/state",
            "/metadata/audit_layer/completion/error/type",
            "/metadata/audit_layer/prompt/hash",
            "/metadata/audit_layer/response/hash",
            "/metadata/audit_layer/capture/point",
            "/metadata/audit_layer/capture/notes",
            "/metadata/audit_layer/gateway",
        ] {
            assert_eq!(after.pointer(pointer), before.pointer(pointer), "{pointer}");
            assert!(after.pointer(pointer).is_some(), "{pointer}");
        }
        assert_eq!(after["prompt_content"], "");
        assert_eq!(after["response_content"], "");
        let capture = &after["metadata"]["audit_layer"]["capture"];
        assert_eq!(capture["content"], NOT_LOGGED);
    }

    /// Every text that stays is one that the operator has been told of.
    #[test]
    fn the_texts_that_stay_are_documented() {
        let mut event = event();
        let layer = &mut event["metadata"]["audit_layer"];
        for name in [
            "request_id",
            "outer_request_id",
            "traceparent",
            "method",
            "route",
            "cluster",
            "source",
            "user_agent",
        ] {
            layer["gateway"][name] = name.into();
        }
        layer["completion"]["error"]["code"] = "code".into();
        layer["capture"]["encoding"] = "br".into();
        let text = without_content(&event.to_string(), "r");
        let stub: Value = serde_json::from_str(&text).unwrap();
        let documentation = include_str!("../../../OPERATING.md");
        let (_, section) = documentation.split_once("## Content in the log").unwrap();
        let (section, _) = section.split_once("\n## ").unwrap();
        let mut names = Vec::new();
        texts(&stub, "", &mut names);
        assert!(names.len() > 30, "{names:?}");
        for name in names {
            // Made by the gateway, out of its own words, or out of the operator's configuration.
            let is_own = [
                "timestamp",
                "organization_id",
                "prompt_hash",
                "prompt_content",
                "response_content",
                "model_provider",
                "risk_level",
                "schema",
                "state",
                "hash",
                "point",
                "api",
                "content",
                "notes",
                "plugin",
                "request_hash",
            ];
            let is_own =
                is_own.contains(&name.as_str()) || name == "writer.id" || name == "usage.source";
            assert!(is_own || section.contains(&format!("`{name}`")), "{name}");
        }
    }

    /// The names of all texts, with that of the object they are in where the own name says little.
    fn texts(value: &Value, name: &str, names: &mut Vec<String>) {
        match value {
            Value::String(_) => names.push(name.to_owned()),
            Value::Array(values) => values.iter().for_each(|value| texts(value, name, names)),
            Value::Object(members) => {
                for (own, value) in members {
                    let says_little = ["id", "model", "type", "code", "source"]
                        .contains(&own.as_str())
                        && name != "gateway";
                    let own = match says_little {
                        true => format!("{name}.{own}"),
                        false => own.clone(),
                    };
                    texts(value, &own, names);
                }
            }
            _ => {}
        }
    }

    #[test]
    fn of_what_is_no_event_nothing_stays_but_the_id() {
        for text in ["SECRET", "{\"prompt_content\":\"SECRET\"}", ""] {
            assert_eq!(without_content(text, "a\"b"), r#"{"request_id":"a\"b"}"#);
        }
    }
}
