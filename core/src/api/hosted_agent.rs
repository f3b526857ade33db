//! Agents of one's own that a cloud runs: Vertex's reasoning engines and Amazon Bedrock's AgentCore.
//!
//! Sources: <https://docs.cloud.google.com/agent-builder/agent-engine/use/overview> and
//! <https://docs.aws.amazon.com/bedrock-agentcore/latest/APIReference/API_InvokeAgentRuntime.html>.
//! What an agent takes and gives is whatever its author chose; these are the members that the
//! frameworks in use have. An answer of another shape stands as its JSON.

use super::bedrock_error::ErrorHead;
use super::chat_message::ChatMessages;
use super::format::is_done;
use super::google_content::{message, parts};
use super::token_counts::sum;
use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, CallKey, CallPiece, Counts, Part};
use crate::framing::Hint;
use crate::headers::Headers;
use crate::json::{self, Count, Flag, Json, List, Object, text_of};
use crate::note::Note;
use crate::prompt::{Fields, Kind, Message, MessagePart, Prompt, compact, data_text};

/// Members that hold what is asked.
const QUESTIONS: [&str; 9] = [
    "prompt",
    "message",
    "input",
    "inputText",
    "input_text",
    "query",
    "question",
    "user_input",
    "text",
];

/// Members that hold an answer.
const ANSWERS: [&str; 13] = [
    "output",
    "response",
    "result",
    "answer",
    "completion",
    "message",
    "content",
    "text",
    "data",
    "output_text",
    "delta",
    "artifacts",
    "parts",
];

/// How many objects and lists an answer stands within, at most.
const DEPTH_MAX: usize = 6;

/// An agent gives one answer.
const CHOICE: u64 = 0;

pub(super) const REASONING_ENGINE: Format = Format::new(
    "google.reasoning_engines",
    "vertex",
    |text| {
        let wire: EngineWire<'_> = json::object(text)?;
        Some(request(Fields::of(wire.input?)))
    },
    || Box::new(AnswerReader::default()),
)
.with_hint(Hint::Lines);

pub(super) const AGENTCORE: Format = Format {
    name: "bedrock.agentcore",
    provider: "bedrock",
    read_request: |text| json::object(text).map(request),
    ..REASONING_ENGINE
};

fn request(mut fields: Fields<'_>) -> Request<'_> {
    // Agents that are asked by JSON-RPC, as A2A does it.
    if fields.has("jsonrpc") {
        fields.flatten("params");
    }
    let chat: Option<ChatMessages<'_>> = fields.take("messages").and_then(json::expected);
    let mut messages: Vec<_> = chat.unwrap_or_default().read().collect();
    if let Some(question) = fields.take_any(&QUESTIONS) {
        messages.push(asked(question));
    }
    let is_asked = !messages.is_empty();
    if let Some(last) = messages.last_mut() {
        fields.rest(&mut last.parts);
    }
    Request {
        prompt: is_asked.then(|| Prompt::contents(messages)),
        // Sessions are made and listed by the same path.
        note: Some(if is_asked {
            Note::PromptContinued
        } else {
            Note::NotAGeneration
        }),
        ..Request::default()
    }
}

/// A text, a message of parts, or data.
fn asked(question: Json<'_>) -> Message<'_> {
    let fields = Fields::of(question);
    if fields.has("parts") {
        return message(fields);
    }
    Message::of("user", vec![MessagePart::text(data_text(question))])
}

/// Reads an answer, or the pieces of one.
#[derive(Debug, Default)]
struct AnswerReader {
    error: ErrorHead,
    calls: u64,
    counts: Counts,
    /// Whether the text since the last whole event came in pieces, which that repeats.
    in_pieces: bool,
}

impl Reader for AnswerReader {
    fn head(&mut self, headers: Headers<'_>, _answer: &mut Answer) {
        self.error = ErrorHead::of(headers);
    }

    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let value: Option<Json<'_>> = json::read(text);
        let Some(value) = value else {
            return false;
        };
        if self.error.read(text, answer) {
            return true;
        }
        if !self.take(value, 0, answer) && answer.error.is_none() {
            answer.open(CHOICE);
            answer.append(CHOICE, Part::Content, &compact(value.get()));
        }
        true
    }

    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        answer.ends_with_body = true;
        let is_read = is_done(data, answer)
            || self.error.read(data, answer)
            || json::read(data).is_some_and(|value| self.take(value, 0, answer));
        is_read || answer.error.is_some()
    }
}

