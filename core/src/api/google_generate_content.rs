//! Google's generateContent, of Gemini and of Vertex.
//!
//! Source: <https://ai.google.dev/api/generate-content>. As protobuf's JSON has it, every member
//! may be written in camelCase or in snake_case, and an enum by its name or its number.

use super::continued::Continued;
use super::google_content::{CallWire, ContentWire, EXECUTABLE_CODE, PartWire, message, parts};
use super::google_partial_args::PartialArgs;
use super::token_counts::sum;
use super::tool_names::Tools;
use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, CallKey, CallPiece, Counts, Part};
use crate::framing::Hint;
use crate::json::{self, Count, Flag, Json, List, Object, OneOrMany, Scalar, Text};
use crate::prompt::{Fields, Kind, Message, Prompt};

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

/// The numbers that stand for reasons where enums are asked for as numbers. Beyond these, Gemini
/// and Vertex count differently.
const FINISH_REASONS: [(&str, &str); 5] = [
    ("1", "STOP"),
    ("2", "MAX_TOKENS"),
    ("3", "SAFETY"),
    ("4", "RECITATION"),
    ("5", "OTHER"),
];
const BLOCK_REASONS: [(&str, &str); 4] = [
    ("1", "SAFETY"),
    ("2", "OTHER"),
    ("3", "BLOCKLIST"),
    ("4", "PROHIBITED_CONTENT"),
];

/// The reasons for which a filter cut an answer.
const FINDINGS: [&str; 9] = [
    "BLOCKLIST",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
    "IMAGE_SAFETY",
    "MODEL_ARMOR",
    "PROHIBITED_CONTENT",
    "RECITATION",
    "SAFETY",
    "SPII",
];

pub(super) const FORMAT: Format =
    Format::new("google.generate_content", "gemini", read_request, || {
        Box::new(AnswerReader::default())
    })
    .with_hint(Hint::Array);

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let mut wire: RequestWire<'_> = json::object(text)?;
    let mut model = None;
    if let Some(wrapped) = wire.request.and_then(json::object) {
        model = wire.model.0.take();
        wire = wrapped;
    }
    let system = wire
        .system
        .0
        .map(|system| Message::of("system", message(system).parts));
    let prompt = wire.contents.map(|contents| {
        Prompt::contents(
            system
                .into_iter()
                .chain(contents.0.into_iter().map(message)),
        )
    });
    Some(Request {
        model,
        parameters: wire.config.0.unwrap_or_default().parameters,
        prompt,
        note: wire.cached_content.note(),
        definitions: (wire.tools.defined("tools"))
            .chain(wire.cached_content.defined("cachedContent"))
            .collect(),
        tools: wire.tools.names,
        ..Request::default()
    })
}

/// Reads a whole body or one piece of a stream: pieces are whole responses whose parts go on.
#[derive(Debug, Default)]
struct AnswerReader {
    /// Tool calls so far, which have no numbers of their own.
    calls: u64,
    /// The call whose arguments still come.
    open: Option<(CallKey, PartialArgs)>,
    /// What has been counted so far.
    usage: UsageWire,
}

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        let Some(wrapped) = body.response.and_then(json::object) else {
            self.take_body(body, answer);
            return true;
        };
        self.take_body(wrapped, answer);
        openai_error::take(body.error, answer);
        true
    }
}

impl AnswerReader {
    fn take_body(&mut self, body: BodyWire<'_>, answer: &mut Answer) {
        answer.identify(body.response_id.0.as_deref(), body.model.0.as_deref());
        for (position, Object(candidate)) in (0..).zip(body.candidates.0) {
            self.take_candidate(candidate.unwrap_or_default(), position, answer);
        }
        take_feedback(body.feedback.0.unwrap_or_default(), answer);
        if let Some(usage) = body.usage.0 {
            // They are not sums of pieces: even a prompt's count may become smaller.
            self.usage = usage.or(&self.usage);
            answer.recount(self.usage.counts());
        }
        openai_error::take(body.error, answer);
    }

    fn take_candidate(&mut self, wire: CandidateWire<'_>, position: u64, answer: &mut Answer) {
        let index = wire.index.0.unwrap_or(position);
        answer.open(index);
        for part in parts(wire.content.0.unwrap_or_default().parts, answer) {
            self.take_part(part, index, answer);
        }
        take_ratings(wire.ratings, answer);
        if let Some(Ok(average)) = wire.average.map(|average| average.get().parse()) {
            answer.likely_on_average(index, average);
        }
        if let Some(reason) = wire.finish_reason.0 {
            let reason = named(&FINISH_REASONS, &reason);
            answer.finish(index, reason);
            if FINDINGS.contains(&reason) {
                answer.find(reason);
            }
        }
    }

    fn take_part(&mut self, part: PartWire<'_>, index: u64, answer: &mut Answer) {
        answer.is_not_text |= part.media.is_some();
        for (name, given) in part.given() {
            answer.part(Kind::ToolResult, name, given.id.0.as_deref(), &given.text());
        }
        let kind = if part.thought.0 {
            Part::Reasoning
        } else {
            Part::Content
        };
        answer.append(index, kind, &part.text.0.unwrap_or_default());
        if let Some(call) = part.call.0 {
            self.take_call(call, index, answer);
        }
        if let Some(code) = &part.code.0 {
            let call = CallPiece {
                id: code.id.0.as_deref(),
                name: Some(EXECUTABLE_CODE),
                arguments: code.code.0.as_deref().unwrap_or_default(),
            };
            answer.call(self.next_call(index), call);
        }
        if let Some(tool) = &part.tool.0 {
            let call = CallPiece {
                id: tool.id.0.as_deref(),
                name: tool.name.0.as_deref().or(tool.kind.0.as_deref()),
                arguments: tool.args.as_ref().map_or("{}", |args| args.get()),
            };
            answer.call(self.next_call(index), call);
        }
    }

