//! The providers' own Python packages as clients that know nothing of the gateway.

use anyhow::{Context, Result};
use audit_layer_tests::python;
use audit_layer_tests::stack::{ORGANIZATION, Stack};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::expected::{assert_holds, assert_same, normalised};
use crate::fixture::{run, stack, unique};

#[test]
fn an_openai_call_is_recorded_member_by_member() -> Result<()> {
    check_plain_and_streamed(&Provider::OPENAI)
}

#[test]
fn an_anthropic_call_is_recorded_member_by_member() -> Result<()> {
    check_plain_and_streamed(&Provider::ANTHROPIC)
}

#[test]
fn tool_calls_of_openai_are_recorded() -> Result<()> {
    check_tool_calls(&Provider::OPENAI)
}

#[test]
fn tool_calls_of_anthropic_are_recorded() -> Result<()> {
    check_tool_calls(&Provider::ANTHROPIC)
}

#[test]
fn each_retry_of_openais_package_is_a_call_of_its_own() -> Result<()> {
    check_retries(&Provider::OPENAI)
}

#[test]
fn each_retry_of_anthropics_package_is_a_call_of_its_own() -> Result<()> {
    check_retries(&Provider::ANTHROPIC)
}

#[test]
fn a_stream_of_openai_without_usage_is_recorded_without_counts() -> Result<()> {
    run(async {
        let mut arguments = Provider::OPENAI.arguments(true);
        arguments["stream_options"] = Value::Null;
        let case = Case::new("without usage", arguments);
        let (seen, event) = Provider::OPENAI.call(stack().await?, case).await?;
        assert_eq!(seen.usage, None);
        let usage = json!({ "source": "absent", "input_tokens": null, "output_tokens": null });
        let audit_layer = json!({ "usage": usage, "completion": { "state": "complete" } });
        let metadata = json!({ "audit_layer": audit_layer });
        let part = json!({ "prompt_tokens": 0, "response_tokens": 0, "metadata": metadata });
        assert_holds(&event, &part);
        Ok(())
    })
}

#[test]
fn the_user_named_in_the_body_is_recorded_when_no_header_says_more() -> Result<()> {
    run(async {
        let stack = stack().await?;
        for (provider, member) in [
            (
                Provider::OPENAI,
                json!({ "safety_identifier": "body-user" }),
            ),
            (Provider::OPENAI, json!({ "user": "body-user" })),
            (
                Provider::ANTHROPIC,
                json!({ "metadata": { "user_id": "body-user" } }),
            ),
        ] {
            let mut arguments = provider.arguments(false);
            arguments["extra_headers"] = json!({});
            for (name, value) in member.as_object().unwrap() {
                arguments[name] = value.clone();
            }
            let (_, event) = provider
                .call(stack, Case::new("user in the body", arguments))
                .await?;
            assert_holds(
                &event,
                &json!({ "user_id": "body-user", "session_id": null }),
            );
        }
        Ok(())
    })
}

/// Plain and streamed, through the synchronous and the asynchronous client.
fn check_plain_and_streamed(provider: &'static Provider) -> Result<()> {
    run(async {
        let stack = stack().await?;
        for (stream, asynchronous) in [(false, false), (true, false), (false, true), (true, true)] {
            let name = format!("stream {stream}, async {asynchronous}");
            let case = Case {
                asynchronous,
                ..Case::new(&name, provider.arguments(stream))
            };
            let (seen, event) = provider.call(stack, case).await?;
            let expected = provider.expected(stack, &seen, stream, &event)?;
            assert_same(&normalised(event), &expected);
        }
        Ok(())
    })
}

fn check_tool_calls(provider: &'static Provider) -> Result<()> {
    run(async {
        for stream in [false, true] {
            let mut arguments = provider.arguments(stream);
            arguments["model"] = "sample-tools".into();
            arguments["tools"] = json!([provider.tool()]);
            let (seen, event) = provider
                .call(stack().await?, Case::new("tools", arguments))
                .await?;
            let [(id, name, input)] = &seen.tool_calls.context("no tool calls")?[..] else {
                panic!("the client saw other than one tool call");
            };
            let response = &event["metadata"]["audit_layer"]["response"];
            let [call] = &response["tool_calls"].as_array().unwrap()[..] else {
                panic!("other than one tool call in {event:#}");
            };
            assert_holds(call, &json!({ "choice": 0, "id": id, "name": name }));
            // Anthropic's client parses the arguments, so they are compared as values.
            let recorded: Value = serde_json::from_str(call["arguments"].as_str().unwrap())?;
            assert_eq!(recorded, serde_json::from_str::<Value>(input)?);
            assert_eq!(event["response_content"], seen.text.unwrap());
        }
        Ok(())
    })
}

