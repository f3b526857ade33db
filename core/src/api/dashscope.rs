//! Alibaba's DashScope by its own format: generations, of media too, and applications.
//!
//! Sources: <https://help.aliyun.com/zh/model-studio/qwen-api-via-dashscope>,
//! <https://help.aliyun.com/zh/model-studio/call-application-through-api>, and the package
//! `dashscope` 2.0. It also speaks OpenAI's and Anthropic's formats, by their paths.

use super::chat_message::{ChatMessage, ChatMessages};
use super::dashscope_answer::AnswerReader;
use super::tool_names::Tools;
use super::{Format, Request};
use crate::json::{self, Json, List, Object, Text};
use crate::note::Note;
use crate::prompt::{
    Content, Fields, Message, MessagePart, Prompt, content_parts, list_parts, media_part,
    other_part,
};

/// Members of `parameters` that steer.
const PARAMETERS: [&str; 25] = [
    "enable_search",
    "enable_thinking",
    "has_thoughts",
    "incremental_output",
    "logprobs",
    "max_tokens",
    "modalities",
    "n",
    "parallel_tool_calls",
    "presence_penalty",
    "rag_options",
    "repetition_penalty",
    "response_format",
    "result_format",
    "search_options",
    "seed",
    "size",
    "stop",
    "style",
    "temperature",
    "thinking_budget",
    "tool_choice",
    "top_k",
    "top_logprobs",
    "top_p",
];

/// Members of a content's part that hold media.
const MEDIA: [&str; 5] = ["image", "audio", "video", "file", "multi_images"];

/// What media begin with that an input holds beside its text: they are named in many ways.
const ADDRESSES: [&str; 4] = ["http:", "https:", "data:", "oss:"];

/// Members of an input that name what the provider keeps.
const KEPT: [&str; 2] = ["session_id", "memory_id"];

pub(super) const GENERATION: Format =
    Format::new("dashscope.generation", "alibaba", read_request, || {
        Box::new(AnswerReader::default())
    });

/// The same for an application, which has instructions of its own.
pub(super) const APPLICATION: Format = Format {
    read_request: |text| {
        read_request(text).map(|request| Request {
            note: Some(Note::PromptContinued),
            ..request
        })
    },
    ..GENERATION
};

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let mut input = wire.input.map(Fields::expected).unwrap_or_default();
    let is_kept = KEPT.iter().any(|name| input.has(name));
    let mut steering = wire.parameters.map(Fields::expected).unwrap_or_default();
    let tools: Option<Tools<'_>> = steering.take("tools").and_then(json::read);
    let tools = tools.unwrap_or_default();
    let parameters: Vec<_> = PARAMETERS
        .iter()
        .filter_map(|name| Some((*name, steering.take(name)?)))
        .collect();
    let incremental = parameters
        .iter()
        .find(|(name, _)| *name == "incremental_output");
    steering.leave();
    Some(Request {
        model: wire.model.0,
        is_incremental: incremental.map(|(_, value)| value.get() == "true"),
        definitions: tools.defined("tools").collect(),
        tools: tools.names,
        prompt: prompt(&mut input),
        note: is_kept.then_some(Note::PromptContinued),
        parameters,
        ..Request::default()
    })
}

/// The messages, the turns of an older form, and the text that is asked for; what else the input
/// has stands beside that.
fn prompt<'a>(input: &mut Fields<'a>) -> Option<Prompt<'a>> {
    let messages: Option<ChatMessages<'a>> = input.take("messages").and_then(json::expected);
    let has_messages = messages.is_some();
    let messages = messages.unwrap_or_default().0.into_iter();
    let mut messages: Vec<_> = messages.map(message).collect();
    let turns = input.take("history");
    let turns: Option<List<Object<TurnWire<'a>>>> = turns.and_then(json::expected);
    for Object(turn) in turns.unwrap_or_default().0 {
        let TurnWire { user, bot } = turn.unwrap_or_default();
        messages.extend(user.0.map(Message::user));
        messages.extend(bot.0.map(|text| Message::text("assistant", text)));
    }
    let mut parts: Vec<_> = input
        .text("prompt")
        .map(MessagePart::text)
        .into_iter()
        .collect();
    let has_text = !parts.is_empty();
    for (name, value) in std::mem::take(input).into_members() {
        if is_media(value) {
            take_media("media", value, &mut parts);
        } else {
            let mut other = Fields::default();
            other.put(&name, value);
            other.rest(&mut parts);
        }
    }
    let is_prompt = has_messages || has_text || parts.iter().any(|it| it.shown().is_some());
    if !parts.is_empty() {
        messages.push(Message::of("user", parts));
    }
    is_prompt.then(|| Prompt::contents(messages))
}

fn is_media(value: Json<'_>) -> bool {
    let value = value.get();
    let value = value.trim_start_matches(|it: char| it == '[' || it.is_ascii_whitespace());
    let text = value.strip_prefix('"').unwrap_or_default();
    ADDRESSES.iter().any(|scheme| text.starts_with(scheme))
}

fn message(message: ChatMessage<'_>) -> Message<'_> {
    message.read_by(parts)
}

/// The parts of a content, which say by the one member's name what they are.
pub(super) fn parts(content: Content<'_>) -> Vec<MessagePart<'_>> {
    let Content::List(list) = content else {
        return content_parts(content);
    };
    let mut parts = Vec::new();
    for part in list {
        take_part(part, &mut parts);
    }
    parts
}

fn take_part<'a>(part: Json<'a>, parts: &mut Vec<MessagePart<'a>>) {
    let mut fields = Fields::of(part);
    if fields.has("type") || json::read(part).is_some_and(|Text(text)| text.is_some()) {
        parts.append(&mut list_parts(vec![part]));
        return;
    }
    let before = parts.len();
    parts.extend(fields.text("text").map(MessagePart::text));
    for kind in MEDIA {
        if let Some(media) = fields.take(kind) {
            take_media(kind, media, parts);
        }
    }
    if parts.len() == before {
        parts.push(other_part("part", part));
        return;
    }
    fields.rest(parts);
}

/// An address, data, or the frames of a video.
fn take_media<'a>(kind: &'static str, media: Json<'a>, parts: &mut Vec<MessagePart<'a>>) {
    let List(several): List<Json<'a>> = json::read(media).unwrap_or_default();
    let one = Some(media).filter(|_| several.is_empty() && media.get() != "null");
    let media = several.into_iter().chain(one);
    parts.extend(media.map(|media| media_part(kind, media)));
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        input: Option<Json<'a>> = "input",
        parameters: Option<Json<'a>> = "parameters",
    }

    struct TurnWire<'a> {
        user: Text<'a> = "user",
        bot: Text<'a> = "bot",
    }
}
