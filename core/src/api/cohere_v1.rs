//! Cohere's chat and generate, version 1, which Bedrock's Command models still speak.
//!
//! Source: <https://docs.cohere.com/v1/reference/chat> and `generate` beside it. A stream is lines
//! of JSON, of which the last repeats the whole answer.

use super::cohere_chat::{document, fail};
use super::cohere_usage::UsageWire;
use super::continued::Continued;
use super::tool_names::Tools;
use super::{Format, Reader, Request};
use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::framing::Hint;
use crate::json::{self, Count, Json, List, Object, Text};
use crate::prompt::{Fields, Message, MessagePart, Prompt, data_text, results};

/// Members of a request that steer sampling.
const PARAMETERS: [&str; 18] = [
    "citation_quality",
    "force_single_step",
    "frequency_penalty",
    "k",
    "max_input_tokens",
    "max_tokens",
    "num_generations",
    "p",
    "presence_penalty",
    "prompt_truncation",
    "raw_prompting",
    "response_format",
    "return_likelihoods",
    "safety_mode",
    "seed",
    "stop_sequences",
    "temperature",
    "truncate",
];

pub(super) const CHAT: Format = Format::new("cohere.chat_v1", "cohere", read_chat, || {
    Box::new(AnswerReader)
})
.with_hint(Hint::Lines);

pub(super) const GENERATE: Format = Format {
    name: "cohere.generate",
    read_request: read_generate,
    ..CHAT
};

fn read_chat(text: Json<'_>) -> Option<Request<'_>> {
    let wire: ChatWire<'_> = json::object(text)?;
    let preamble = wire.preamble.0.map(|text| Message::text("SYSTEM", text));
    let history = wire.history.0.into_iter().filter_map(|turn| turn.0);
    let results = outputs(wire.tool_results).map(|part| Message::of("TOOL", vec![part]));
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        definitions: (wire.tools.defined("tools"))
            .chain(wire.conversation.defined("conversation_id"))
            .collect(),
        tools: wire.tools.names,
        prompt: wire.message.0.map(|text| {
            Prompt::contents(
                preamble
                    .into_iter()
                    .chain(history.map(turn))
                    .chain(wire.documents.0.into_iter().map(document))
                    .chain([Message::text("USER", text)])
                    .chain(results),
            )
        }),
        session: wire.conversation.text(),
        note: wire.conversation.note(),
        ..Request::default()
    })
}

fn turn(turn: TurnWire<'_>) -> Message<'_> {
    let mut parts: Vec<_> = turn.message.0.into_iter().map(MessagePart::text).collect();
    parts.extend(outputs(turn.tool_results));
    for call in turn.tool_calls.0 {
        parts.push(self::call(call));
    }
    Message::of(turn.role.0.unwrap_or_default(), parts)
}

/// A call of a tool in an earlier turn.
fn call(call: Json<'_>) -> MessagePart<'_> {
    let mut call = Fields::expected(call);
    let name = call.text("name");
    let arguments = call.take("parameters").map(data_text).unwrap_or_default();
    MessagePart::call(None, name, arguments)
}

/// What tools gave, each after the call that it answers.
fn outputs<'a>(List(given): List<Object<ResultWire<'a>>>) -> impl Iterator<Item = MessagePart<'a>> {
    let given = given.into_iter().filter_map(|result| result.0);
    given.flat_map(|result| {
        let call = result.call.map(call);
        let name = call.as_ref().and_then(|call| call.name.clone());
        let outputs = result.outputs.0.into_iter().map(data_text);
        let outputs = results(outputs.map(MessagePart::text), None, name);
        call.into_iter().chain(outputs)
    })
}

fn read_generate(text: Json<'_>) -> Option<Request<'_>> {
    let wire: GenerateWire<'_> = json::object(text)?;
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        prompt: wire.prompt.0.map(Prompt::user),
        ..Request::default()
    })
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    /// Reads a whole body or one line of a stream.
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        let repeated = body.response.map(json::read);
        take(&body, answer);
        body.usage.take(answer);
        if let Some(Some(Object(Some(whole)))) = repeated {
            take_repeated(whole, answer);
        }
        true
    }
}

fn take(body: &BodyWire<'_>, answer: &mut Answer) {
    identify(body, answer);
    fail(body.message, answer);
    let choice = body.index.0.unwrap_or_default();
    let text = body.text.0.as_deref();
    match body.event.0.as_deref() {
        // Here the text is what the model intends with the calls.
        Some("tool-calls-chunk" | "tool-calls-generation") => {
            answer.append(choice, Part::Reasoning, text.unwrap_or_default());
        }
        Some("stream-end") => answer.ended = true,
        _ => {
            if let Some(text) = text {
                answer.open(choice);
                answer.append(choice, Part::Content, text);
            }
        }
    }
    for (position, generation) in generations(body) {
        let choice = generation.index.0.unwrap_or(position);
        answer.open(choice);
        let text = generation.text.0.as_deref().unwrap_or_default();
        answer.append(choice, Part::Content, text);
    }
    if let Some(call) = &body.call_piece.0 {
        take_call_piece(call, answer);
    }
    take_calls(body, answer);
    finish(body, answer);
}

