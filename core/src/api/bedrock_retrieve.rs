//! Knowledge bases of Amazon Bedrock: RetrieveAndGenerate and RetrieveAndGenerateStream, which
//! answer from what they find, and Retrieve and Rerank, which only find.
//!
//! Sources: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_RetrieveAndGenerate.html>
//! and its pages on `RetrieveAndGenerateStream`, `Retrieve` and `Rerank`. What was found stands
//! between prompt and answer and is the provider's; of Retrieve it is the answer.

use std::borrow::Cow;

use super::bedrock_agent_state::file_part;
use super::bedrock_error::ErrorHead;
use super::bedrock_guardrail::INTERVENED;
use super::{Format, Reader, Request};
use crate::answer::{Answer, Part};
use crate::headers::Headers;
use crate::json::{self, Json, List, Object, Text};
use crate::note::Note;
use crate::prompt::{
    Fields, Kind, Message, MessagePart, Prompt, data_text, media_part, other_part,
};

/// Members of `textInferenceConfig`.
const PARAMETERS: [&str; 4] = ["maxTokens", "stopSequences", "temperature", "topP"];

/// An answer has one choice.
const CHOICE: u64 = 0;

pub(super) const GENERATE: Format = Format::new(
    "bedrock.retrieve_and_generate",
    "bedrock",
    read_question,
    || Box::new(AnswerReader::default()),
);

pub(super) const RETRIEVE: Format = Format::new("bedrock.retrieve", "bedrock", read_query, || {
    Box::new(AnswerReader::default())
});

fn read_question(text: Json<'_>) -> Option<Request<'_>> {
    let mut fields: Fields<'_> = json::object(text)?;
    fields.flatten("input");
    let question = fields.text("text");
    if let (None, Some(messages)) = (&question, fields.take("messages")) {
        return Some(agentic(messages, fields));
    }
    let config = fields.take("retrieveAndGenerateConfiguration");
    let mut config = config.map(Fields::expected).unwrap_or_default();
    config.flatten("knowledgeBaseConfiguration");
    config.flatten("externalSourcesConfiguration");
    let model = config.text("modelArn");
    let mut messages = Vec::new();
    let (mut parameters, mut beside) = (Vec::new(), Vec::new());
    // The first rewrites the question, the second answers it.
    for name in ["orchestrationConfiguration", "generationConfiguration"] {
        if let Some(step) = config.take(name) {
            let (message, given) = step_of(name, step, &mut beside);
            messages.extend(message);
            parameters = given;
        }
    }
    let sources = config.take("sources");
    let sources: Option<List<Json<'_>>> = sources.and_then(json::expected);
    let sources = sources.unwrap_or_default().0;
    if !sources.is_empty() {
        let mut parts = Vec::new();
        for source in sources {
            take_source(source, &mut parts);
        }
        messages.push(Message::of("", parts));
    }
    let prompt = question.map(|question| {
        let mut parts = vec![MessagePart::text(question)];
        parts.append(&mut beside);
        config.rest(&mut parts);
        messages.push(Message::of("user", parts));
        Prompt::contents(messages)
    });
    fields.leave();
    Some(Request {
        model,
        parameters,
        prompt,
        note: Some(Note::PromptContinued),
        ..Request::default()
    })
}

/// A conversation that is answered after as many searches as it takes.
fn agentic<'a>(messages: Json<'a>, mut fields: Fields<'a>) -> Request<'a> {
    let List(messages): List<Json<'a>> = json::expected(messages).unwrap_or_default();
    let mut messages: Vec<_> = messages.into_iter().map(turn).collect();
    for name in [
        "agenticRetrieveConfiguration",
        "foundationModelConfiguration",
        "bedrockFoundationModelConfiguration",
        "mantleFoundationModelConfiguration",
        "modelConfiguration",
    ] {
        fields.flatten(name);
    }
    let model = fields.text("modelArn");
    if let Some(last) = messages.last_mut() {
        fields.rest(&mut last.parts);
    }
    Request {
        model,
        prompt: (!messages.is_empty()).then(|| Prompt::contents(messages)),
        note: Some(Note::PromptContinued),
        ..Request::default()
    }
}

fn turn(message: Json<'_>) -> Message<'_> {
    let mut fields = Fields::expected(message);
    let role = fields.text("role").unwrap_or_default();
    fields.flatten("content");
    let mut parts = vec![MessagePart::text(fields.text("text").unwrap_or_default())];
    fields.rest(&mut parts);
    Message::of(role, parts)
}

/// The template of one step, and how its model samples; what else steers it stands beside the
/// question.
fn step_of<'a>(
    name: &'static str,
    step: Json<'a>,
    beside: &mut Vec<MessagePart<'a>>,
) -> (Option<Message<'a>>, Vec<(&'static str, Json<'a>)>) {
    let mut step = Fields::expected(step);
    step.flatten("promptTemplate");
    let template = step.text("textPromptTemplate");
    let message = template.map(|text| {
        let part = MessagePart::text(text).typed(name);
        Message::of("system", vec![part])
    });
    step.flatten("inferenceConfig");
    step.flatten("textInferenceConfig");
    let given = PARAMETERS
        .iter()
        .filter_map(|name| Some((*name, step.take(name)?)))
        .collect();
    step.rest(beside);
    (message, given)
}

/// A document of the caller's.
fn take_source<'a>(source: Json<'a>, parts: &mut Vec<MessagePart<'a>>) {
    let mut fields = Fields::expected(source);
    let file = file_part("document", source, &mut fields).of_kind(Kind::Document);
    parts.push(file.named(fields.text("identifier")));
    fields.rest(parts);
}

