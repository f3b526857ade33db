//! Anthropic's messages.

use std::time::Duration;

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
    let message = Message {
        reply: Reply::to(&request, scenario),
        id: format!("msg_sample{number:06}"),
        model: format!("{model}-20260115"),
    };
    let script = match request["stream"] == true {
        true => Script::streamed("text/event-stream; charset=utf-8", message.stream(scenario)),
        false => Script::plain(200, "application/json", message.whole().to_string()),
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

struct Message {
    reply: Reply,
    id: String,
    model: String,
}

impl Message {
    fn whole(&self) -> Value {
        let mut content = vec![json!({ "type": "text", "text": self.reply.text })];
        content.extend(self.reply.tool.as_ref().map(|tool| self.tool_use(tool)));
        let mut message = self.start(self.reply.output_tokens);
        message["content"] = content.into();
        message["stop_reason"] = self.stop_reason().into();
        message
    }

    fn stream(&self, scenario: Scenario) -> Vec<Bytes> {
        // The count of output tokens at the start is of what was made so far; the last one counts.
        let mut events = vec![json!({ "type": "message_start", "message": self.start(1) })];
        events.extend(self.text_block());
        if scenario == Scenario::StreamError {
            events.truncate(events.len() / 2);
            events.push(error_body(529));
            return events.iter().map(sse::typed).collect();
        }
        if let Some(tool) = &self.reply.tool {
            events.extend(self.tool_block(tool));
        }
        events.push(json!({
            "type": "message_delta",
            "delta": { "stop_reason": self.stop_reason(), "stop_sequence": null },
            "usage": self.usage(self.reply.output_tokens),
        }));
        events.push(json!({ "type": "message_stop" }));
        events.iter().map(sse::typed).collect()
    }

    fn start(&self, output_tokens: u64) -> Value {
        json!({
            "id": self.id, "type": "message", "role": "assistant", "model": self.model,
            "content": [], "stop_reason": null, "stop_sequence": null,
            "usage": self.usage(output_tokens),
        })
    }

    fn text_block(&self) -> Vec<Value> {
        let block = json!({ "type": "text", "text": "" });
        let mut events = vec![
            json!({ "type": "content_block_start", "index": 0, "content_block": block }),
            json!({ "type": "ping" }),
        ];
        let delta = |word| json!({ "type": "text_delta", "text": word });
        let deltas = self.reply.words().map(delta);
        events.extend(
            deltas
                .map(|delta| json!({ "type": "content_block_delta", "index": 0, "delta": delta })),
        );
        events.push(json!({ "type": "content_block_stop", "index": 0 }));
        events
    }

    fn tool_block(&self, tool: &ToolUse) -> Vec<Value> {
        let mut block = self.tool_use(tool);
        block["input"] = json!({});
        let mut events =
            vec![json!({ "type": "content_block_start", "index": 1, "content_block": block })];
        let input = tool.input.to_string();
        // The provider begins with an empty piece.
        let pieces = [""].into_iter().chain(input.split_inclusive(','));
        let delta = |piece| json!({ "type": "input_json_delta", "partial_json": piece });
        events.extend(
            pieces
                .map(delta)
                .map(|delta| json!({ "type": "content_block_delta", "index": 1, "delta": delta })),
        );
        events.push(json!({ "type": "content_block_stop", "index": 1 }));
        events
    }

    fn tool_use(&self, tool: &ToolUse) -> Value {
        let id = self.id.replace("msg_", "toolu_");
        json!({ "type": "tool_use", "id": id, "name": tool.name, "input": tool.input })
    }

    fn stop_reason(&self) -> &'static str {
        if self.reply.tool.is_some() {
            "tool_use"
        } else {
            "end_turn"
        }
    }

    fn usage(&self, output_tokens: u64) -> Value {
        json!({
            "input_tokens": self.reply.input_tokens, "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0, "output_tokens": output_tokens,
            "service_tier": "standard",
        })
    }
}

fn error(status: u16, number: u64) -> Script {
    let mut body = error_body(status);
    body["request_id"] = format!("req_sample{number:06}").into();
    let script = Script::plain(status, "application/json", body.to_string());
    // A short wait, so that clients that try again do so at once.
    with_headers(script, number).header("retry-after-ms", "5")
}

fn error_body(status: u16) -> Value {
    let (kind, message) = match status {
        401 => ("authentication_error", "invalid x-api-key"),
        429 => (
            "rate_limit_error",
            "This request would exceed your rate limit.",
        ),
        529 => ("overloaded_error", "Overloaded"),
        400..500 => ("invalid_request_error", "We could not read your request."),
        _ => ("api_error", "Internal server error"),
    };
    json!({ "type": "error", "error": { "type": kind, "message": message } })
}

fn with_headers(script: Script, number: u64) -> Script {
    script
        .header("request-id", format!("req_sample{number:06}"))
        .header(
            "anthropic-organization-id",
            "00000000-0000-4000-8000-000000000000",
        )
}

const SLOW_PACE: Duration = Duration::from_millis(400);
