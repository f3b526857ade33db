//! Amazon Bedrock's Converse and ConverseStream, which speak to every vendor's models alike.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html> and
//! its page on `ConverseStream`. Of a content block the one member's name says what it is.

use std::borrow::Cow;

use serde::de::MapAccess;

use super::bedrock_error::ErrorHead;
use super::token_counts::TokenCounts;
use super::tool_names::ToolNames;
use super::{Format, Reader, Request, bedrock_guardrail};
use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::framing::Hint;
use crate::headers::Headers;
use crate::json::{self, Count, FromObject, Json, List, Object, Text, TextOrList, skip};
use crate::note::Note;
use crate::prompt::{Message, Prompt, Wrapper, data_text, placeholder};

/// Members of a request that steer sampling, beside those of `inferenceConfig`.
const PARAMETERS: [&str; 3] = ["outputConfig", "performanceConfig", "serviceTier"];

/// Members of `inferenceConfig`; the snake-case names are Nova's own.
const INFERENCE: [&str; 7] = [
    "maxTokens",
    "max_new_tokens",
    "stopSequences",
    "temperature",
    "topK",
    "topP",
    "top_p",
];

/// Members of `additionalModelRequestFields` that steer sampling; what else a vendor's model
/// takes there may be content.
const ADDITIONAL: [&str; 10] = [
    "frequency_penalty",
    "inferenceConfig",
    "k",
    "output_config",
    "presence_penalty",
    "reasoning_config",
    "reasoning_effort",
    "seed",
    "thinking",
    "top_k",
];

/// The member of `toolConfig` that steers.
const TOOL_PARAMETERS: [&str; 1] = ["toolChoice"];

/// An answer has one choice.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format = Format {
    name: "bedrock.converse",
    provider: "bedrock",
    hint: Hint::Json,
    read_request,
    reader: || Box::new(AnswerReader::default()),
    is_read: true,
};

fn read_request(text: &str) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::read::<Object<_>>(text)?.0?;
    let variables = wire.variables.0.map(|VariablesWire(texts)| texts);
    // In the place of a model such a call names a prompt that Bedrock keeps.
    let is_kept = wire.messages.is_none() || variables.is_some();
    let has_prompt = wire.messages.is_some() || variables.is_some();
    let system = Some(Message {
        role: Cow::Borrowed("system"),
        text: blocks_text(wire.system),
    });
    let messages = wire.messages.unwrap_or_default().0;
    let tools = wire.tools.0.unwrap_or_default();
    Some(Request {
        parameters: [
            wire.inference.0.unwrap_or_default().parameters,
            wire.additional.0.unwrap_or_default().parameters,
            tools.parameters,
            wire.parameters,
        ]
        .concat(),
        tools: tools.tools.0,
        prompt: has_prompt.then(|| Prompt {
            wrapper: Wrapper::Contents,
            messages: system
                .into_iter()
                .filter(|system| !system.text.is_empty())
                .chain(messages.into_iter().map(message))
                .chain(variables.unwrap_or_default().into_iter().map(variable))
                .collect(),
        }),
        note: is_kept.then_some(Note::PromptContinued),
        ..Request::default()
    })
}

