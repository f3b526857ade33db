//! The answers of OpenAI's chat and of its completions of a text: a body and the events of a
//! stream have the same members, and what vendors add stands beside them.
//!
//! Sources: <https://platform.openai.com/docs/api-reference/chat/object>,
//! <https://docs.mistral.ai/api/>, <https://openrouter.ai/docs/api-reference/overview>.

use super::openai_findings::{FilterResults, FilteredWire, ModerationWire};
use super::openai_message::MessageWire;
use super::openai_usage::UsageWire;
use super::tgi_generate::counted;
use super::{Reader, openai_error};
use crate::answer::{Answer, Counts, Part};
use crate::headers::Headers;
use crate::json::{self, Aside, Count, Json, List, Object, Scalar, Text};

/// Reads answers; a stream ends with `[DONE]`.
pub(super) fn reader() -> Box<dyn Reader> {
    Box::new(AnswerReader)
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    /// Hugging Face's servers count in the headers, too, and alone where nobody asked for more.
    fn head(&mut self, headers: Headers<'_>, answer: &mut Answer) {
        answer.count(counted(headers));
    }

    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        read(text, answer, |choice| choice.message.or(choice.delta))
    }

    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        // Perplexity and Writer send what has come so far as a message beside its last piece.
        read(data, answer, |choice| choice.delta.or(choice.message))
    }
}

/// A choice's message and its delta, of which a body has the one and an event the other.
struct Said<'a> {
    message: Option<Box<MessageWire<'a>>>,
    delta: Option<Box<MessageWire<'a>>>,
}

type Pick = for<'a> fn(Said<'a>) -> Option<Box<MessageWire<'a>>>;

fn read(text: &str, answer: &mut Answer, pick: Pick) -> bool {
    let Some(body) = json::object::<BodyWire<'_>>(text) else {
        return false;
    };
    answer.identify(body.id.0.as_deref(), body.model.0.as_deref());
    if body.choices.0.is_empty() && body.error.is_none() {
        openai_error::take_flat(text, answer);
    }
    for (position, Object(choice)) in (0..).zip(body.choices.0) {
        take_choice(choice.unwrap_or_default(), position, answer, pick);
    }
    answer.append(0, Part::Content, &body.value.0.unwrap_or_default());
    let groq = body.groq.0.map(|groq| *groq).unwrap_or_default();
    body.usage.object().take(answer);
    if let Some(timings) = body.timings.0 {
        answer.count(timings.counts());
    }
    groq.usage.object().take(answer);
    FilteredWire::take_all(body.prompt_filters, answer);
    if let Some(moderation) = body.moderation.0 {
        moderation.take(answer);
    }
    openai_error::take(body.error.or(groq.error), answer);
    true
}

fn take_choice(choice: ChoiceWire<'_>, position: u64, answer: &mut Answer, pick: Pick) {
    let index = choice.index.0.unwrap_or(position);
    answer.open(index);
    let said = Said {
        message: choice.message.0,
        delta: choice.delta.0,
    };
    match pick(said) {
        Some(message) => message.take(index, answer),
        // Together sends the text of a delta here, too.
        None => answer.append(index, Part::Content, &choice.text.0.unwrap_or_default()),
    }
    let reasons = [choice.finish_reason.0, choice.stop_reason.0];
    // Snowflake leaves the reason empty as long as there is none.
    let reason = reasons.into_iter().flatten().find(|it| !it.is_empty());
    if let Some(reason) = reason {
        answer.finish(index, &reason);
    }
    if let Some(tokens) = choice.log_probabilities.0 {
        tokens.take(index, answer);
    }
    choice.usage.object().take(answer);
    choice.filter.take(answer);
    openai_error::take(choice.error, answer);
}

impl TokensWire<'_> {
    fn take(self, choice: u64, answer: &mut Answer) {
        let tokens = self.content.0.into_iter();
        let of_chat = tokens.filter_map(|Object(token)| token?.log_probability);
        for value in of_chat.chain(self.of_completions.0) {
            if let Ok(log_probability) = value.get().parse() {
                answer.likely(choice, log_probability);
            }
        }
    }
}

impl TimingsWire {
    /// The prompt is counted apart from what the cache held of it; older servers do not say how
    /// much that was.
    fn counts(&self) -> Counts {
        let input = self.read.0.zip(self.cached.0);
        Counts {
            input: input.map(|(read, cached)| read.saturating_add(cached)),
            output: self.output.0,
            cache_read: self.cached.0,
            ..Counts::default()
        }
    }
}

json::wire! {
    struct BodyWire<'a> {
        id: Text<'a> = "id",
        model: Text<'a> = "model" | "model_id",
        choices: List<Object<ChoiceWire<'a>>> = "choices",
        // Writer's streams of completions have nothing else.
        value: Text<'a> = "value",
        usage: Aside<UsageWire> = "usage",
        groq: Aside<GroqWire<'a>> = "x_groq",
        timings: Aside<TimingsWire> = "timings",
        prompt_filters: List<Object<FilteredWire>> =
            "prompt_filter_results" | "prompt_annotations",
        moderation: Aside<ModerationWire> = "moderation",
        error: Option<Json<'a>> = "error",
    }

    /// Those of a chat, each with its token, or those of a completion, as a list of numbers.
    struct TokensWire<'a> {
        content: List<Object<TokenWire<'a>>> = "content",
        of_completions: List<Json<'a>> = "token_logprobs",
    }

    struct TokenWire<'a> {
        log_probability: Option<Json<'a>> = "logprob",
    }

    /// llama.cpp's, which stand there also where no usage was asked for.
    struct TimingsWire {
        read: Count = "prompt_n",
        cached: Count = "cache_n",
        output: Count = "predicted_n",
    }

    struct GroqWire<'a> {
        usage: Aside<UsageWire> = "usage",
        error: Option<Json<'a>> = "error",
    }

    struct ChoiceWire<'a> {
        index: Count = "index",
        message: Aside<MessageWire<'a>> = "message",
        delta: Aside<MessageWire<'a>> = "delta",
        text: Text<'a> = "text",
        finish_reason: Scalar = "finish_reason",
        // vLLM's servers and some that follow it: what ended the text, mostly beside the reason.
        stop_reason: Scalar = "stop_reason",
        log_probabilities: Aside<TokensWire<'a>> = "logprobs",
        filter: FilterResults = "content_filter_results" | "content_filter_result",
        // Moonshot's place, and that of some gateways.
        usage: Aside<UsageWire> = "usage",
        error: Option<Json<'a>> = "error",
    }
}
