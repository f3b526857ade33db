//! Cloudflare's Workers AI, by the path that takes every kind of model, also behind AI Gateway.
//!
//! Source: <https://developers.cloudflare.com/api/resources/ai/methods/run/>, and the package
//! `cloudflare` 5.9. A model's own members tell what it is asked and answers; newer ones speak
//! OpenAI's chat or its responses within the same envelope.

use std::borrow::Cow;

use super::chat_message::ChatMessages;
use super::openai_usage::UsageWire;
use super::tool_names::Tools;
use super::{Format, Other, Reader, Request, openai_choices, openai_error};
use super::{openai_response, openai_responses};
use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::framing::Hint;
use crate::json::{self, Count, Json, List, Object, Text, text_of};
use crate::prompt::{Fields, Kind, Message, MessagePart, Prompt, data_text, media_part};

/// Members of a request that steer.
const PARAMETERS: [&str; 24] = [
    "chat_template_kwargs",
    "frequency_penalty",
    "guidance",
    "height",
    "ignore_eos",
    "lora",
    "max_length",
    "max_tokens",
    "num_steps",
    "parallel_tool_calls",
    "presence_penalty",
    "raw",
    "reasoning_effort",
    "repetition_penalty",
    "response_format",
    "seed",
    "steps",
    "strength",
    "temperature",
    "tool_choice",
    "top_k",
    "top_p",
    "truncate_inputs",
    "width",
];

/// Members that hold a text, or a list of them.
const TEXTS: [&str; 4] = ["prompt", "text", "input_text", "query"];

/// Members that hold media, as numbers, base64 or an address.
const MEDIA: [&str; 4] = ["image", "audio", "mask", "image_b64"];

/// An answer has one choice.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format = Format::new("cloudflare.run", "cloudflare", read_request, || {
    Box::new(AnswerReader::default())
})
.with_hint(Hint::Other);

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let mut fields: Fields<'_> = json::object(text)?;
    if fields.has("input") && !fields.has("messages") && !fields.has("prompt") {
        return (openai_responses::FORMAT.read_request)(text);
    }
    let parameters = fields.take_each(&PARAMETERS);
    let tools: Tools<'_> = fields
        .take("tools")
        .and_then(json::read)
        .unwrap_or_default();
    let functions = fields.take("functions").map(|value| ("functions", value));
    let model = fields.text("model");
    fields.take("stream");
    let mut messages = Vec::new();
    match fields.take("requests") {
        // Several that are answered later.
        Some(requests) => {
            let List(requests): List<Json<'_>> = json::read(requests).unwrap_or_default();
            let requests = requests.into_iter().map(Fields::of);
            requests.for_each(|request| take_messages(request, &mut messages));
        }
        None => take_messages(fields, &mut messages),
    }
    Some(Request {
        model,
        parameters,
        definitions: tools.defined("tools").chain(functions).collect(),
        tools: tools.names,
        prompt: (!messages.is_empty()).then(|| Prompt::contents(messages)),
        ..Request::default()
    })
}

fn take_messages<'a>(mut fields: Fields<'a>, messages: &mut Vec<Message<'a>>) {
    let chat: Option<ChatMessages<'a>> = fields.take("messages").and_then(json::expected);
    messages.extend(chat.unwrap_or_default().read());
    let mut parts = Vec::new();
    for name in TEXTS {
        let Some(value) = fields.take(name) else {
            continue;
        };
        let List(several): List<Json<'a>> = json::read(value).unwrap_or_default();
        let one = Some(value).filter(|_| several.is_empty());
        let texts = several.into_iter().chain(one).map(data_text);
        parts.extend(texts.map(MessagePart::text));
    }
    for name in MEDIA {
        if let Some(media) = fields.take(name) {
            parts.push(medium(name, media));
        }
    }
    // What a query is ranked among.
    let contexts: Option<List<Json<'a>>> = fields.take("contexts").and_then(json::expected);
    let contexts = contexts.unwrap_or_default().0.into_iter();
    let contexts: Vec<_> = contexts.map(context).collect();
    fields.rest(&mut parts);
    if !parts.is_empty() {
        messages.push(Message::of("user", parts));
    }
    messages.extend(contexts);
}

/// A medium as the list of its bytes, or as others write it.
fn medium<'a>(name: &'static str, media: Json<'a>) -> MessagePart<'a> {
    let List(numbers): List<Count> = json::read(media).unwrap_or_default();
    let bytes = numbers
        .iter()
        .map(|Count(byte)| u8::try_from((*byte)?).ok());
    match bytes.collect::<Option<Vec<_>>>() {
        Some(bytes) if !bytes.is_empty() => MessagePart::hashed(Kind::Media, &bytes)
            .standing_as(name, media)
            .typed(name),
        _ => media_part(name, media),
    }
}

