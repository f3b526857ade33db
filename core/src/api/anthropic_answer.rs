//! Answers of Anthropic Messages.
//!
//! Source: <https://docs.claude.com/en/api/messages> and its page on streaming.

use super::token_counts::TokenCounts;
use super::{Reader, openai_error};
use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::json::{self, Broken, Count, FromObject, Json, List, Members, Object, Text};
use crate::prompt::Kind;

/// An answer has one choice.
const CHOICE: u64 = 0;

/// Reads answers; of a stream, the counts come in two events.
pub(super) fn reader() -> Box<dyn Reader> {
    Box::new(AnswerReader::default())
}

#[derive(Debug, Default)]
struct AnswerReader {
    counts: TokenCounts,
    /// What requests counted that are not among it.
    beside: TokenCounts,
    started: bool,
}

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object(text) else {
            return false;
        };
        self.take_message(body, answer);
        true
    }

    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        let Some(event) = json::object::<EventWire<'_>>(data) else {
            return false;
        };
        let index = event.index.0.unwrap_or_default();
        answer.counts_are_early &= event.usage.0.is_none();
        self.take_usage(event.usage, answer);
        match event.kind.0.as_deref() {
            Some("message_start") => {
                self.start(answer);
                self.take_message(event.message.0.unwrap_or_default(), answer);
                answer.counts_are_early = true;
            }
            Some("content_block_start") => {
                start_block(index, &event.block.0.unwrap_or_default(), answer);
            }
            Some("content_block_delta") => {
                return take_delta(index, &event.delta.0.unwrap_or_default(), answer);
            }
            Some("content_block_stop") => answer.end_call(key(index)),
            Some("message_delta") => {
                let delta = event.delta.0.unwrap_or_default();
                stop(delta.stop_reason, delta.stop_details, answer);
            }
            Some("message_stop") => answer.ended = true,
            Some("error") => openai_error::take(event.error, answer),
            // Pings, and what Anthropic may add: its versioning policy says to pass over it.
            Some(_) => {}
            // Gateways in between tell their errors in their own way.
            None => {
                let is_error = event.error.is_some();
                openai_error::take(event.error, answer);
                return is_error;
            }
        }
        true
    }
}

impl AnswerReader {
    /// Proxies that ask again after a failure begin a second message in the same stream.
    fn start(&mut self, answer: &mut Answer) {
        if self.started {
            answer.restart();
            (answer.id, answer.model) = (None, None);
            (self.counts, self.beside) = <(TokenCounts, TokenCounts)>::default();
        }
        self.started = true;
    }

    fn take_message(&mut self, message: MessageWire<'_>, answer: &mut Answer) {
        answer.identify(message.id.0.as_deref(), message.model.0.as_deref());
        openai_error::take(message.error, answer);
        if message.kind.0.as_deref() == Some("message") {
            answer.open(CHOICE);
        }
        for (number, Object(block)) in (0..).zip(message.content.0) {
            start_block(number, &block.unwrap_or_default(), answer);
            answer.end_call(key(number));
        }
        self.take_usage(message.usage, answer);
        stop(message.stop_reason, message.stop_details, answer);
    }

    fn take_usage(&mut self, Object(usage): Object<UsageWire>, answer: &mut Answer) {
        let Some(usage) = usage else { return };
        self.counts.update(usage.counts);
        self.beside.update(usage.beside);
        let mut counts = self.counts;
        counts.add(self.beside);
        answer.usage = counts.counts_beside_cache();
    }
}

fn stop(reason: Text<'_>, details: Object<DetailsWire<'_>>, answer: &mut Answer) {
    if let Some(reason) = reason.0 {
        answer.finish(CHOICE, &reason);
    }
    let Some(details) = details.0 else {
        return;
    };
    // Of a refusal, what Anthropic's classifiers saw; the content may be empty.
    append(answer, Part::Refusal, &details.explanation);
    if let Some(category) = details.category.0 {
        answer.find(&category);
    }
}

/// A block begins empty, or whole where the provider does not stream it.
fn start_block(number: u64, block: &BlockWire<'_>, answer: &mut Answer) {
    match block.kind.0.as_deref() {
        Some("text") => append(answer, Part::Content, &block.text),
        Some("thinking") => append(answer, Part::Reasoning, &block.thinking),
        Some("tool_use" | "server_tool_use" | "mcp_tool_use") => {
            let input = block
                .input
                .map(|input| input.get())
                .filter(|input| *input != "{}");
            let piece = CallPiece {
                id: block.id.0.as_deref(),
                name: block.name.0.as_deref(),
                arguments: input.unwrap_or_default(),
            };
            answer.call(key(number), piece);
        }
        Some("redacted_thinking") => answer.has_sealed_reasoning = true,
        // A summary that stands for what came before; it may come by piece.
        Some("compaction") => {
            let summary = block.content.map(json::text_of).unwrap_or_default();
            answer.part(Kind::Other, "compaction", None, &summary);
        }
        // The model that was asked refused, and another answers in its place.
        Some("fallback") => {
            let other = block.to.0.as_ref().and_then(|to| to.model.0.as_deref());
            answer.model = None;
            answer.identify(None, other);
        }
        Some("mcp_tool_listing") | None => {}
        // What the provider's own tools gave, and what may be added to blocks.
        Some(kind) => {
            let is_result = kind.ends_with("_result");
            let given = block.content.or(block.file_id).map(json::text_of);
            let given = given.or_else(|| block.text.0.clone());
            let part = if is_result {
                Kind::ToolResult
            } else {
                Kind::Other
            };
            answer.part(
                part,
                kind,
                block.answers.0.as_deref(),
                &given.unwrap_or_default(),
            );
        }
    }
    answer.has_sealed_reasoning |= block.signature.0.as_ref().is_some_and(|it| !it.is_empty());
}

