//! Agents of Snowflake's Cortex, which call tools and models on their own.
//!
//! Source: <https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-agents-run>.

use super::format::is_done;
use super::snowflake_message::messages;
use super::token_counts::sum;
use super::tool_names::Tools;
use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, CallKey, CallPiece, Counts, Part};
use crate::json::{self, Count, Json, List, Object, Scalar, Text, text_of};
use crate::note::Note;
use crate::prompt::{Kind, Message, MessagePart, Prompt, data_text};

/// Members of a request that steer.
const PARAMETERS: [&str; 3] = ["orchestration", "tool_choice", "parent_message_id"];

/// An agent gives one answer.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format = Format::new("snowflake.agent", "snowflake", read_request, || {
    Box::new(AnswerReader::default())
});

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let instructions = wire.instructions.map(|instructions| {
        let text = MessagePart::text(data_text(instructions));
        Message::of("system", vec![text.typed("instructions")])
    });
    let prompt = wire
        .messages
        .map(|list| Prompt::contents(instructions.into_iter().chain(messages(list))));
    let resources = wire.resources.map(|value| ("tool_resources", value));
    Some(Request {
        model: wire.model.0.or(wire.models.0.and_then(|it| it.model.0)),
        parameters: wire.parameters,
        prompt,
        definitions: wire.tools.defined("tools").chain(resources).collect(),
        tools: wire.tools.names,
        // The agent and the thread are the provider's.
        note: Some(Note::PromptContinued),
        ..Request::default()
    })
}

/// Reads a whole answer, or the events of a stream, whose last one repeats all.
#[derive(Debug, Default)]
struct AnswerReader {
    has_pieces: bool,
    calls: u64,
}

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        self.take("response", text, answer)
    }

    fn message(&mut self, name: &str, data: &str, answer: &mut Answer) -> bool {
        if is_done(data, answer) {
            return true;
        }
        answer.ends_with_body = true;
        self.take(name, data, answer)
    }
}

impl AnswerReader {
    fn take(&mut self, name: &str, text: &str, answer: &mut Answer) -> bool {
        let Some(event) = json::object::<EventWire<'_>>(text) else {
            return false;
        };
        answer.identify(event.id.0.as_deref(), None);
        match name {
            "response.text.delta" => self.append(Part::Content, &event.text, answer),
            "response.thinking.delta" => self.append(Part::Reasoning, &event.text, answer),
            "response.tool_use" => self.call(&event.call(), answer),
            "response.tool_result" => take_result(&event, answer),
            // An older version's only kind.
            "message.delta" => {
                let delta = event.delta.0.unwrap_or_default();
                self.take_content(delta.content, answer);
            }
            "response" => {
                answer.ended |= answer.ends_with_body;
                openai_error::take(event.error, answer);
                match event.content {
                    None if answer.error.is_none() => openai_error::take_flat(text, answer),
                    Some(content) if !self.has_pieces => {
                        self.take_content(json::read(content).unwrap_or_default(), answer);
                    }
                    _ => {}
                }
            }
            "error" => openai_error::take_flat(text, answer),
            _ => {}
        }
        if let Some(usage) = event.metadata.0.and_then(|it| it.usage.0) {
            usage.take(answer);
        }
        true
    }

    fn append(&mut self, part: Part, text: &Text<'_>, answer: &mut Answer) {
        self.has_pieces = true;
        answer.open(CHOICE);
        answer.append(CHOICE, part, text.0.as_deref().unwrap_or_default());
    }

    fn take_content(&mut self, content: List<Object<ItemWire<'_>>>, answer: &mut Answer) {
        answer.open(CHOICE);
        for item in content.0.into_iter().filter_map(|item| item.0) {
            let thought = item.thinking.0.and_then(|thinking| thinking.text.0);
            answer.append(CHOICE, Part::Reasoning, &thought.unwrap_or_default());
            answer.append(CHOICE, Part::Content, &item.text.0.unwrap_or_default());
            if let Some(call) = item.call.0 {
                self.call(&call, answer);
            }
            if let Some(result) = item.result.0 {
                take_result(&result, answer);
            }
        }
    }

    fn call(&mut self, call: &CallWire<'_>, answer: &mut Answer) {
        self.has_pieces = true;
        answer.open(CHOICE);
        let key = CallKey {
            choice: CHOICE,
            call: self.calls,
        };
        self.calls = self.calls.saturating_add(1);
        let piece = CallPiece {
            id: call.id.0.as_deref(),
            name: call.name.0.as_deref(),
            arguments: &call.input.map(text_of).unwrap_or_default(),
        };
        answer.call(key, piece);
    }
}