/// What is looked for, and for Rerank among what.
fn read_query(text: Json<'_>) -> Option<Request<'_>> {
    let mut fields: Fields<'_> = json::object(text)?;
    let mut messages = Vec::new();
    if let Some(query) = fields.take("retrievalQuery") {
        let mut query = Fields::expected(query);
        let mut parts: Vec<_> = query
            .text("text")
            .map(MessagePart::text)
            .into_iter()
            .collect();
        let image = query.take("image").map(|image| image_part(image));
        parts.extend(image);
        query.rest(&mut parts);
        messages.push(Message::of("user", parts));
    }
    for (name, role) in [("queries", "user"), ("sources", "")] {
        let given = fields.take(name);
        let list: Option<List<Json<'_>>> = given.and_then(json::expected);
        let list = list.unwrap_or_default().0.into_iter();
        messages.extend(list.map(|item| ranked(item, role)));
    }
    let ranking = fields.take("rerankingConfiguration");
    let mut ranking = ranking.map(Fields::expected).unwrap_or_default();
    ranking.flatten("bedrockRerankingConfiguration");
    ranking.flatten("modelConfiguration");
    let model = ranking.text("modelArn");
    ranking.leave();
    fields.leave();
    Some(Request {
        model,
        prompt: (!messages.is_empty()).then(|| Prompt::contents(messages)),
        ..Request::default()
    })
}

fn image_part(image: Json<'_>) -> MessagePart<'_> {
    let mut fields = Fields::of(image);
    let part = match fields.take("inlineContent") {
        Some(data) => media_part("image", data),
        None => other_part("image", image),
    };
    match fields.text("format") {
        Some(format) => part.typed(format),
        None => part,
    }
}

/// A query, or a document that is ranked for it.
fn ranked<'a>(item: Json<'a>, role: &'static str) -> Message<'a> {
    let mut fields = Fields::expected(item);
    for name in ["textQuery", "inlineDocumentSource", "textDocument"] {
        fields.flatten(name);
    }
    let kind = if role.is_empty() {
        Kind::Document
    } else {
        Kind::Text
    };
    let text = fields.text("text");
    let text = text.or_else(|| fields.take("jsonDocument").map(data_text));
    let mut parts = vec![MessagePart::of(kind, text.unwrap_or(Cow::Borrowed("")))];
    fields.rest(&mut parts);
    Message::of(role, parts)
}

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
        intervened(&body.action, answer);
        if let Some(output) = body.output.0 {
            answer.open(CHOICE);
            answer.append(CHOICE, Part::Content, &output.text.0.unwrap_or_default());
            return true;
        }
        if body.ranked.is_some() {
            answer.answers_numbers();
            return true;
        }
        let Some(List(found)) = body.found else {
            return self.error.read(text, answer);
        };
        answer.open(CHOICE);
        answer.is_numbers = true;
        for (number, found) in (0..).zip(found) {
            if number > 0 {
                answer.append(CHOICE, Part::Content, "\n");
            }
            answer.append(CHOICE, Part::Content, &found_text(found));
        }
        true
    }

    fn message(&mut self, name: &str, data: &str, answer: &mut Answer) -> bool {
        let Some(event) = json::object::<EventWire<'_>>(data) else {
            return false;
        };
        answer.open(CHOICE);
        answer.ends_with_body = true;
        match name {
            "output" | "responseEvent" => {
                answer.append(CHOICE, Part::Content, &event.text.0.unwrap_or_default());
            }
            // It repeats what came in pieces.
            "result" if answer.said(CHOICE, Part::Content).1 == 0 => {
                let whole = event.generated.0.and_then(|whole| whole.answer.0);
                answer.append(CHOICE, Part::Content, &whole.unwrap_or_default());
            }
            "guardrail" => intervened(&event.action, answer),
            // Where each sentence is from.
            _ => {}
        }
        true
    }
}

/// The text of what was found; a row or a medium is its JSON.
fn found_text(found: Json<'_>) -> Cow<'_, str> {
    let mut found = Fields::of(found);
    let Some(content) = found.take("content") else {
        return Cow::Borrowed("");
    };
    Fields::of(content)
        .text("text")
        .unwrap_or_else(|| data_text(content))
}

fn intervened(action: &Text<'_>, answer: &mut Answer) {
    if action.0.as_deref() == Some("INTERVENED") {
        answer.find(INTERVENED);
    }
}

json::wire! {
    struct BodyWire<'a> {
        output: Object<TextWire<'a>> = "output",
        found: Option<List<Json<'a>>> = "retrievalResults",
        ranked: Option<Json<'a>> = "results",
        action: Text<'a> = "guardrailAction",
    }

    struct TextWire<'a> {
        text: Text<'a> = "text",
    }

    struct WholeWire<'a> {
        answer: Text<'a> = "answer",
    }

    struct EventWire<'a> {
        generated: Object<WholeWire<'a>> = "generatedResponse",
        text: Text<'a> = "text",
        action: Text<'a> = "action",
    }
}