/// The last line repeats what has passed; only what has not is taken from it.
fn take_repeated(body: BodyWire<'_>, answer: &mut Answer) {
    identify(&body, answer);
    take_calls(&body, answer);
    finish(&body, answer);
    body.usage.take(answer);
}

fn identify(body: &BodyWire<'_>, answer: &mut Answer) {
    let id = body.generation_id.0.as_deref().or(body.id.0.as_deref());
    answer.identify(id, None);
}

fn finish(body: &BodyWire<'_>, answer: &mut Answer) {
    for (position, generation) in generations(body) {
        let choice = generation.index.0.unwrap_or(position);
        stop(choice, &generation.finish_reason, answer);
    }
    if body.generations.0.is_empty() {
        let choice = body.index.0.unwrap_or_default();
        stop(choice, &body.finish_reason, answer);
    }
}

fn stop(choice: u64, reason: &Text<'_>, answer: &mut Answer) {
    let Some(reason) = reason.0.as_deref() else {
        return;
    };
    answer.finish(choice, reason);
    if reason == "ERROR_TOXIC" {
        answer.find(reason);
    }
}

fn generations<'a, 'b>(
    body: &'b BodyWire<'a>,
) -> impl Iterator<Item = (u64, &'b GenerationWire<'a>)> {
    let generations = body.generations.0.iter();
    (0..).zip(generations.filter_map(|generation| generation.0.as_ref()))
}

/// Takes the calls that have not come in pieces.
fn take_calls(body: &BodyWire<'_>, answer: &mut Answer) {
    for (number, Object(call)) in (0..).zip(&body.calls.0) {
        let Some(call) = call
            .as_ref()
            .filter(|_| answer.arguments(key(number)).is_none())
        else {
            continue;
        };
        let piece = CallPiece {
            id: None,
            name: call.name.0.as_deref(),
            arguments: call.parameters.map_or("{}", |parameters| parameters.get()),
        };
        answer.call(key(number), piece);
    }
}

fn take_call_piece(call: &CallWire<'_>, answer: &mut Answer) {
    let Text(piece) = call.parameters.and_then(json::read).unwrap_or_default();
    let piece = CallPiece {
        id: None,
        name: call.name.0.as_deref(),
        arguments: piece.as_deref().unwrap_or_default(),
    };
    answer.call(key(call.index.0.unwrap_or_default()), piece);
}

/// Calls have no numbers of their own; only chat has them, and it has one choice.
fn key(call: u64) -> CallKey {
    CallKey { choice: 0, call }
}

json::wire! {
    struct ChatWire<'a> {
        model: Text<'a> = "model",
        message: Text<'a> = "message",
        preamble: Text<'a> = "preamble",
        history: List<Object<TurnWire<'a>>> = "chat_history",
        documents: List<Json<'a>> = "documents",
        tools: Tools<'a> = "tools",
        tool_results: List<Object<ResultWire<'a>>> = "tool_results",
        conversation: Continued<'a> = "conversation_id",
        ..parameters of PARAMETERS,
    }

    struct TurnWire<'a> {
        role: Text<'a> = "role",
        message: Text<'a> = "message",
        tool_calls: List<Json<'a>> = "tool_calls",
        tool_results: List<Object<ResultWire<'a>>> = "tool_results",
    }

    struct ResultWire<'a> {
        call: Option<Json<'a>> = "call",
        outputs: List<Json<'a>> = "outputs",
    }

    struct GenerateWire<'a> {
        model: Text<'a> = "model",
        prompt: Text<'a> = "prompt",
        ..parameters of PARAMETERS,
    }

    struct BodyWire<'a> {
        event: Text<'a> = "event_type",
        generation_id: Text<'a> = "generation_id",
        id: Text<'a> = "id",
        index: Count = "index",
        text: Text<'a> = "text",
        finish_reason: Text<'a> = "finish_reason",
        generations: List<Object<GenerationWire<'a>>> = "generations",
        calls: List<Object<CallWire<'a>>> = "tool_calls",
        call_piece: Object<CallWire<'a>> = "tool_call_delta",
        usage: Object<UsageWire> = "meta",
        response: Option<Json<'a>> = "response",
        // Of an error, its words.
        message: Option<Json<'a>> = "message",
    }

    struct GenerationWire<'a> {
        index: Count = "index",
        text: Text<'a> = "text",
        finish_reason: Text<'a> = "finish_reason",
    }

    struct CallWire<'a> {
        index: Count = "index",
        name: Text<'a> = "name",
        // Of a whole call an object, of a piece a part of its text.
        parameters: Option<Json<'a>> = "parameters",
    }
}