fn message(Object(message): Object<MessageWire<'_>>) -> Message<'_> {
    let MessageWire { role, content } = message.unwrap_or_default();
    Message {
        role: role.0.unwrap_or_default(),
        text: blocks_text(content),
    }
}

fn variable(text: Cow<'_, str>) -> Message<'_> {
    Message {
        role: Cow::Borrowed("variable"),
        text,
    }
}

fn blocks_text(content: TextOrList<'_>) -> Cow<'_, str> {
    match content {
        TextOrList::Absent => Cow::Borrowed(""),
        TextOrList::Text(text) => text,
        TextOrList::List(blocks) => {
            let texts: Vec<_> = blocks.into_iter().flat_map(block_texts).collect();
            Cow::Owned(texts.join("\n"))
        }
    }
}

/// What a tool gave counts like what stands beside it.
fn block_texts(block: Json<'_>) -> Vec<Cow<'_, str>> {
    let wire = BlockWire::read(block);
    match wire.tool_result.0 {
        Some(result) => result
            .content
            .0
            .into_iter()
            .filter_map(|block| block_text(BlockWire::read(block), block))
            .collect(),
        None => block_text(wire, block).into_iter().collect(),
    }
}

fn block_text<'a>(wire: BlockWire<'a>, block: Json<'a>) -> Option<Cow<'a, str>> {
    let guarded = wire.guarded.0.and_then(|guarded| guarded.text.0);
    let text = wire.text.0.or(guarded.and_then(|text| text.text.0));
    let cited = wire.cited.0.map(|cited| Cow::Owned(cited.text()));
    let json = wire.json.map(data_text);
    match wire.kind.as_deref() {
        // It marks a place in the prompt and says nothing.
        Some("cachePoint") => None,
        kind => text
            .or(cited)
            .or(json)
            .or_else(|| Some(Cow::Owned(placeholder(kind.unwrap_or("part"), block)))),
    }
}

/// Reads answers, whole or as the messages of a stream.
#[derive(Debug, Default)]
struct AnswerReader {
    counts: TokenCounts,
    error: ErrorHead,
}

impl Reader for AnswerReader {
    fn head(&mut self, headers: Headers<'_>, _answer: &mut Answer) {
        self.error = ErrorHead::of(headers);
    }

    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(Object(Some(body))) = json::read::<Object<BodyWire<'_>>>(text) else {
            return false;
        };
        let Some(output) = body.output.0 else {
            return self.error.read(text, answer);
        };
        answer.open(CHOICE);
        let message = output.message.0.unwrap_or_default();
        for (number, Object(block)) in (0..).zip(message.content.0) {
            take_block(number, &block.unwrap_or_default(), answer);
            answer.end_call(key(number));
        }
        stop(&body.stop_reason, answer);
        self.take_metadata(body.usage, body.trace, answer);
        true
    }

    fn message(&mut self, name: &str, data: &str, answer: &mut Answer) -> bool {
        let Some(Object(Some(event))) = json::read::<Object<EventWire<'_>>>(data) else {
            return false;
        };
        let number = event.index.0.unwrap_or_default();
        match name {
            "messageStart" => answer.open(CHOICE),
            "contentBlockStart" | "contentBlockDelta" => {
                take_block(number, &event.block.0.unwrap_or_default(), answer);
            }
            "contentBlockStop" => answer.end_call(key(number)),
            "messageStop" => stop(&event.stop_reason, answer),
            "metadata" => {
                self.take_metadata(event.usage, event.trace, answer);
                answer.ended = true;
            }
            _ => {}
        }
        true
    }
}

impl AnswerReader {
    fn take_metadata(
        &mut self,
        Object(usage): Object<UsageWire>,
        trace: Option<Json<'_>>,
        answer: &mut Answer,
    ) {
        if let Some(usage) = usage {
            self.counts.update(usage.counts());
            answer.usage = self.counts.usage();
        }
        if let Some(trace) = trace {
            bedrock_guardrail::read(trace, answer);
        }
    }
}

fn stop(reason: &Text<'_>, answer: &mut Answer) {
    let Some(reason) = reason.0.as_deref() else {
        return;
    };
    answer.finish(CHOICE, reason);
    // Where tracing is off, this is all that is told.
    if matches!(reason, bedrock_guardrail::INTERVENED | "content_filtered") {
        answer.find(reason);
    }
}

/// Takes a whole block, its start or the next piece of it.
fn take_block(number: u64, block: &BlockWire<'_>, answer: &mut Answer) {
    let mut append = |part, text: &Text<'_>| {
        answer.append(CHOICE, part, text.0.as_deref().unwrap_or_default());
    };
    append(Part::Content, &block.text);
    if let Some(cited) = &block.cited.0 {
        append(Part::Content, &Text(Some(cited.text().into())));
    }
    if let Some(reasoning) = &block.reasoning.0 {
        append(Part::Reasoning, &reasoning.text);
        if let Some(whole) = &reasoning.whole.0 {
            append(Part::Reasoning, &whole.text);
        }
    }
    if let Some(call) = &block.tool_use.0 {
        let piece = CallPiece {
            id: call.id.0.as_deref(),
            name: call.name.0.as_deref(),
            arguments: &call.arguments(),
        };
        answer.call(key(number), piece);
    }
}

fn key(block: u64) -> CallKey {
    CallKey {
        choice: CHOICE,
        call: block,
    }
}

/// The texts that are put into a kept prompt, by names of the caller's.
#[derive(Default)]
struct VariablesWire<'a>(Vec<Cow<'a, str>>);

impl<'de> FromObject<'de> for VariablesWire<'de> {
    fn member<A: MapAccess<'de>>(&mut self, _name: &str, value: &mut A) -> Result<(), A::Error> {
        let Object(variable): Object<TextWire<'_>> = value.next_value()?;
        self.0.extend(variable.and_then(|variable| variable.text.0));
        Ok(())
    }
}

/// A block, its start, or a piece of it.
#[derive(Default)]
struct BlockWire<'a> {
    text: Text<'a>,
    json: Option<Json<'a>>,
    guarded: Object<GuardedWire<'a>>,
    cited: Object<CitedWire<'a>>,
    reasoning: Object<ReasoningWire<'a>>,
    tool_use: Object<ToolUseWire<'a>>,
    tool_result: Object<ToolResultWire<'a>>,
    kind: Option<String>,
}

