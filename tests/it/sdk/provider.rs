//! What differs between the providers' packages, and the events of their calls.

use anyhow::{Context, Result};
use audit_layer_tests::python;
use audit_layer_tests::stack::{ORGANIZATION, Stack};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A call for a client script to make.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) asynchronous: bool,
    pub(super) retries: u32,
    pub(super) arguments: Value,
}

impl Case {
    pub(super) fn new(name: &str, arguments: Value) -> Self {
        Self {
            name: name.to_owned(),
            asynchronous: false,
            retries: 0,
            arguments,
        }
    }
}

/// What a client's package showed of a call.
#[derive(Debug, Deserialize)]
pub(super) struct Seen {
    pub(super) request_id: String,
    pub(super) id: Option<String>,
    pub(super) model: Option<String>,
    pub(super) text: Option<String>,
    pub(super) finish_reason: Option<String>,
    pub(super) usage: Option<(u64, u64)>,
    pub(super) tool_calls: Option<Vec<(String, String, String)>>,
    pub(super) status: Option<u16>,
}

/// What differs between the two packages.
pub(super) struct Provider {
    pub(super) name: &'static str,
    api: &'static str,
    script: &'static str,
    base_path: &'static str,
    path: &'static str,
    /// The prompt of [`Provider::arguments`] as the wrappers put it.
    prompt: &'static str,
}

impl Provider {
    pub(super) const OPENAI: Self = Self {
        name: "openai",
        api: "openai.chat_completions",
        script: "openai_client.py",
        base_path: "/v1",
        path: "/v1/chat/completions",
        prompt: "You are a loan underwriting assistant.\nCredit score 680, DTI 48 % – Zürich?",
    };
    pub(super) const ANTHROPIC: Self = Self {
        name: "anthropic",
        api: "anthropic.messages",
        script: "anthropic_client.py",
        base_path: "",
        path: "/v1/messages",
        prompt: "[SYSTEM] You are a loan underwriting assistant.\n\
                 [USER] Credit score 680, DTI 48 % – Zürich?",
    };

    /// The arguments of a typical call, with everything an application may say to the gateway.
    pub(super) fn arguments(&self, stream: bool) -> Value {
        let system = "You are a loan underwriting assistant.";
        let question = json!({ "role": "user", "content": "Credit score 680, DTI 48 % – Zürich?" });
        let mut arguments = json!({
            "model": "loan-model", "max_tokens": 200,
            "messages": [question], "stream": stream,
            "extra_headers": {
                "x-audit-user-id": "ana", "x-audit-session-id": "case-7",
                "x-audit-decision-type": "loan_underwriting",
                "x-audit-decision-outcome": "refer",
                "x-audit-compliance-tags": "SOC2,FCRA",
                "x-audit-risk-level": "high",
                "x-audit-metadata": r#"{"loan_amount":50000,"rate":1.0}"#,
                "traceparent": TRACEPARENT,
            },
        });
        match self.name {
            "openai" => {
                arguments["temperature"] = json!(0.3);
                let system = json!({ "role": "system", "content": system });
                arguments["messages"]
                    .as_array_mut()
                    .unwrap()
                    .insert(0, system);
                if stream {
                    arguments["stream_options"] = json!({ "include_usage": true });
                }
            }
            _ => arguments["system"] = system.into(),
        }
        arguments
    }

    pub(super) fn tool(&self) -> Value {
        let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
        match self.name {
            "openai" => {
                json!({ "type": "function", "function": { "name": "weather", "parameters": schema } })
            }
            _ => json!({ "name": "weather", "input_schema": schema }),
        }
    }

    /// Has the package make the call; returns what it saw, and the event.
    pub(super) async fn call(&self, stack: &Stack, case: Case) -> Result<(Seen, Value)> {
        let case = json!([{
            "name": case.name, "async": case.asynchronous, "retries": case.retries,
            "arguments": case.arguments,
        }]);
        let base_url = format!("{}{}", stack.url()?, self.base_path);
        let output = python::run(self.script, &[&base_url, &case.to_string()]).await?;
        let seen: Seen = serde_json::from_str(&output).with_context(|| output.clone())?;
        let event = stack.event(&seen.request_id).await?;
        Ok((seen, event))
    }