fn context(context: Json<'_>) -> Message<'_> {
    let mut fields = Fields::of(context);
    let text = fields.text("text").unwrap_or_else(|| data_text(context));
    let mut parts = vec![MessagePart::of(Kind::Document, text)];
    fields.rest(&mut parts);
    Message::of("", parts)
}

/// Reads an answer in its envelope, or the events of a stream, which has none.
#[derive(Debug, Default)]
struct AnswerReader {
    /// Of a model that speaks another's format.
    other: Option<Box<dyn Reader>>,
}

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(envelope) = json::object::<EnvelopeWire<'_>>(text) else {
            return false;
        };
        match envelope.result {
            Some(result) => self.take(result, answer),
            None if envelope.is_bare() => self.take(Json::from(text), answer),
            None => {
                openai_error::take_flat(text, answer);
                openai_error::take(envelope.error, answer);
                true
            }
        }
    }

    fn message(&mut self, name: &str, data: &str, answer: &mut Answer) -> bool {
        let Some(envelope) = json::object::<EnvelopeWire<'_>>(data) else {
            return false;
        };
        let other: Option<fn() -> Box<dyn Reader>> = if envelope.choices.is_some() {
            Some(openai_choices::reader)
        } else if envelope
            .kind
            .0
            .is_some_and(|kind| kind.starts_with("response."))
        {
            Some(openai_response::reader)
        } else {
            None
        };
        match other {
            Some(other) => {
                let other = self.other.get_or_insert_with(other);
                other.message(name, data, answer)
            }
            None => self.body(data, answer),
        }
    }

    fn other(&self) -> Other {
        Other::Media
    }
}

impl AnswerReader {
    fn take(&mut self, result: Json<'_>, answer: &mut Answer) -> bool {
        let Some(wire) = json::object::<ResultWire<'_>>(result) else {
            // Labels with their scores, or nothing.
            if result.get().starts_with('[') {
                answer.answers_numbers();
            }
            return true;
        };
        if wire.choices.is_some() {
            return openai_choices::reader().body(result.get(), answer);
        }
        if wire.output.is_some() {
            return openai_response::reader().body(result.get(), answer);
        }
        answer.identify(wire.request_id.0.as_deref(), wire.model.0.as_deref());
        // A query's documents each have a score.
        let is_list = wire.said.is_some_and(|said| said.get().starts_with('['));
        if let Some(said) = wire.said.filter(|_| !is_list) {
            answer.open(CHOICE);
            answer.append(CHOICE, Part::Content, &text_of(said));
        }
        for (position, Object(call)) in (0..).zip(wire.calls.0) {
            call.unwrap_or_default().take(position, answer);
        }
        wire.usage.take(answer);
        if wire.numbers.is_some() || is_list {
            answer.answers_numbers();
        }
        answer.is_not_text |= wire.media.is_some();
        answer.is_pending |= wire.status.0.as_deref() == Some("queued");
        true
    }
}

impl EnvelopeWire<'_> {
    /// Whether it is an answer itself, as a stream's events are.
    fn is_bare(&self) -> bool {
        self.success.is_none() && self.errors.is_none() && self.error.is_none()
    }
}

impl CallWire<'_> {
    fn take(self, position: u64, answer: &mut Answer) {
        let function = self.function.0.unwrap_or_default();
        let arguments = self.arguments.or(function.arguments);
        let arguments = arguments.map(text_of).unwrap_or(Cow::Borrowed("{}"));
        let key = CallKey {
            choice: CHOICE,
            call: self.index.0.unwrap_or(position),
        };
        answer.open(CHOICE);
        answer.call(
            key,
            CallPiece {
                id: self.id.0.as_deref(),
                name: self.name.0.or(function.name.0).as_deref(),
                arguments: &arguments,
            },
        );
    }
}

json::wire! {
    struct EnvelopeWire<'a> {
        result: Option<Json<'a>> = "result",
        success: Option<Json<'a>> = "success",
        errors: Option<Json<'a>> = "errors",
        error: Option<Json<'a>> = "error",
        choices: Option<Json<'a>> = "choices",
        kind: Text<'a> = "type",
    }

    struct ResultWire<'a> {
        // A text, or an object where JSON was asked for.
        said: Option<Json<'a>> =
            "response" | "translated_text" | "summary" | "description" | "text",
        calls: List<Object<CallWire<'a>>> = "tool_calls",
        usage: Object<UsageWire> = "usage",
        numbers: Option<Json<'a>> = "data" | "shape",
        media: Option<Json<'a>> = "image" | "audio" | "video",
        choices: Option<Json<'a>> = "choices",
        output: Option<Json<'a>> = "output",
        model: Text<'a> = "model",
        request_id: Text<'a> = "request_id",
        status: Text<'a> = "status",
    }

    struct CallWire<'a> {
        index: Count = "index",
        id: Text<'a> = "id",
        name: Text<'a> = "name",
        arguments: Option<Json<'a>> = "arguments",
        function: Object<FunctionWire<'a>> = "function",
    }

    struct FunctionWire<'a> {
        name: Text<'a> = "name",
        arguments: Option<Json<'a>> = "arguments",
    }
}