/// False if it is a piece of nothing that is known.
fn take_delta(number: u64, delta: &DeltaWire<'_>, answer: &mut Answer) -> bool {
    match delta.kind.0.as_deref() {
        Some("text_delta") => append(answer, Part::Content, &delta.text),
        Some("thinking_delta") => append(answer, Part::Reasoning, &delta.thinking),
        Some("input_json_delta") => {
            let arguments = delta.partial_json.0.as_deref().unwrap_or_default();
            answer.call(
                key(number),
                CallPiece {
                    arguments,
                    ..CallPiece::default()
                },
            );
        }
        Some("compaction_delta") => {
            answer.append_part(delta.content.0.as_deref().unwrap_or_default());
        }
        // Of a thought that is not shown there is nothing else.
        Some("signature_delta") => answer.has_sealed_reasoning = true,
        // Where a text comes from is no text of its own.
        Some("citations_delta") => {}
        _ => return false,
    }
    true
}

fn append(answer: &mut Answer, part: Part, text: &Text<'_>) {
    answer.append(CHOICE, part, text.0.as_deref().unwrap_or_default());
}

fn key(block: u64) -> CallKey {
    CallKey {
        choice: CHOICE,
        call: block,
    }
}

/// The counts of the message, and of what the server asked models beside it.
#[derive(Default)]
struct UsageWire {
    counts: TokenCounts,
    beside: TokenCounts,
}

impl<'de> FromObject<'de> for UsageWire {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        if name != "iterations" {
            return self.counts.member(name, value);
        }
        let List(iterations): List<Object<IterationWire<'_>>> = value.next_value()?;
        for iteration in iterations.into_iter().filter_map(|it| it.0) {
            if iteration.is_beside() {
                self.beside.add(iteration.counts);
            }
        }
        Ok(())
    }
}

/// One of the requests that a message took.
#[derive(Default)]
struct IterationWire<'a> {
    kind: Text<'a>,
    counts: TokenCounts,
}

impl IterationWire<'_> {
    /// Whether the message's own counts are without it: compactions and advisors, of which the
    /// documentation says so. Those of other kinds are among them.
    fn is_beside(&self) -> bool {
        matches!(
            self.kind.0.as_deref(),
            Some("compaction" | "advisor_message")
        )
    }
}

impl<'de> FromObject<'de> for IterationWire<'de> {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        match name {
            "type" => self.kind = value.next_value()?,
            _ => return self.counts.member(name, value),
        }
        Ok(())
    }
}

json::wire! {
    struct EventWire<'a> {
        kind: Text<'a> = "type",
        index: Count = "index",
        message: Object<MessageWire<'a>> = "message",
        block: Object<BlockWire<'a>> = "content_block",
        delta: Object<DeltaWire<'a>> = "delta",
        usage: Object<UsageWire> = "usage",
        error: Option<Json<'a>> = "error",
    }

    struct MessageWire<'a> {
        kind: Text<'a> = "type",
        id: Text<'a> = "id",
        model: Text<'a> = "model",
        content: List<Object<BlockWire<'a>>> = "content",
        stop_reason: Text<'a> = "stop_reason",
        stop_details: Object<DetailsWire<'a>> = "stop_details",
        usage: Object<UsageWire> = "usage",
        error: Option<Json<'a>> = "error",
    }

    struct BlockWire<'a> {
        kind: Text<'a> = "type",
        id: Text<'a> = "id",
        name: Text<'a> = "name",
        text: Text<'a> = "text",
        thinking: Text<'a> = "thinking",
        input: Option<Json<'a>> = "input",
        content: Option<Json<'a>> = "content",
        file_id: Option<Json<'a>> = "file_id",
        answers: Text<'a> = "tool_use_id",
        signature: Text<'a> = "signature",
        to: Object<OtherWire<'a>> = "to",
    }

    struct DeltaWire<'a> {
        kind: Text<'a> = "type",
        text: Text<'a> = "text",
        thinking: Text<'a> = "thinking",
        partial_json: Text<'a> = "partial_json",
        content: Text<'a> = "content",
        stop_reason: Text<'a> = "stop_reason",
        stop_details: Object<DetailsWire<'a>> = "stop_details",
    }

    struct DetailsWire<'a> {
        category: Text<'a> = "category",
        explanation: Text<'a> = "explanation",
    }

    struct OtherWire<'a> {
        model: Text<'a> = "model",
    }
}