    /// The whole event of a typical call, its unknowable parts as `normalized` names them.
    pub(super) fn expected(
        &self,
        stack: &Stack,
        seen: &Seen,
        stream: bool,
        event: &Value,
    ) -> Result<Value> {
        let text = seen.text.as_deref().context("no text")?;
        let (input_tokens, output_tokens) = seen.usage.context("no usage")?;
        let parameters = match self.name {
            "openai" => json!({ "max_tokens": 200, "temperature": 0.3 }),
            _ => json!({ "max_tokens": 200 }),
        };
        Ok(json!({
            "id": "<log id>", "received_at": "<time>",
            "recorded_by": { "key_id": "configured", "kind": "gateway" }, "request_id": "<uuid>", "timestamp": "<time>", "duration_ms": "<number>",
            "user_id": "ana", "session_id": "case-7", "organization_id": ORGANIZATION,
            "prompt_hash": hash(self.prompt), "prompt_content": self.prompt,
            "prompt_tokens": input_tokens,
            "response_content": text, "response_tokens": output_tokens,
            "model_provider": self.name, "model_name": "loan-model",
            "model_parameters": parameters,
            "decision_type": "loan_underwriting", "decision_outcome": "refer",
            "confidence_score": null, "reasoning": null,
            "compliance_tags": ["SOC2", "FCRA"], "risk_level": "high",
            "metadata": {
                "loan_amount": 50000, "rate": 1.0,
                "audit_layer": self.expected_observations(stack, seen, stream, event)?,
            },
        }))
    }

    fn expected_observations(
        &self,
        stack: &Stack,
        seen: &Seen,
        stream: bool,
        event: &Value,
    ) -> Result<Value> {
        let (input_tokens, output_tokens) = seen.usage.context("no usage")?;
        let observed = |pointer: &str| event.pointer(pointer).cloned().unwrap_or_default();
        // OpenAI counts no tokens written to a cache; Anthropic's package shows no reasoning.
        let (cache_write, reasoning) = if self.name == "openai" {
            (Value::Null, json!(0))
        } else {
            (json!(0), Value::Null)
        };
        Ok(json!({
            "schema": "audit-layer/1",
            "writer": { "id": "<writer>", "seq": "<number>" },
            "completion": {
                "state": "complete", "http_status": 200, "finish_reasons": [seen.finish_reason],
                "flags": [], "details": "via_upstream", "error": null,
            },
            "usage": {
                "source": "reported", "input_tokens": input_tokens, "output_tokens": output_tokens,
                "cache_read": 0, "cache_write": cache_write, "reasoning": reasoning,
            },
            "timing": { "first_byte_ms": "<number>" },
            "identity": {
                "user_id": { "source": "caller" }, "session_id": { "source": "caller" },
            },
            "prompt": conversation(self.prompt),
            "response": {
                "id": seen.id, "model": seen.model, "tool_calls": [],
                "hash": hash(seen.text.as_deref().unwrap_or_default()),
            },
            "capture": {
                "point": "gateway", "api": self.api, "streamed": stream,
                // Sizes and the hash of the body depend on the package's spelling of JSON; the
                // tests of headers and faults check them against known bytes.
                "request_bytes": observed("/metadata/audit_layer/capture/request_bytes"),
                "response_bytes": observed("/metadata/audit_layer/capture/response_bytes"),
                "request_hash": observed("/metadata/audit_layer/capture/request_hash"),
                "encoding": null, "content": "full", "truncated": false, "notes": [],
            },
            "gateway": {
                "request_id": "<uuid>", "traceparent": TRACEPARENT,
                "host": stack.url()?.trim_start_matches("http://"), "path": self.path,
                "method": "POST", "route": self.name, "cluster": self.name,
                "source": "<loopback>",
                "user_agent": observed("/metadata/audit_layer/gateway/user_agent"),
                "upstream_attempts": 1, "retry_count": 0, "plugin": "<plugin>",
            },
        }))
    }
}

/// The conversation of a system's text and a user's, one a line: where each stands behind its role
/// if there is one, and the hash as `core/PROMPT.md` has it.
fn conversation(prompt: &str) -> Value {
    let mut record = b"audit-layer/prompt/1\n".to_vec();
    record.extend(Sha256::digest(prompt));
    let mut parts = Vec::new();
    let mut start = 0;
    for (message, (line, role)) in (0_u32..).zip(prompt.lines().zip(["system", "user"])) {
        let label = line.find("] ").map_or(0, |at| at + "] ".len());
        let (at, bytes) = (start + label, line.len() - label);
        start += line.len() + 1;
        let number = |number: usize| u32::try_from(number).expect("small").to_be_bytes();
        record.extend(message.to_be_bytes());
        record.extend(number(role.len()));
        record.extend(role.as_bytes());
        record.extend(b"T\0\0\0p");
        record.extend([number(at), number(bytes)].concat());
        parts.push(json!({
            "message": message, "role": role, "kind": "text", "at": at, "bytes": bytes,
        }));
    }
    json!({ "hash": hash(record), "parts": parts })
}

fn hash(bytes: impl AsRef<[u8]>) -> String {
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
