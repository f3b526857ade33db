//! OpenAI's chat completions.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use serde_json::{Value, json};

use super::reply::{Reply, ToolUse};
use super::scenario::Scenario;
use super::script::{Ending, Script};
use super::sse;

pub(super) fn respond(body: &[u8], number: u64, pace: Duration) -> Script {
    let Ok(request) = serde_json::from_slice::<Value>(body) else {
        return error(400, number);
    };
    let model = request["model"].as_str().unwrap_or_default();
    let scenario = Scenario::of_model(model);
    let completion = Completion {
        reply: Reply::to(&request, scenario),
        id: format!("chatcmpl-sample{number:06}"),
        model: format!("{model}-2026-01-15"),
        created: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |age| age.as_secs()),
        with_usage: request["stream_options"]["include_usage"] == true,
    };
    let script = match request["stream"] == true {
        true => Script::streamed(
            "text/event-stream; charset=utf-8",
            completion.stream(scenario),
        ),
        false => Script::plain(200, "application/json", completion.whole().to_string()),
    };
    let mut script = with_headers(script, number);
    script.pace = pace;
    match scenario {
        Scenario::Fail(status) => error(status, number),
        Scenario::Truncated => script.cut(Ending::Clean),
        Scenario::Reset => script.cut(Ending::Reset),
        Scenario::Slow => Script {
            pace: SLOW_PACE,
            ..script
        },
        Scenario::Answer | Scenario::Tools | Scenario::StreamError => script,
    }
}

struct Completion {
    reply: Reply,
    id: String,
    model: String,
    created: u64,
    with_usage: bool,
}

impl Completion {
    fn whole(&self) -> Value {
        let mut message = json!({
            "role": "assistant", "content": self.reply.text, "refusal": null, "annotations": [],
        });
        if let Some(tool) = &self.reply.tool {
            message["content"] = Value::Null;
            message["tool_calls"] = json!([self.tool_call(tool)]);
        }
        json!({
            "id": self.id, "object": "chat.completion", "created": self.created,
            "model": self.model,
            "choices": [{
                "index": 0, "message": message, "logprobs": null,
                "finish_reason": self.finish_reason(),
            }],
            "usage": self.usage(), "service_tier": "default", "system_fingerprint": "fp_sample",
        })
    }

    fn stream(&self, scenario: Scenario) -> Vec<Bytes> {
        let mut deltas = vec![json!({ "role": "assistant", "content": "", "refusal": null })];
        match &self.reply.tool {
            Some(tool) => deltas.extend(self.tool_deltas(tool)),
            None => deltas.extend(self.reply.words().map(|word| json!({ "content": word }))),
        }
        let chunks = deltas.iter().map(|delta| self.chunk(delta, None));
        let mut events: Vec<Bytes> = chunks.map(|chunk| sse::data(&chunk)).collect();
        if scenario == Scenario::StreamError {
            events.truncate(events.len() / 2);
            events.push(sse::data(&error_body(500)));
            return events;
        }
        events.push(sse::data(
            &self.chunk(&json!({}), Some(self.finish_reason())),
        ));
        if self.with_usage {
            let mut last = self.chunk(&json!({}), None);
            last["choices"] = json!([]);
            last["usage"] = self.usage();
            events.push(sse::data(&last));
        }
        events.push("data: [DONE]\n\n".into());
        events
    }

    fn chunk(&self, delta: &Value, finish_reason: Option<&str>) -> Value {
        let mut chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created,
            "model": self.model, "service_tier": "default", "system_fingerprint": "fp_sample",
            "choices": [{
                "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason,
            }],
        });
        if self.with_usage {
            chunk["usage"] = Value::Null;
        }
        chunk
    }

    fn tool_call(&self, tool: &ToolUse) -> Value {
        let function = json!({ "name": tool.name, "arguments": tool.input.to_string() });
        json!({ "id": self.tool_id(), "type": "function", "function": function })
    }

    /// The name first, then the arguments in pieces, as the provider does it.
    fn tool_deltas(&self, tool: &ToolUse) -> Vec<Value> {
        let mut first = self.tool_call(tool);
        first["index"] = 0.into();
        first["function"]["arguments"] = "".into();
        let arguments = tool.input.to_string();
        let pieces = arguments.split_inclusive(',').map(
            |piece| json!({ "tool_calls": [{ "index": 0, "function": { "arguments": piece } }] }),
        );
        [json!({ "tool_calls": [first] })]
            .into_iter()
            .chain(pieces)
            .collect()
    }

    fn tool_id(&self) -> String {
        self.id.replace("chatcmpl-", "call_")
    }

    fn finish_reason(&self) -> &'static str {
        if self.reply.tool.is_some() {
            "tool_calls"
        } else {
            "stop"
        }
    }

    fn usage(&self) -> Value {
        let Reply {
            input_tokens,
            output_tokens,
            ..
        } = self.reply;
        json!({
            "prompt_tokens": input_tokens, "completion_tokens": output_tokens,
            "total_tokens": input_tokens + output_tokens,
            "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
            "completion_tokens_details": {
                "reasoning_tokens": 0, "audio_tokens": 0,
                "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
            },
        })
    }
}

fn error(status: u16, number: u64) -> Script {
    let script = Script::plain(status, "application/json", error_body(status).to_string());
    // A short wait, so that clients that try again do so at once.
    with_headers(script, number).header("retry-after-ms", "5")
}

fn error_body(status: u16) -> Value {
    let (kind, code, message) = match status {
        401 => (
            "invalid_request_error",
            "invalid_api_key",
            "Incorrect API key provided.",
        ),
        429 => (
            "rate_limit_error",
            "rate_limit_exceeded",
            "Rate limit reached for this model.",
        ),
        400..500 => (
            "invalid_request_error",
            "invalid_request",
            "We could not read your request.",
        ),
        _ => (
            "server_error",
            "server_error",
            "The server had an error. Sorry about that!",
        ),
    };
    json!({ "error": { "message": message, "type": kind, "param": null, "code": code } })
}

fn with_headers(script: Script, number: u64) -> Script {
    script
        .header("x-request-id", format!("req_sample{number:06}"))
        .header("openai-version", "2020-10-01")
        .header("openai-processing-ms", "1")
}

const SLOW_PACE: Duration = Duration::from_millis(400);
