//! Decisions: questions about one input, each of which the model answers by a choice, a probability
//! or a score in the place of a text.
//!
//! Sources: <https://developers.openai.com/api/reference/resources/decisions>, as the package
//! `openai` 3.57 has it, <https://ai.google.dev/api/decisions>, as the package `google-genai` 3.6
//! has it, and Alibaba's System One, as the package `dashscope` 2.0 has it. OpenAI lists questions
//! and answers in one order, the others name each.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::openai_input;
use super::token_counts::{TokenCounts, sum};
use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, Counts, Decided, Part};
use crate::json::{self, Broken, Count, FromJson, FromObject, Items, Json, Members, Object, Text};
use crate::prompt::{
    Fields, Kind, Message, MessagePart, Prompt, compact, content_parts, data_text, list_parts,
};

/// An answer has one choice.
const CHOICE: u64 = 0;

/// What a question lets the model choose from, by the names that it has.
const OPTIONS: [&str; 3] = ["choices", "levels", "criteria"];

pub(super) const OPENAI: Format = Format::new("openai.decisions", "openai", read_openai, || {
    Box::new(AnswerReader)
});

pub(super) const GOOGLE: Format = Format::new("google.decisions", "gemini", read_google, || {
    Box::new(AnswerReader)
});

pub(super) const ALIBABA: Format =
    Format::new("dashscope.decisions", "alibaba", read_alibaba, || {
        Box::new(AnswerReader)
    });

fn read_openai(text: Json<'_>) -> Option<Request<'_>> {
    read_request(text, |input| {
        let items = openai_input::messages(input).into_iter();
        items.map(|item| item.message).collect()
    })
}

/// Google's input is a text, a content or a list of contents, and never a conversation.
fn read_google(text: Json<'_>) -> Option<Request<'_>> {
    read_request(text, |input| vec![Message::of("user", contents(input))])
}

/// What is decided on is a text, a dialogue or an object, which is shown to the model as text.
fn read_alibaba(text: Json<'_>) -> Option<Request<'_>> {
    read_request(text, |state| {
        let text = data_text(state);
        vec![Message::of("user", vec![MessagePart::text(text)])]
    })
}

fn read_request<'a>(
    text: Json<'a>,
    messages: fn(Json<'a>) -> Vec<Message<'a>>,
) -> Option<Request<'a>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let asked = wire.input.zip(wire.questions);
    let prompt = asked.map(|(input, Named(questions))| {
        let questions = questions.into_iter().map(question);
        Prompt::contents(messages(input).into_iter().chain(questions))
    });
    Some(Request {
        model: wire.model.0,
        prompt,
        user: wire.user.0,
        ..Request::default()
    })
}

/// A question is a message of its own: what is to be decided, and beside it between what.
fn question<'a>((name, question): (Option<String>, Json<'a>)) -> Message<'a> {
    let mut fields = Fields::expected(question);
    let mut parts = fields
        .take("instructions")
        .map(contents)
        .unwrap_or_default();
    let mut beside = |name, text| {
        parts.push(MessagePart::beside(Kind::Other, text).typed(name));
    };
    if let Some(name) = name.map(Cow::Owned).or_else(|| fields.text("name")) {
        beside("name", name);
    }
    if let Some(kind) = fields.text("type") {
        beside("type", kind);
    }
    for name in OPTIONS {
        if let Some(options) = fields.take(name) {
            beside(name, data_text(options));
        }
    }
    fields.rest(&mut parts);
    Message::of("question", parts)
}

/// A text, a content or a list of contents.
fn contents(given: Json<'_>) -> Vec<MessagePart<'_>> {
    if given.get().starts_with('{') {
        return list_parts(vec![given]);
    }
    content_parts(json::read(given).unwrap_or_default())
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        answer.identify(body.id.0.as_deref(), body.model.0.as_deref());
        match body.answers {
            Some(answers) => take_answers(answers, answer),
            None if body.error.is_none() => openai_error::take_flat(text, answer),
            None => {}
        }
        if let Some(reason) = body.feedback.0.and_then(|feedback| feedback.block_reason.0) {
            answer.finish(CHOICE, &reason);
            answer.find(&reason);
        }
        answer.count(body.usage.0.unwrap_or_default().counts());
        openai_error::take(body.error, answer);
        true
    }
}

/// The answers are the text, and each is a decision.
fn take_answers(answers: Json<'_>, answer: &mut Answer) {
    answer.open(CHOICE);
    answer.append(CHOICE, Part::Content, &compact(answers.get()));
    let Named(several) = json::read(answers).unwrap_or_default();
    for (name, value) in several {
        let wire: AnswerWire<'_> = json::object(value).unwrap_or_default();
        let name = name.map(Cow::Owned).or_else(|| wire.name.0.clone());
        let (outcome, confidence) = wire.decided();
        answer.decide(Decided {
            name: name.as_deref(),
            kind: wire.kind.0.as_deref(),
            outcome: outcome.as_deref(),
            confidence,
        });
    }
}