fn check_retries(provider: &'static Provider) -> Result<()> {
    run(async {
        let stack = stack().await?;
        let user = unique("retries");
        let mut arguments = provider.arguments(false);
        arguments["model"] = "sample-fail-429".into();
        arguments["extra_headers"] = json!({ "x-audit-user-id": user });
        let case = Case {
            retries: 2,
            ..Case::new("retries", arguments)
        };
        let (seen, last) = provider.call(stack, case).await?;
        assert_eq!(seen.status, Some(429));
        assert_eq!(last["metadata"]["audit_layer"]["gateway"]["retry_count"], 2);
        // The last event has come; those before it left no later than it did.
        let mut events = stack
            .collector
            .api()
            .events(&format!("user_id={user}"))
            .await?;
        events.sort_by_key(|event| event["request_id"].as_str().unwrap().to_owned());
        let retries = events.iter().map(|event| {
            assert_eq!(
                event["metadata"]["audit_layer"]["completion"]["state"],
                "rejected"
            );
            event["metadata"]["audit_layer"]["gateway"]["retry_count"].as_u64()
        });
        assert_eq!(retries.collect::<Vec<_>>(), [Some(0), Some(1), Some(2)]);
        Ok(())
    })
}

/// A call for a client script to make.
struct Case {
    name: String,
    asynchronous: bool,
    retries: u32,
    arguments: Value,
}

impl Case {
    fn new(name: &str, arguments: Value) -> Self {
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
struct Seen {
    request_id: String,
    id: Option<String>,
    model: Option<String>,
    text: Option<String>,
    finish_reason: Option<String>,
    usage: Option<(u64, u64)>,
    tool_calls: Option<Vec<(String, String, String)>>,
    status: Option<u16>,
}

/// What differs between the two packages.
struct Provider {
    name: &'static str,
    api: &'static str,
    script: &'static str,
    base_path: &'static str,
    path: &'static str,
    /// The prompt of [`Provider::arguments`] as the wrappers put it.
    prompt: &'static str,
}

impl Provider {
    const OPENAI: Self = Self {
        name: "openai",
        api: "openai.chat_completions",
        script: "openai_client.py",
        base_path: "/v1",
        path: "/v1/chat/completions",
        prompt: "You are a loan underwriting assistant.\nCredit score 680, DTI 48 % – Zürich?",
    };
    const ANTHROPIC: Self = Self {
        name: "anthropic",
        api: "anthropic.messages",
        script: "anthropic_client.py",
        base_path: "",
        path: "/v1/messages",
        prompt: "[SYSTEM] You are a loan underwriting assistant.\n\
                 [USER] Credit score 680, DTI 48 % – Zürich?",
    };

    /// The arguments of a typical call, with everything an application may say to the gateway.
    fn arguments(&self, stream: bool) -> Value {
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

    fn tool(&self) -> Value {
        let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
        match self.name {
            "openai" => {
                json!({ "type": "function", "function": { "name": "weather", "parameters": schema } })
            }
            _ => json!({ "name": "weather", "input_schema": schema }),
        }
    }

    /// Has the package make the call; returns what it saw, and the event.
    async fn call(&self, stack: &Stack, case: Case) -> Result<(Seen, Value)> {
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

    /// The whole event of a typical call, its unknowable parts as `normalised` names them.
    fn expected(&self, stack: &Stack, seen: &Seen, stream: bool, event: &Value) -> Result<Value> {
        let text = seen.text.as_deref().context("no text")?;
        let (input_tokens, output_tokens) = seen.usage.context("no usage")?;
        let parameters = match self.name {
            "openai" => json!({ "max_tokens": 200, "temperature": 0.3 }),
            _ => json!({ "max_tokens": 200 }),
        };
        Ok(json!({
            "id": "<log id>", "received_at": "<time>", "request_id": "<uuid>", "timestamp": "<time>", "duration_ms": "<number>",
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
            "response": {
                "id": seen.id, "model": seen.model, "tool_calls": [],
                "hash": hash(seen.text.as_deref().unwrap_or_default()),
            },
            "capture": {
                "api": self.api, "streamed": stream,
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

fn hash(text: &str) -> String {
    let hex: String = Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}

const TRACEPARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