    /// Takes a call, or a piece of the one that is open: only the first has the name.
    fn take_call(&mut self, call: CallWire<'_>, choice: u64, answer: &mut Answer) {
        let is_first = call.name.0.is_some();
        let open = self.open.take().filter(|(key, _)| key.choice == choice);
        let (key, mut args) = match open {
            Some(open) if !is_first => open,
            _ => (self.next_call(choice), PartialArgs::default()),
        };
        let mut piece = args.push(call.partial.0);
        if call.goes_on.0 {
            self.open = Some((key, args));
        } else {
            piece.push_str(&args.end());
        }
        let piece = CallPiece {
            id: call.id.0.as_deref(),
            name: call.name.0.as_deref(),
            arguments: call.args.map_or(&piece, |args| args.get()),
        };
        answer.call(key, piece);
    }

    fn next_call(&mut self, choice: u64) -> CallKey {
        let call = self.calls;
        self.calls = call.saturating_add(1);
        CallKey { choice, call }
    }
}

/// A prompt that is blocked gets no candidate at all.
fn take_feedback(feedback: FeedbackWire, answer: &mut Answer) {
    take_ratings(feedback.ratings, answer);
    if let Some(reason) = feedback.block_reason.0 {
        let reason = named(&BLOCK_REASONS, &reason);
        answer.find(reason);
        answer.finish(0, reason);
    }
}

/// Every category is rated; what blocked is a finding.
fn take_ratings(ratings: List<Object<RatingWire>>, answer: &mut Answer) {
    let ratings = ratings.0.into_iter().filter_map(|rating| rating.0);
    for rating in ratings.filter(|rating| rating.is_blocked.0) {
        answer.find(&rating.category.0.unwrap_or_default());
    }
}

/// The name of an enum's value that may be a number.
fn named<'a>(names: &[(&str, &'a str)], value: &'a str) -> &'a str {
    let known = names.iter().find(|(number, _)| *number == value);
    known.map_or(value, |(_, name)| name)
}

impl UsageWire {
    /// These counts, and of those that are not told again what they were.
    fn or(self, earlier: &Self) -> Self {
        let or =
            |one: Count, other: &Count| Count(one.0.filter(|it| *it > 0).or(other.0).or(one.0));
        Self {
            prompt: or(self.prompt, &earlier.prompt),
            tool_use: or(self.tool_use, &earlier.tool_use),
            candidates: or(self.candidates, &earlier.candidates),
            thoughts: or(self.thoughts, &earlier.thoughts),
            cached: or(self.cached, &earlier.cached),
            total: self.total,
        }
    }

    /// Google's count of candidates leaves out thoughts, and its count of the prompt what tools
    /// added. Early pieces may say nothing of tokens. The total is documented to be the sum of
    /// these four, of which zeros are left out.
    fn counts(&self) -> Counts {
        let tool_use = self.tool_use.0.unwrap_or(0);
        let input = self.prompt.0.map(|prompt| prompt.saturating_add(tool_use));
        let output = sum(self.candidates.0, self.thoughts.0);
        let rest = self.total.0.zip(input);
        let rest = rest.and_then(|(total, input)| total.checked_sub(input));
        Counts {
            input,
            output: output.or(rest),
            cache_read: self.cached.0,
            reasoning: self.thoughts.0,
            ..Counts::default()
        }
    }
}

json::wire! {
    struct RequestWire<'a> {
        // Code Assist, which Gemini CLI speaks after a login, wraps the request.
        model: Text<'a> = "model",
        request: Option<Json<'a>> = "request",
        system: Object<Fields<'a>> = "systemInstruction" | "system_instruction",
        contents: Option<OneOrMany<Fields<'a>>> = "contents",
        config: Object<ConfigWire<'a>> = "generationConfig" | "generation_config",
        tools: Tools<'a> = "tools",
        cached_content: Continued<'a> = "cachedContent" | "cached_content",
    }

    struct ConfigWire<'a> {
        ..parameters of PARAMETERS,
    }

    struct BodyWire<'a> {
        // Code Assist wraps each answer, as it does each request.
        response: Option<Json<'a>> = "response",
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
        ratings: List<Object<RatingWire>> = "safetyRatings" | "safety_ratings",
        average: Option<Json<'a>> = "avgLogprobs" | "avg_logprobs",
    }

    struct FeedbackWire {
        block_reason: Scalar = "blockReason" | "block_reason",
        ratings: List<Object<RatingWire>> = "safetyRatings" | "safety_ratings",
    }

    struct RatingWire {
        category: Scalar = "category",
        is_blocked: Flag = "blocked",
    }

    #[derive(Debug)]
    struct UsageWire {
        prompt: Count = "promptTokenCount" | "prompt_token_count",
        tool_use: Count = "toolUsePromptTokenCount" | "tool_use_prompt_token_count",
        candidates: Count = "candidatesTokenCount"
            | "candidates_token_count"
            | "responseTokenCount"
            | "response_token_count",
        thoughts: Count = "thoughtsTokenCount" | "thoughts_token_count",
        cached: Count = "cachedContentTokenCount" | "cached_content_token_count",
        total: Count = "totalTokenCount" | "total_token_count",
    }
}
