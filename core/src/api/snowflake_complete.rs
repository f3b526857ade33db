//! The completion of a chat by Snowflake's Cortex.
//!
//! Source: <https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api>. It also
//! speaks OpenAI's and Anthropic's formats, by their paths.

use super::format::is_done;
use super::openai_usage::UsageWire;
use super::snowflake_message::messages;
use super::tool_names::Tools;
use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::json::{self, Json, List, Object, Text, text_of};
use crate::prompt::Prompt;

/// Members of a request that steer.
const PARAMETERS: [&str; 7] = [
    "guardrails",
    "max_tokens",
    "openai",
    "response_format",
    "temperature",
    "tool_choice",
    "top_p",
];

/// An answer has one choice.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format =
    Format::new("snowflake.complete", "snowflake", read_request, || {
        Box::new(AnswerReader::default())
    });

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        prompt: wire.messages.map(|list| Prompt::contents(messages(list))),
        definitions: wire.tools.defined("tools").collect(),
        tools: wire.tools.names,
        ..Request::default()
    })
}

/// Reads an answer, or the events of a stream.
#[derive(Debug, Default)]
struct AnswerReader {
    calls: u64,
}

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        answer.identify(body.id.0.as_deref(), body.model.0.as_deref());
        if body.choices.0.is_empty() && body.error.is_none() && body.usage.0.is_none() {
            openai_error::take_flat(text, answer);
        }
        for choice in body.choices.0.into_iter().filter_map(|choice| choice.0) {
            answer.open(CHOICE);
            self.take(choice.said.0.unwrap_or_default(), answer);
            let reason = choice.finish_reason.0.filter(|reason| !reason.is_empty());
            if let Some(reason) = reason {
                answer.finish(CHOICE, &reason);
            }
        }
        body.usage.take(answer);
        openai_error::take(body.error, answer);
        true
    }

    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        // Not every version sends the last event.
        answer.ends_with_body = true;
        is_done(data, answer) || self.body(data, answer)
    }
}

impl AnswerReader {
    /// The text stands in `content` and in the list; calls stand in the list alone.
    fn take(&mut self, said: SaidWire<'_>, answer: &mut Answer) {
        let text = said.content.0.or(said.text.0).unwrap_or_default();
        answer.append(CHOICE, Part::Content, &text);
        for item in said.list.0.into_iter().filter_map(|item| item.0) {
            if text.is_empty() {
                answer.append(CHOICE, Part::Content, &item.text.0.unwrap_or_default());
            }
            let own = CallWire {
                id: item.id,
                name: item.name,
                input: item.input,
            };
            self.call(&item.call.0.unwrap_or(own), answer);
        }
    }

    /// A call begins with its id; pieces of its arguments follow.
    fn call(&mut self, call: &CallWire<'_>, answer: &mut Answer) {
        if call.id.0.is_some() {
            self.calls = self.calls.saturating_add(1);
        } else if call.input.is_none() {
            return;
        }
        let key = CallKey {
            choice: CHOICE,
            call: self.calls.saturating_sub(1),
        };
        let piece = CallPiece {
            id: call.id.0.as_deref(),
            name: call.name.0.as_deref(),
            arguments: &call.input.map(text_of).unwrap_or_default(),
        };
        answer.call(key, piece);
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        messages: Option<Json<'a>> = "messages",
        tools: Tools<'a> = "tools",
        ..parameters of PARAMETERS,
    }

    struct BodyWire<'a> {
        id: Text<'a> = "id",
        model: Text<'a> = "model",
        choices: List<Object<ChoiceWire<'a>>> = "choices",
        usage: Object<UsageWire> = "usage",
        error: Option<Json<'a>> = "error",
    }

    struct ChoiceWire<'a> {
        said: Object<SaidWire<'a>> = "message" | "messages" | "delta",
        finish_reason: Text<'a> = "finish_reason",
    }

    struct SaidWire<'a> {
        content: Text<'a> = "content",
        text: Text<'a> = "text",
        list: List<Object<ItemWire<'a>>> = "content_list",
    }

    struct ItemWire<'a> {
        text: Text<'a> = "text",
        id: Text<'a> = "tool_use_id",
        name: Text<'a> = "name",
        input: Option<Json<'a>> = "input",
        call: Object<CallWire<'a>> = "tool_use",
    }

    struct CallWire<'a> {
        id: Text<'a> = "tool_use_id" | "id",
        name: Text<'a> = "name",
        input: Option<Json<'a>> = "input",
    }
}