impl<'de> FromObject<'de> for BlockWire<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "text" => self.text = value.next_value()?,
            "json" => self.json = value.next_value()?,
            "guardContent" => self.guarded = value.next_value()?,
            "citationsContent" => self.cited = value.next_value()?,
            "reasoningContent" => self.reasoning = value.next_value()?,
            "toolUse" => self.tool_use = value.next_value()?,
            "toolResult" => self.tool_result = value.next_value()?,
            _ => skip(value)?,
        }
        // Some clients repeat beside the one member what it is.
        if self.kind.is_none() && name != "type" {
            self.kind = Some(name.to_owned());
        }
        Ok(())
    }
}

impl<'a> BlockWire<'a> {
    fn read(block: Json<'a>) -> Self {
        let read: Option<Object<Self>> = json::read(block.get());
        read.and_then(|read| read.0).unwrap_or_default()
    }
}

impl CitedWire<'_> {
    /// Citations cut one text into several.
    fn text(&self) -> String {
        let texts = self.content.0.iter().filter_map(|text| text.0.as_ref());
        texts.filter_map(|text| text.text.0.as_deref()).collect()
    }
}

impl ToolUseWire<'_> {
    /// A whole call has its arguments as an object; a stream sends strings that make up its JSON.
    fn arguments(&self) -> Cow<'_, str> {
        let Some(input) = self.input else {
            return Cow::Borrowed("");
        };
        match json::read(input.get()) {
            Some(Text(Some(piece))) => piece,
            _ => Cow::Borrowed(input.get()),
        }
    }
}

impl UsageWire {
    fn counts(&self) -> TokenCounts {
        TokenCounts {
            input: self.input.0,
            output: self.output.0,
            cache_read: self.cache_read.0,
            cache_write: self.cache_write.0,
            reasoning: None,
        }
    }
}

json::wire! {
    struct RequestWire<'a> {
        system: TextOrList<'a> = "system",
        messages: Option<List<Object<MessageWire<'a>>>> = "messages",
        inference: Object<InferenceWire<'a>> = "inferenceConfig",
        additional: Object<AdditionalWire<'a>> = "additionalModelRequestFields",
        tools: Object<ToolsWire<'a>> = "toolConfig",
        variables: Object<VariablesWire<'a>> = "promptVariables",
        ..parameters of PARAMETERS,
    }

    struct InferenceWire<'a> {
        ..parameters of INFERENCE,
    }

    struct AdditionalWire<'a> {
        ..parameters of ADDITIONAL,
    }

    struct ToolsWire<'a> {
        tools: ToolNames<'a> = "tools",
        ..parameters of TOOL_PARAMETERS,
    }

    struct MessageWire<'a> {
        role: Text<'a> = "role",
        content: TextOrList<'a> = "content",
    }

    struct BodyWire<'a> {
        output: Object<OutputWire<'a>> = "output",
        stop_reason: Text<'a> = "stopReason",
        usage: Object<UsageWire> = "usage",
        trace: Option<Json<'a>> = "trace",
    }

    struct OutputWire<'a> {
        message: Object<AnswerWire<'a>> = "message",
    }

    struct AnswerWire<'a> {
        content: List<Object<BlockWire<'a>>> = "content",
    }

    struct EventWire<'a> {
        index: Count = "contentBlockIndex",
        block: Object<BlockWire<'a>> = "start" | "delta",
        stop_reason: Text<'a> = "stopReason",
        usage: Object<UsageWire> = "usage",
        trace: Option<Json<'a>> = "trace",
    }

    struct GuardedWire<'a> {
        text: Object<TextWire<'a>> = "text",
    }

    struct TextWire<'a> {
        text: Text<'a> = "text",
    }

    struct CitedWire<'a> {
        content: List<Object<TextWire<'a>>> = "content",
    }

    struct ReasoningWire<'a> {
        // A piece of a stream, and a whole block.
        text: Text<'a> = "text",
        whole: Object<TextWire<'a>> = "reasoningText",
    }

    struct ToolUseWire<'a> {
        id: Text<'a> = "toolUseId",
        name: Text<'a> = "name",
        input: Option<Json<'a>> = "input",
    }

    struct ToolResultWire<'a> {
        content: List<Json<'a>> = "content",
    }

    struct UsageWire {
        input: Count = "inputTokens",
        output: Count = "outputTokens",
        // Nova's own API has the longer names.
        cache_read: Count = "cacheReadInputTokens" | "cacheReadInputTokenCount",
        cache_write: Count = "cacheWriteInputTokens" | "cacheWriteInputTokenCount",
    }
}