impl<'a> EventWire<'a> {
    fn call(&self) -> CallWire<'a> {
        CallWire {
            id: self.call_id.clone(),
            name: self.name.clone(),
            input: self.input,
        }
    }
}

/// What a tool gave, as far as it is told.
fn take_result(result: &EventWire<'_>, answer: &mut Answer) {
    let content = result.content.map(data_text);
    let id = result.call_id.0.as_deref();
    let name = result.name.0.as_deref().unwrap_or("tool_result");
    answer.part(Kind::ToolResult, name, id, &content.unwrap_or_default());
}

impl UsageWire<'_> {
    /// Each model that the agent asked is counted for itself.
    fn take(self, answer: &mut Answer) {
        let mut counts = Counts::default();
        for model in self.consumed.0.into_iter().filter_map(|model| model.0) {
            answer.identify(None, model.name.0.as_deref());
            let input = model.input.0.unwrap_or_default();
            let output = model.output.0.unwrap_or_default();
            counts = Counts {
                input: sum(counts.input, input.total.0),
                output: sum(counts.output, output.total.0),
                cache_read: sum(counts.cache_read, input.cache_read.0),
                cache_write: sum(counts.cache_write, input.cache_write.0),
                ..Counts::default()
            };
        }
        answer.count(counts);
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        models: Object<ModelsWire<'a>> = "models",
        messages: Option<Json<'a>> = "messages",
        instructions: Option<Json<'a>> = "instructions" | "response_instruction",
        tools: Tools<'a> = "tools",
        resources: Option<Json<'a>> = "tool_resources",
        ..parameters of PARAMETERS,
    }

    struct ModelsWire<'a> {
        model: Text<'a> = "orchestration",
    }

    /// An event, a whole answer, or what a tool gave.
    struct EventWire<'a> {
        id: Scalar = "id" | "request_id",
        text: Text<'a> = "text",
        call_id: Text<'a> = "tool_use_id",
        name: Text<'a> = "name",
        input: Option<Json<'a>> = "input",
        // The parts of an answer, or what a tool gave.
        content: Option<Json<'a>> = "content",
        delta: Object<DeltaWire<'a>> = "delta",
        metadata: Object<MetadataWire<'a>> = "metadata",
        error: Option<Json<'a>> = "error",
    }

    struct DeltaWire<'a> {
        content: List<Object<ItemWire<'a>>> = "content",
    }

    struct ItemWire<'a> {
        text: Text<'a> = "text",
        thinking: Object<TextWire<'a>> = "thinking",
        call: Object<CallWire<'a>> = "tool_use",
        result: Object<EventWire<'a>> = "tool_result" | "tool_results",
    }

    struct TextWire<'a> {
        text: Text<'a> = "text",
    }

    struct CallWire<'a> {
        id: Text<'a> = "tool_use_id" | "id",
        name: Text<'a> = "name",
        input: Option<Json<'a>> = "input",
    }

    struct MetadataWire<'a> {
        usage: Object<UsageWire<'a>> = "usage",
    }

    struct UsageWire<'a> {
        consumed: List<Object<ModelWire<'a>>> = "tokens_consumed",
    }

    struct ModelWire<'a> {
        name: Text<'a> = "model_name",
        input: Object<TotalWire> = "input_tokens",
        output: Object<TotalWire> = "output_tokens",
    }

    struct TotalWire {
        total: Count = "total",
        cache_read: Count = "cache_read",
        cache_write: Count = "cache_write",
    }
}