impl AnswerReader {
    /// Takes a text or what an object says; false if it is not known to say anything.
    fn take(&mut self, value: Json<'_>, depth: usize, answer: &mut Answer) -> bool {
        if value.is_string() {
            answer.open(CHOICE);
            answer.append(CHOICE, Part::Content, &text_of(value));
            return true;
        }
        if depth >= DEPTH_MAX {
            return false;
        }
        if let Some(List(items)) = json::read::<List<Json<'_>>>(value)
            && !items.is_empty()
        {
            let mut is_read = false;
            for item in items {
                is_read |= self.take(item, depth.saturating_add(1), answer);
            }
            return is_read;
        }
        let wire: EventWire<'_> = json::object(value).unwrap_or_default();
        self.count(&wire, answer);
        if let Some(content) = wire.content.0.and_then(|content| content.parts) {
            self.take_parts(content, wire.is_partial.0, answer);
            return true;
        }
        // Bedrock's events as Strands passes them on.
        if let Some(nested) = wire.event.or(wire.block) {
            return self.take(nested, depth.saturating_add(1), answer)
                || nested.get().starts_with('{');
        }
        let mut fields = Fields::of(value);
        for name in ANSWERS {
            let said = fields.take(name);
            if said.is_some_and(|said| self.take(said, depth.saturating_add(1), answer)) {
                return true;
            }
        }
        openai_error::take(wire.error, answer);
        false
    }

    /// The parts of an event of Google's Agent Development Kit.
    fn take_parts(&mut self, content: Json<'_>, is_partial: bool, answer: &mut Answer) {
        let repeats = !is_partial && std::mem::replace(&mut self.in_pieces, is_partial);
        self.in_pieces |= is_partial;
        answer.open(CHOICE);
        for part in parts(Some(content), answer) {
            let kind = if part.thought.0 {
                Part::Reasoning
            } else {
                Part::Content
            };
            if !repeats {
                answer.append(CHOICE, kind, part.text.0.as_deref().unwrap_or_default());
            }
            answer.is_not_text |= part.media.is_some();
            for (name, given) in part.given() {
                answer.part(Kind::ToolResult, name, given.id.0.as_deref(), &given.text());
            }
            if let Some(call) = part.call.0 {
                let key = CallKey {
                    choice: CHOICE,
                    call: self.calls,
                };
                self.calls = self.calls.saturating_add(1);
                let piece = CallPiece {
                    id: call.id.0.as_deref(),
                    name: call.name.0.as_deref(),
                    arguments: call.args.map_or("{}", |args| args.get()),
                };
                answer.call(key, piece);
            }
        }
    }

    /// Each event that is whole counts the call of a model that it came of.
    fn count(&mut self, wire: &EventWire<'_>, answer: &mut Answer) {
        let Some(usage) = wire.usage.0.as_ref().filter(|_| !wire.is_partial.0) else {
            return;
        };
        self.counts = Counts {
            input: sum(self.counts.input, usage.prompt.0),
            output: sum(
                self.counts.output,
                sum(usage.candidates.0, usage.thoughts.0),
            ),
            cache_read: sum(self.counts.cache_read, usage.cached.0),
            reasoning: sum(self.counts.reasoning, usage.thoughts.0),
            ..Counts::default()
        };
        answer.count(self.counts);
    }
}

json::wire! {
    struct EngineWire<'a> {
        input: Option<Json<'a>> = "input",
    }

    struct EventWire<'a> {
        content: Object<ContentWire<'a>> = "content",
        is_partial: Flag = "partial",
        usage: Object<UsageWire> = "usage_metadata" | "usageMetadata",
        event: Option<Json<'a>> = "event",
        block: Option<Json<'a>> = "contentBlockDelta",
        error: Option<Json<'a>> = "error",
    }

    struct ContentWire<'a> {
        parts: Option<Json<'a>> = "parts",
    }

    struct UsageWire {
        prompt: Count = "prompt_token_count" | "promptTokenCount",
        candidates: Count = "candidates_token_count" | "candidatesTokenCount",
        thoughts: Count = "thoughts_token_count" | "thoughtsTokenCount",
        cached: Count = "cached_content_token_count" | "cachedContentTokenCount",
    }
}