impl AnswerWire<'_> {
    /// What was decided, and how sure that is. The more likely of two outcomes is the decision,
    /// as Google defines it; where both are as likely there is none.
    fn decided(&self) -> (Option<String>, Option<Box<RawValue>>) {
        let stated = self.confidence.and_then(number);
        let stated = stated.map(|(written, _)| json::one_line(written));
        if let Some(chosen) = self.choice.or(self.score) {
            let outcome = json::text_of(chosen).into_owned();
            return (Some(outcome), stated);
        }
        let Some((written, likely)) = self.probability.and_then(number) else {
            let is_refused = self.kind.0.as_deref() == Some("refusal");
            return (is_refused.then(|| "refusal".to_owned()), stated);
        };
        let is_even = likely.total_cmp(&0.5).is_eq();
        let outcome = (!is_even).then(|| (likely > 0.5).to_string());
        let confidence = stated.or_else(|| match likely {
            0.5.. => Some(json::one_line(written)),
            _ => complement(written.get(), likely),
        });
        (outcome, confidence)
    }
}

/// A number as it was written, which a double can hold.
fn number(value: Json<'_>) -> Option<(Json<'_>, f64)> {
    let number = value.get().parse::<f64>().ok()?;
    number.is_finite().then_some((value, number))
}

/// How likely the other outcome is, with as many decimals.
fn complement(written: &str, likely: f64) -> Option<Box<RawValue>> {
    const DECIMALS_MAX: usize = 17;
    let decimals = match written.split_once('.') {
        Some((_, decimals)) if !decimals.contains(['e', 'E']) => decimals.len(),
        None if !written.contains(['e', 'E']) => 0,
        _ => DECIMALS_MAX,
    };
    let decimals = decimals.min(DECIMALS_MAX);
    RawValue::from_string(format!("{:.decimals$}", 1.0 - likely)).ok()
}

/// Values in a list, or by their names.
#[derive(Default)]
struct Named<'a>(Vec<(Option<String>, Json<'a>)>);

impl<'de> FromJson<'de> for Named<'de> {
    fn empty() -> Self {
        Self::default()
    }
    fn list(&mut self, items: &mut Items<'_, 'de>) -> Result<(), Broken> {
        let mut item = Json::empty();
        while items.read_into(&mut item)? {
            self.0.push((None, item));
        }
        Ok(())
    }
    fn object(&mut self, members: &mut Members<'_, 'de>) -> Result<(), Broken> {
        while let Some(name) = members.next_name()? {
            let name = name.into_owned();
            self.0.push((Some(name), members.next_value()?));
        }
        Ok(())
    }
}

/// Counts by OpenAI's names, or by those of Google's interactions.
#[derive(Default)]
struct UsageWire {
    counts: TokenCounts,
    thought: Option<u64>,
    tool_use: Option<u64>,
}

impl<'de> FromObject<'de> for UsageWire {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        let known = match name {
            "total_input_tokens" => &mut self.counts.input,
            "total_output_tokens" => &mut self.counts.output,
            "total_cached_tokens" => &mut self.counts.cache_read,
            "total_thought_tokens" => &mut self.thought,
            "total_tool_use_tokens" => &mut self.tool_use,
            _ => return self.counts.member(name, value),
        };
        Count(*known) = value.next_value()?;
        Ok(())
    }
}

impl UsageWire {
    /// Google counts apart what was thought, and what tools added to the prompt.
    fn counts(self) -> Counts {
        let counts = self.counts.counts();
        let tool_use = self.tool_use.unwrap_or_default();
        Counts {
            input: counts.input.map(|input| input.saturating_add(tool_use)),
            output: sum(counts.output, self.thought),
            reasoning: counts.reasoning.or(self.thought),
            ..counts
        }
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        input: Option<Json<'a>> = "input" | "state",
        questions: Option<Named<'a>> = "questions",
        user: Text<'a> = "safety_identifier",
    }

    struct BodyWire<'a> {
        id: Text<'a> = "id",
        model: Text<'a> = "model",
        answers: Option<Json<'a>> = "answers",
        feedback: Object<FeedbackWire<'a>> = "prompt_feedback",
        usage: Object<UsageWire> = "usage",
        error: Option<Json<'a>> = "error",
    }

    struct AnswerWire<'a> {
        kind: Text<'a> = "type",
        name: Text<'a> = "name",
        choice: Option<Json<'a>> = "choice",
        score: Option<Json<'a>> = "score",
        probability: Option<Json<'a>> = "probability" | "noul",
        confidence: Option<Json<'a>> = "confidence",
    }

    struct FeedbackWire<'a> {
        block_reason: Text<'a> = "block_reason",
    }
}
