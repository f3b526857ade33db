//! Google's generateContent, of Gemini and of Vertex.
//!
//! Source: <https://ai.google.dev/api/generate-content>. As protobuf's JSON has it, every member
//! may be written in camelCase or in snake_case, and an enum by its name or its number.

use std::borrow::Cow;

use serde::de::MapAccess;

use super::tool_names::ToolNames;
use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::event::Usage;
use crate::framing::Hint;
use crate::json::{self, Count, Flag, FromObject, Json, List, Object, Scalar, Text, skip};
use crate::note::Note;
use crate::prompt::{Message, Prompt, Wrapper, placeholder};

/// Members of `generationConfig` that steer sampling; schemas are not among them.
const PARAMETERS: [&str; 22] = [
    "candidateCount",
    "candidate_count",
    "frequencyPenalty",
    "frequency_penalty",
    "maxOutputTokens",
    "max_output_tokens",
    "presencePenalty",
    "presence_penalty",
    "responseMimeType",
    "response_mime_type",
    "responseModalities",
    "response_modalities",
    "seed",
    "stopSequences",
    "stop_sequences",
    "temperature",
    "thinkingConfig",
    "thinking_config",
    "topK",
    "topP",
    "top_k",
    "top_p",
];

/// The numbers that stand for reasons where enums are asked for as numbers.
const FINISH_REASONS: [(&str, &str); 5] = [
    ("1", "STOP"),
    ("2", "MAX_TOKENS"),
    ("3", "SAFETY"),
    ("4", "RECITATION"),
    ("5", "OTHER"),
];

pub(super) const FORMAT: Format = Format {
    name: "google.generate_content",
    provider: "gemini",
    hint: Hint::Array,
    read_request,
    reader: || Box::new(AnswerReader::default()),
    is_read: true,
};

fn read_request(text: &str) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::read::<Object<_>>(text)?.0?;
    let system = wire.system.0.map(|system| Message {
        role: Cow::Borrowed("system"),
        ..message(system)
    });
    let prompt = wire.contents.map(|contents| Prompt {
        wrapper: Wrapper::Contents,
        messages: system
            .into_iter()
            .chain(contents.0.into_iter().map(message))
            .collect(),
    });
    Some(Request {
        parameters: wire.config.0.unwrap_or_default().parameters,
        prompt,
        tools: wire.tools.0,
        note: wire.cached_content.0.map(|_| Note::PromptContinued),
        ..Request::default()
    })
}

/// A single content stands for a list of one.
struct Contents<'a>(Vec<ContentWire<'a>>);

impl<'a> Contents<'a> {
    fn read(value: Json<'a>) -> Self {
        let one = || {
            json::read::<Object<ContentWire<'a>>>(value.get())?
                .0
                .map(|one| vec![one])
        };
        let List(many): List<Object<ContentWire<'a>>> = json::read(value.get()).unwrap_or_default();
        Self(one().unwrap_or_else(|| many.into_iter().filter_map(|content| content.0).collect()))
    }
}

fn message(content: ContentWire<'_>) -> Message<'_> {
    let texts: Vec<_> = content.parts.0.into_iter().map(part_text).collect();
    Message {
        // A content without a role is the user's.
        role: content.role.0.unwrap_or(Cow::Borrowed("user")),
        text: Cow::Owned(texts.join("\n")),
    }
}

fn part_text(part: Json<'_>) -> Cow<'_, str> {
    let read: Option<Object<PartWire<'_>>> = json::read(part.get());
    let PartWire {
        text,
        thought,
        kind,
        ..
    } = read.and_then(|read| read.0).unwrap_or_default();
    match text.0 {
        Some(text) if !thought.0 => text,
        Some(_) => Cow::Owned(placeholder("thought", part)),
        None => Cow::Owned(placeholder(kind.unwrap_or("part"), part)),
    }
}

#[derive(Debug, Default)]
struct AnswerReader {
    /// Tool calls so far, which have no numbers of their own.
    calls: u64,
}

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        read_body(text, &mut self.calls, answer)
    }
}

/// Reads a whole body or one piece of a stream: pieces are whole responses whose parts go on.
fn read_body(text: &str, calls: &mut u64, answer: &mut Answer) -> bool {
    let Some(Object(Some(body))) = json::read::<Object<BodyWire<'_>>>(text) else {
        return false;
    };
    answer.identify(body.response_id.0.as_deref(), body.model.0.as_deref());
    for (position, Object(candidate)) in (0..).zip(body.candidates.0) {
        take_candidate(candidate.unwrap_or_default(), position, calls, answer);
    }
    // A prompt that is blocked gets no candidate at all.
    if let Some(reason) = body.feedback.0.and_then(|feedback| feedback.block_reason.0) {
        answer.finish(0, &reason);
    }
    if let Some(usage) = body.usage.0.as_ref().and_then(usage) {
        answer.usage = usage;
    }
    if let Some(error) = body.error.and_then(openai_error::read) {
        answer.fail(error);
    }
    true
}

