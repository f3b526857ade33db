//! Amazon Bedrock's Converse and ConverseStream, which speak to every vendor's models alike.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html> and
//! its page on `ConverseStream`.

use std::borrow::Cow;

use super::bedrock_block::{self, BlockWire, CHOICE, key};
use super::bedrock_error::ErrorHead;
use super::chat_message::ChatMessages;
use super::token_counts::TokenCounts;
use super::tool_names::Tools;
use super::{Format, Reader, Request, bedrock_guardrail};
use crate::answer::Answer;
use crate::headers::Headers;
use crate::json::{self, Broken, Count, FromObject, Json, List, Members, Object, Text};
use crate::note::Note;
use crate::prompt::{Content, Message, Prompt};

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
const ADDITIONAL: [&str; 11] = [
    "frequency_penalty",
    "inferenceConfig",
    "k",
    "output_config",
    "presence_penalty",
    "reasoningConfig",
    "reasoning_config",
    "reasoning_effort",
    "seed",
    "thinking",
    "top_k",
];

/// The member of `toolConfig` that steers.
const TOOL_PARAMETERS: [&str; 1] = ["toolChoice"];

pub(super) const FORMAT: Format = Format::new("bedrock.converse", "bedrock", read_request, || {
    Box::new(AnswerReader::default())
});

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let variables = wire.variables.0.map(|VariablesWire(texts)| texts);
    // In the place of a model such a call names a prompt that Bedrock keeps.
    let is_kept = wire.messages.is_none() || variables.is_some();
    let has_prompt = wire.messages.is_some() || variables.is_some();
    let system = Some(Message::of("system", bedrock_block::parts(wire.system)));
    let messages = wire.messages.unwrap_or_default();
    let tools = wire.tools.0.unwrap_or_default();
    Some(Request {
        parameters: [
            wire.inference.0.unwrap_or_default().parameters,
            wire.additional.0.unwrap_or_default().parameters,
            tools.parameters,
            wire.parameters,
        ]
        .concat(),
        definitions: tools.tools.defined("tools").collect(),
        tools: tools.tools.names,
        prompt: has_prompt.then(|| {
            Prompt::contents(
                system
                    .into_iter()
                    .filter(|system| !system.is_blank())
                    .chain(
                        messages
                            .0
                            .into_iter()
                            .map(|it| it.read_by(bedrock_block::parts)),
                    )
                    .chain(variables.unwrap_or_default().into_iter().map(variable)),
            )
        }),
        note: is_kept.then_some(Note::PromptContinued),
        ..Request::default()
    })
}

fn variable(text: Cow<'_, str>) -> Message<'_> {
    Message::text("variable", text)
}

/// Reads answers, whole or as the messages of a stream.
#[derive(Debug, Default)]
struct AnswerReader {
    error: ErrorHead,
}

impl Reader for AnswerReader {
    fn head(&mut self, headers: Headers<'_>, _answer: &mut Answer) {
        self.error = ErrorHead::of(headers);
    }

    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        let Some(output) = body.output.0 else {
            return self.error.read(text, answer);
        };
        answer.open(CHOICE);
        let message = output.message.0.unwrap_or_default();
        for (number, Object(block)) in (0..).zip(message.content.0) {
            block.unwrap_or_default().take(number, answer);
            answer.end_call(key(number));
        }
        stop(&body.stop_reason, answer);
        take_metadata(body.usage, body.trace, answer);
        true
    }

    fn message(&mut self, name: &str, data: &str, answer: &mut Answer) -> bool {
        let Some(event) = json::object::<EventWire<'_>>(data) else {
            return false;
        };
        let number = event.index.0.unwrap_or_default();
        match name {
            "messageStart" => answer.open(CHOICE),
            "contentBlockStart" | "contentBlockDelta" => {
                event.block.0.unwrap_or_default().take(number, answer);
            }
            "contentBlockStop" => answer.end_call(key(number)),
            "messageStop" => stop(&event.stop_reason, answer),
            "metadata" => {
                take_metadata(event.usage, event.trace, answer);
                answer.ended = true;
            }
            _ => {}
        }
        true
    }
}

fn take_metadata(Object(usage): Object<TokenCounts>, trace: Option<Json<'_>>, answer: &mut Answer) {
    if let Some(usage) = usage {
        answer.count(usage.counts_beside_cache());
    }
    if let Some(trace) = trace {
        bedrock_guardrail::read(trace, answer);
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

/// The texts that are put into a kept prompt, by names of the caller's.
#[derive(Default)]
struct VariablesWire<'a>(Vec<Cow<'a, str>>);

impl<'de> FromObject<'de> for VariablesWire<'de> {
    fn member(&mut self, _name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        let Object(variable): Object<TextWire<'_>> = value.next_value()?;
        self.0.extend(variable.and_then(|variable| variable.text.0));
        Ok(())
    }
}

json::wire! {
    struct RequestWire<'a> {
        system: Content<'a> = "system",
        messages: Option<ChatMessages<'a>> = "messages",
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
        tools: Tools<'a> = "tools",
        ..parameters of TOOL_PARAMETERS,
    }

    struct BodyWire<'a> {
        output: Object<OutputWire<'a>> = "output",
        stop_reason: Text<'a> = "stopReason",
        usage: Object<TokenCounts> = "usage",
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
        usage: Object<TokenCounts> = "usage",
        trace: Option<Json<'a>> = "trace",
    }

    struct TextWire<'a> {
        text: Text<'a> = "text",
    }
}