fn take_candidate(
    candidate: CandidateWire<'_>,
    position: u64,
    calls: &mut u64,
    answer: &mut Answer,
) {
    let index = candidate.index.0.unwrap_or(position);
    answer.open(index);
    for part in candidate.content.0.unwrap_or_default().parts.0 {
        let read: Option<Object<PartWire<'_>>> = json::read(part.get());
        let part = read.and_then(|read| read.0).unwrap_or_default();
        let text = if part.thought.0 {
            Part::Reasoning
        } else {
            Part::Content
        };
        answer.append(index, text, &part.text.0.unwrap_or_default());
        if let Some(call) = part.call.0 {
            answer.call(
                CallKey {
                    choice: index,
                    call: *calls,
                },
                call.piece(),
            );
            *calls = calls.saturating_add(1);
        }
    }
    if let Some(reason) = candidate.finish_reason.0 {
        let named = FINISH_REASONS.iter().find(|(number, _)| *number == reason);
        answer.finish(index, named.map_or(reason.as_str(), |(_, name)| name));
    }
}

/// Google's count of candidates leaves out thoughts, and its count of the prompt what tools added.
/// Early pieces may say nothing of tokens.
fn usage(wire: &UsageWire) -> Option<Usage> {
    let prompt = wire.prompt.0?;
    let input = prompt.saturating_add(wire.tool_use.0.unwrap_or(0));
    let counted = wire.candidates.0.or(wire.thoughts.0).map(|_| {
        wire.candidates
            .0
            .unwrap_or(0)
            .saturating_add(wire.thoughts.0.unwrap_or(0))
    });
    Some(Usage {
        input_tokens: Some(input),
        output_tokens: counted.or(wire.total.0.map(|total| total.saturating_sub(input))),
        cache_read: wire.cached.0,
        reasoning: wire.thoughts.0,
        ..Usage::default()
    })
}

#[derive(Default)]
struct RequestWire<'a> {
    system: Object<ContentWire<'a>>,
    contents: Option<Contents<'a>>,
    config: Object<ConfigWire<'a>>,
    cached_content: Text<'a>,
    tools: ToolNames<'a>,
}

impl<'de> FromObject<'de> for RequestWire<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "systemInstruction" | "system_instruction" => self.system = value.next_value()?,
            "contents" => self.contents = Some(Contents::read(value.next_value()?)),
            "generationConfig" | "generation_config" => self.config = value.next_value()?,
            "tools" => self.tools = value.next_value()?,
            "cachedContent" | "cached_content" => self.cached_content = value.next_value()?,
            _ => skip(value)?,
        }
        Ok(())
    }
}

/// A part, of which one member says what it is.
#[derive(Default)]
struct PartWire<'a> {
    text: Text<'a>,
    thought: Flag,
    call: Object<CallWire<'a>>,
    kind: Option<&'static str>,
}

impl<'de> FromObject<'de> for PartWire<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let kind = match name {
            "text" => return value.next_value().map(|text| self.text = text),
            "thought" => return value.next_value().map(|thought| self.thought = thought),
            "functionCall" | "function_call" => {
                self.call = value.next_value()?;
                "functionCall"
            }
            _ => {
                skip(value)?;
                match name {
                    "functionResponse" | "function_response" => "functionResponse",
                    "inlineData" | "inline_data" => "inlineData",
                    "fileData" | "file_data" => "fileData",
                    "executableCode" | "executable_code" => "executableCode",
                    "codeExecutionResult" | "code_execution_result" => "codeExecutionResult",
                    _ => return Ok(()),
                }
            }
        };
        self.kind = Some(kind);
        Ok(())
    }
}

impl CallWire<'_> {
    fn piece(&self) -> CallPiece<'_> {
        CallPiece {
            id: self.id.0.as_deref(),
            name: self.name.0.as_deref(),
            arguments: self.args.map_or("{}", |args| args.get()),
        }
    }
}

json::wire! {
    struct ConfigWire<'a> {
        ..parameters of PARAMETERS,
    }

    struct ContentWire<'a> {
        role: Text<'a> = "role",
        parts: List<Json<'a>> = "parts",
    }

    struct CallWire<'a> {
        id: Text<'a> = "id",
        name: Text<'a> = "name",
        args: Option<Json<'a>> = "args",
    }

    struct BodyWire<'a> {
        response_id: Text<'a> = "responseId" | "response_id",
        model: Text<'a> = "modelVersion" | "model_version",
        candidates: List<Object<CandidateWire<'a>>> = "candidates",
        feedback: Object<FeedbackWire> = "promptFeedback" | "prompt_feedback",
        usage: Object<UsageWire> = "usageMetadata" | "usage_metadata",
        error: Option<Json<'a>> = "error",
    }

    struct CandidateWire<'a> {
        index: Count = "index",
        content: Object<ContentWire<'a>> = "content",
        finish_reason: Scalar = "finishReason" | "finish_reason",
    }

    struct FeedbackWire {
        block_reason: Scalar = "blockReason" | "block_reason",
    }

    struct UsageWire {
        prompt: Count = "promptTokenCount" | "prompt_token_count",
        tool_use: Count = "toolUsePromptTokenCount" | "tool_use_prompt_token_count",
        candidates: Count = "candidatesTokenCount" | "candidates_token_count",
        thoughts: Count = "thoughtsTokenCount" | "thoughts_token_count",
        cached: Count = "cachedContentTokenCount" | "cached_content_token_count",
        total: Count = "totalTokenCount" | "total_token_count",
    }
}
